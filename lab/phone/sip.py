"""
SIP messages: bytes to values and back (RFC 3261, section 7). Pure.

Header values keep every byte they came with: text is UTF-8 with `surrogateescape`, so that hostile
names pass through in both directions exactly as they are on the wire. Only what the phone relies
on is checked. This module knows no sockets, timers or dialogs.
"""

import re
from dataclasses import dataclass

from lab.phone.errors import SipSyntaxError

VERSION = "SIP/2.0"
BRANCH_COOKIE = "z9hG4bK"

_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
}
_NEEDED = ("via", "from", "to", "call-id", "cseq")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_NUMBER = re.compile(r"[0-9]{1,10}")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ?(.*)", re.DOTALL)
_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([^ ]+) SIP/2\.0", re.DOTALL)


def as_text(raw: str | bytes) -> str:
    """Return bytes as the text that is written back as the same bytes."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Return the bytes of `text`, those of `as_text` unchanged."""
    return text.encode("utf-8", "surrogateescape")


def canonical(name: str) -> str:
    """Return a header's name in lower case and written out."""
    lower = name.lower()
    return _COMPACT.get(lower, lower)


@dataclass(frozen=True, slots=True)
class Headers:
    """A message's headers in order; names are compared without case and with compact forms."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header."""
        wanted = canonical(name)
        return next((value for key, value in self.fields if canonical(key) == wanted), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a header, one per line it stood on."""
        wanted = canonical(name)
        return [value for key, value in self.fields if canonical(key) == wanted]

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a header."""
        return isinstance(name, str) and bool(self.all(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What requests and responses have in common."""

    headers: Headers
    body: bytes = b""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """
        Number and method of CSeq.

        Raises:
            SipSyntaxError: it is neither.
        """
        match = _CSEQ.fullmatch(self.headers.get("CSeq"))
        if match is None:
            raise SipSyntaxError(f"not a CSeq: {self.headers.get('CSeq')!r}")
        return int(match[1]), match[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """A request; `uri` is the request URI as it stands on the line."""

    method: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """A response."""

    status: int
    reason: str


def serialise(message: Message) -> bytes:
    """Return a message's bytes, everything as given but Content-Length, which is reckoned here."""
    match message:
        case Request(method=method, uri=uri):
            start = f"{method} {uri} {VERSION}"
        case Response(status=status, reason=reason):
            start = f"{VERSION} {status} {reason}"
        case _:
            raise TypeError(f"neither request nor response: {message!r}")
    lines = [start, *(f"{name}: {value}" for name, value in message.headers.fields)]
    lines += [f"Content-Length: {len(message.body)}", "", ""]
    return as_bytes("\r\n".join(lines)) + message.body


def parse(datagram: bytes) -> Request | Response:
    """
    Return the message in a datagram.

    Raises:
        SipSyntaxError: it is not one, or lacks what every message must have.
    """
    head, blank_line, body = datagram.partition(b"\r\n\r\n")
    if not blank_line:
        raise SipSyntaxError("the headers do not end")
    start, *lines = as_text(head).split("\r\n")
    fields = _parse_fields(lines)
    # The length is reckoned anew when the message is written, so it is no header of the value.
    headers = Headers(tuple(f for f in fields if canonical(f[0]) != "content-length"))
    body = _cut_body(body, [value for name, value in fields if canonical(name) == "content-length"])
    for name in _NEEDED:
        if len(headers.all(name)) != 1 and not (name == "via" and name in headers):
            raise SipSyntaxError(f"{name} must stand there once")
    message = _parse_start(start, headers, body)
    _, method = message.cseq
    if isinstance(message, Request) and method != message.method:
        raise SipSyntaxError(f"CSeq names {method}, the request is {message.method}")
    via_of(message)
    return message


def _parse_start(start: str, headers: Headers, body: bytes) -> Request | Response:
    if match := _STATUS_LINE.fullmatch(start):
        return Response(status=int(match[1]), reason=match[2], headers=headers, body=body)
    if match := _REQUEST_LINE.fullmatch(start):
        return Request(method=match[1], uri=match[2], headers=headers, body=body)
    raise SipSyntaxError(f"not a start line: {start[:80]!r}")


def _parse_fields(lines: list[str]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"}:  # folded: belongs to the line before (section 7.3.1)
            if not fields:
                raise SipSyntaxError("a folded line without a header")
            name, value = fields[-1]
            fields[-1] = (name, " ".join((value, line.strip(" \t"))).strip(" \t"))
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name):
            raise SipSyntaxError(f"not a header: {line[:80]!r}")
        fields.append((name, value.strip(" \t")))
    return fields


def _cut_body(body: bytes, lengths: list[str]) -> bytes:
    if not lengths:
        return body
    if len(set(lengths)) > 1 or not _NUMBER.fullmatch(lengths[0]):
        raise SipSyntaxError(f"not a length: {lengths!r}")
    length = int(lengths[0])
    if length > len(body):
        raise SipSyntaxError(f"{length} bytes of body promised, {len(body)} there")
    return body[:length]


def via_of(message: Message) -> tuple[str, str]:
    """
    Return the topmost Via's sender and branch, which name the transaction (section 17.2.3).

    Raises:
        SipSyntaxError: it has no branch.
    """
    top = split_list(message.headers.get("Via"))[0]
    protocol_and_sender, *parameters = top.split(";")
    for parameter in parameters:
        name, _, value = parameter.strip(" \t").partition("=")
        if name.lower() == "branch" and value:
            return protocol_and_sender.rpartition(" ")[2], value
    raise SipSyntaxError(f"no branch in Via: {top[:80]!r}")


def split_list(value: str) -> list[str]:
    """Return the parts of a comma-separated header, commas in quotes and `<>` left alone."""
    parts, start, quoted, in_brackets, escaped = [], 0, False, False, False
    for index, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            in_brackets = char == "<"
        elif char == "," and not in_brackets:
            parts.append(value[start:index].strip(" \t"))
            start = index + 1
    return [*parts, value[start:].strip(" \t")]


@dataclass(frozen=True, slots=True)
class NameAddress:
    """What From, To and Contact hold: the name unescaped, the rest as it stands there."""

    display_name: str
    uri: str
    parameters: str

    @property
    def user(self) -> str:
        """The URI's user part exactly as sent (percent signs not decoded); "" without one."""
        return user_of(self.uri)


def user_of(uri: str) -> str:
    """Return a URI's user part exactly as it stands there; "" without one."""
    before, at, _ = uri.rpartition("@")
    return before.partition(":")[2] if at else ""


def parse_name_address(value: str) -> NameAddress:
    """Return the parts of a From, To or Contact value; what cannot be told apart is left empty."""
    name, rest = _split_name(value.strip(" \t"))
    if rest.startswith("<"):
        uri, _, parameters = rest[1:].partition(">")
        return NameAddress(name, uri, parameters)
    uri, semicolon, parameters = rest.partition(";")
    return NameAddress(name, uri.strip(" \t"), semicolon + parameters)


def _split_name(value: str) -> tuple[str, str]:
    if not value.startswith('"'):
        before, bracket, rest = value.partition("<")
        return (before.strip(" \t"), bracket + rest) if bracket else ("", value)
    name: list[str] = []
    escaped = False
    for index, char in enumerate(value[1:], start=1):
        if escaped or char not in {'"', "\\"}:
            name.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            return "".join(name), value[index + 1 :].lstrip(" \t")
    return "".join(name), ""


def tag_of(value: str) -> str:
    """Return the tag of a From or To value, "" without one."""
    for parameter in parse_name_address(value).parameters.split(";"):
        name, _, tag = parameter.strip(" \t").partition("=")
        if name.lower() == "tag":
            return tag
    return ""


def quoted(display_name: str) -> str:
    r"""Return a display name in quotes, with `"` and `\` escaped and every other byte as it is."""
    escaped = display_name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
