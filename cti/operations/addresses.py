"""Addresses as people read them."""


def joined(host: str, port: int) -> str:
    """Return `host:port`; an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url(host: str, port: int, path: str, *, websocket: bool = False, secure: bool) -> str:
    """Return where a page or a websocket is."""
    scheme = ("wss" if secure else "ws") if websocket else ("https" if secure else "http")
    return f"{scheme}://{joined(host, port)}{path}"
