"""The messages of the agents' websocket, `/ws/v1`."""
