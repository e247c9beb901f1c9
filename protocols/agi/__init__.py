"""FastAGI: a pure codec and an asyncio server whose sessions can be interrupted."""
