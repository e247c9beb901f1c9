"""Finds out what answers at a port, where it does not answer as Asterisk does."""

import asyncio
import contextlib
import ssl
from enum import Enum, auto

LISTEN_S = 0.5
TLS_S = 1.0
HTTP_S = 0.7
FIRST_BYTES = 64
_TLS_RECORD = b"\x15\x03"
"""An alert: what a server of TLS says to somebody who speaks plainly."""


class Stranger(Enum):
    """What it seems to be."""

    SILENT = auto()
    TLS = auto()
    WEB = auto()
    OTHER = auto()


async def who_answers(host: str, port: int) -> tuple[Stranger, str]:
    """Return what a port seems to be, and the first words that it said."""
    with contextlib.suppress(OSError, TimeoutError):
        said = await _first_words(host, port, b"", LISTEN_S)
        if said:
            kind = Stranger.TLS if said.startswith(_TLS_RECORD) else Stranger.OTHER
            return kind, _readable(said)
    if await _speaks_tls(host, port):
        return Stranger.TLS, ""
    with contextlib.suppress(OSError, TimeoutError):
        said = await _first_words(host, port, b"GET / HTTP/1.0\r\n\r\n", HTTP_S)
        if said.startswith(b"HTTP/"):
            return Stranger.WEB, _readable(said)
        if said:
            return Stranger.OTHER, _readable(said)
    return Stranger.SILENT, ""


async def _first_words(host: str, port: int, greeting: bytes, within_s: float) -> bytes:
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(greeting)
            return await reader.read(FIRST_BYTES)
        finally:
            writer.transport.abort()


async def _speaks_tls(host: str, port: int) -> bool:
    """Tell whether a handshake succeeds; with whom is of no interest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(TLS_S):
            _reader, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


def _readable(said: bytes) -> str:
    line = said.decode(errors="replace").splitlines()[0]
    return "".join(letter if letter.isprintable() else "?" for letter in line)
