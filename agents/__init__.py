"""Agent and supervisor sessions over websocket and HTTP: sign-in, rights, commands, events."""
