"""Wire protocols, each a pure codec with a small asyncio client or server beside it."""
