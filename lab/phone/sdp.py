"""
Session descriptions of one mu-law audio stream (RFC 4566, RFC 3264). Pure.

Decides where audio goes and in which directions; knows nothing of SIP and sockets.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address

from lab.phone.errors import SdpSyntaxError
from lab.phone.rtp import PCMU, TELEPHONE_EVENT

CONTENT_TYPE = "application/sdp"
_PORT_MAX = 65_535


class Direction(Enum):
    """Which way audio may flow, seen from whoever wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def mirrored(self) -> "Direction":
        """The most that an answer to this offer may say (RFC 3264, section 6.1)."""
        match self:
            case Direction.SENDONLY:
                return Direction.RECVONLY
            case Direction.RECVONLY:
                return Direction.SENDONLY
            case _:
                return self

    @property
    def sends(self) -> bool:
        """Whether the writer sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer listens."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """
    One party's audio.

    Attributes:
        address: where it wants packets; 0.0.0.0 is the old way to say hold (RFC 2543).
        port: 0 when the stream is refused.
        telephone_event: its payload type for keys, if it takes any.
    """

    address: str
    port: int
    telephone_event: int | None
    direction: Direction = Direction.SENDRECV


def build(description: SessionDescription, *, session_id: int, version: int) -> bytes:
    """Return the description as a body; `version` grows by one when the content changes."""
    event = description.telephone_event
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 {description.address}",
        "s=-",
        f"c=IN IP4 {description.address}",
        "t=0 0",
        f"m=audio {description.port} RTP/AVP {PCMU}" + (f" {event}" if event is not None else ""),
        f"a=rtpmap:{PCMU} PCMU/8000",
    ]
    if event is not None:
        lines += [f"a=rtpmap:{event} telephone-event/8000", f"a=fmtp:{event} 0-15"]
    lines += ["a=ptime:20", f"a={description.direction.value}"]
    return "".join(f"{line}\r\n" for line in lines).encode()


def ours(address: str, port: int, direction: Direction = Direction.SENDRECV) -> SessionDescription:
    """Return what a phone of ours says of itself."""
    return SessionDescription(
        address=address, port=port, telephone_event=TELEPHONE_EVENT, direction=direction
    )


def parse(body: bytes) -> SessionDescription:
    """
    Return the first audio stream of a description.

    Raises:
        SdpSyntaxError: there is none, it has no address, or it does not offer mu-law.
    """
    reader = _Reader()
    for line in body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"):
        kind, equals, value = line.partition("=")
        if equals:
            reader.take(kind, value)
    return reader.description()


class _Reader:
    """Folds a description's lines; what stands before `m=` holds unless the stream says other."""

    def __init__(self) -> None:
        self._address: str | None = None
        self._port: int | None = None
        self._formats: list[str] = []
        self._event: int | None = None
        self._direction = Direction.SENDRECV
        self._streams = 0
        self._in_audio = False

    def take(self, kind: str, value: str) -> None:
        if kind == "m":
            self._streams += 1
            self._in_audio = self._port is None and value.startswith("audio ")
            if self._in_audio:
                self._take_audio(value)
        elif self._streams and not self._in_audio:
            return
        elif kind == "c":
            self._take_address(value)
        elif kind == "a":
            self._take_attribute(value)

    def _take_audio(self, value: str) -> None:
        words = value.split()
        if len(words) < 4:  # noqa: PLR2004 - "audio", port, profile, at least one format
            raise SdpSyntaxError(f"not an audio line: {value!r}")
        port = words[1].partition("/")[0]
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= _PORT_MAX):  # noqa: PLR2004 - five digits
            raise SdpSyntaxError(f"not a port: {words[1]!r}")
        self._port = int(port)
        self._formats = words[3:]

    def _take_address(self, value: str) -> None:
        words = value.split()
        try:
            kind, address = words[:2], str(IPv4Address(words[2].partition("/")[0]))
        except (IndexError, AddressValueError):  # names are never looked up
            raise SdpSyntaxError(f"not an IPv4 address: {value!r}") from None
        if kind != ["IN", "IP4"]:
            raise SdpSyntaxError(f"not an IPv4 address: {value!r}")
        self._address = address

    def _take_attribute(self, value: str) -> None:
        if value in {direction.value for direction in Direction}:
            self._direction = Direction(value)
        elif value.startswith("rtpmap:") and "telephone-event/8000" in value.lower():
            payload_type = value.removeprefix("rtpmap:").split(None, 1)[0]
            if payload_type in self._formats and payload_type.isascii() and payload_type.isdigit():
                self._event = int(payload_type)

    def description(self) -> SessionDescription:
        if self._port is None:
            raise SdpSyntaxError("no audio stream")
        if self._address is None:
            raise SdpSyntaxError("no address")
        if str(PCMU) not in self._formats:
            raise SdpSyntaxError("no mu-law among the formats")
        return SessionDescription(
            address=self._address,
            port=self._port,
            telephone_event=self._event,
            direction=self._direction,
        )
