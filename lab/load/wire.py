"""
What a load says and reads in SIP: requests from templates, and as much of a message as it needs.

Cheap on purpose, for the load shares its machine with what it measures, and for Asterisk alone: it
writes each header by its long name, on a line of its own. Phones that have to stand everything are
`lab.phone`'s. Pure.
"""

from dataclasses import dataclass
from typing import Final

from lab.ports import LOOPBACK

SDP_TYPE: Final = "application/sdp"
KEY_TYPE: Final = "application/dtmf-relay"
ALLOW: Final = "Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,INFO\r\n"
KEY_MS: Final = 100
"""How long a key is held; Asterisk tells of it when it is let go."""

FIRST_SOUND: Final = bytes.fromhex("80800001000000a000c0ffee") + b"\xff" * 160
"""An RTP packet of 20 ms of silence, marked as a first one (RFC 3550, RFC 3551)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to be sent; `branch` names its transaction, and has to be new for each."""

    method: str
    target: str
    port: int
    branch: str
    sender: str
    receiver: str
    call_id: str
    number: int
    kind: str = ""
    body: str = ""
    extra: str = ""

    def encode(self) -> bytes:
        """Return the message."""
        content = f"Content-Type: {self.kind}\r\n" if self.kind else ""
        return (
            f"{self.method} {self.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self.port};rport;branch=z9hG4bK{self.branch}\r\n"
            f"From: {self.sender}\r\nTo: {self.receiver}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {self.number} {self.method}\r\nContact: <sip:load@{LOOPBACK}:{self.port}>\r\n"
            f"Max-Forwards: 70\r\n{self.extra}{content}"
            f"Content-Length: {len(self.body)}\r\n\r\n{self.body}"
        ).encode()


def header(message: bytes, name: bytes) -> bytes:
    """Return the value of a message's first header of this name; empty where it has none."""
    mark = b"\r\n" + name + b": "
    begin = message.find(mark)
    if begin < 0:
        return b""
    begin += len(mark)
    return message[begin : message.index(b"\r\n", begin)]


def address(value: bytes) -> str:
    """Return the URI of a Contact, From or To."""
    return value[value.index(b"<") + 1 : value.index(b">")].decode()


def user(uri: str) -> str:
    """Return the user part of a URI."""
    return uri.partition(":")[2].partition("@")[0]


def status(message: bytes) -> int:
    """Return the code of a response, 0 for a request."""
    return int(message[8:11]) if message.startswith(b"SIP/2.0 ") else 0


def response(
    request: bytes, first_line: str, *, tag: str = "", contact: str = "", body: str = ""
) -> bytes:
    """Answer a request; `tag` is added to its To."""
    to = header(request, b"To")
    if tag and b";tag=" not in to:
        to += b";tag=" + tag.encode()
    extra = f"Contact: <{contact}>\r\n{ALLOW}" if contact else ""
    extra += f"Content-Type: {SDP_TYPE}\r\n" if body else ""
    return b"\r\n".join(
        [
            b"SIP/2.0 " + first_line.encode(),
            b"Via: " + header(request, b"Via"),
            b"From: " + header(request, b"From"),
            b"To: " + to,
            b"Call-ID: " + header(request, b"Call-ID"),
            b"CSeq: " + header(request, b"CSeq"),
            f"{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode(),
        ]
    )


def session_description(port: int) -> str:
    """Return an offer or answer of one mu-law stream that is never sent."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )


def sound_port(message: bytes) -> int:
    """Return where the sender of a session description wants its sound."""
    begin = message.index(b"\r\nm=audio ") + len(b"\r\nm=audio ")
    return int(message[begin : message.index(b" ", begin)])


def key_press(key: str) -> str:
    """Return the body of an INFO that tells of one key."""
    return f"Signal={key}\r\nDuration={KEY_MS}\r\n"
