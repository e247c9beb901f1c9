"""
What Asterisk says when it opens a session: the environment, and the request read from it.

Decides which lines may open a session. Everything in them may come from a hostile caller: a
percent-encoded line feed in a SIP user part arrives here as a line of its own (measured), so a line
of another form, a name that comes twice and a block that ends early are all refused. The values are
data: control characters and undecodable bytes become U+FFFD, and nothing is evaluated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from protocols.agi.errors import BadEnvironmentError
from protocols.agi.limits import AgiLimits

_LINE = re.compile(rb"(?P<name>agi_[a-z0-9_]{1,60}): ?(?P<value>.*)", re.DOTALL)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REQUIRED: Final = ("agi_request", "agi_channel", "agi_uniqueid", "agi_threadid")
"""The fields we live by, and `agi_threadid`: Asterisk writes it last before the arguments, so a
block without it was ended early by a blank line that somebody put into a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiRequest:
    """What a session was opened for."""

    script: str
    """The path of `agi://host/path?query`, without its slashes at either end."""
    query: str
    """What follows the question mark, as it came."""
    arguments: tuple[str, ...]
    """The arguments that the dialplan gave to `AGI()`."""
    environment: Mapping[str, str] = field(repr=False)
    """All fields under Asterisk's names, such as `agi_callerid`; read only."""

    @property
    def channel(self) -> str:
        """The channel's name, such as `PJSIP/trunk-00000001`."""
        return self.environment["agi_channel"]

    @property
    def uniqueid(self) -> str:
        """The channel's Uniqueid: unique within one life of one Asterisk only."""
        return self.environment["agi_uniqueid"]

    @property
    def extension(self) -> str:
        """The extension of the dialplan that runs `AGI()`."""
        return self.environment.get("agi_extension", "")

    @property
    def caller_number(self) -> str:
        """The caller's number as the dialplan left it, or empty."""
        return _known(self.environment.get("agi_callerid", ""))

    @property
    def caller_name(self) -> str:
        """The caller's name as the dialplan left it, or empty."""
        return _known(self.environment.get("agi_calleridname", ""))


class EnvironmentReader:
    """Gathers the opening block line by line, within its limits."""

    __slots__ = ("_bytes", "_fields", "_limits", "_lines")

    def __init__(self, limits: AgiLimits) -> None:
        self._limits = limits
        self._fields: dict[str, str] = {}
        self._lines = 0
        self._bytes = 0

    def feed(self, line: bytes) -> AgiRequest | None:
        """
        Take one line without its newline; return the request when it was the blank one.

        Raises:
            BadEnvironmentError: the line, or the block as a whole, is not what Asterisk writes.
        """
        if not line:
            return read_request(self._fields)
        self._lines += 1
        self._bytes += len(line) + 1
        if self._lines > self._limits.environment_lines_max:
            raise BadEnvironmentError("the opening block has too many lines")
        if self._bytes > self._limits.environment_bytes_max:
            raise BadEnvironmentError("the opening block is too long")
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadEnvironmentError("a line that is no agi_ field", line=line)
        name = found["name"].decode()
        if name in self._fields:
            raise BadEnvironmentError("a field that comes twice", line=line)
        value = found["value"].decode("utf-8", errors="replace")
        self._fields[name] = _CONTROLS.sub("\ufffd", value)
        return None


def read_request(fields: Mapping[str, str]) -> AgiRequest:
    """
    Read the request from the fields of a complete opening block.

    Raises:
        BadEnvironmentError: a field is missing that Asterisk always writes.
    """
    for name in _REQUIRED:
        if not fields.get(name):
            raise BadEnvironmentError(f"the opening block has no {name}")
    address = fields.get("agi_network_script")
    if address is None:
        address = fields["agi_request"].partition("://")[2].partition("/")[2]
    script, _, query = address.partition("?")
    arguments: list[str] = []
    while (argument := fields.get(f"agi_arg_{len(arguments) + 1}")) is not None:
        arguments.append(argument)
    return AgiRequest(
        script=script.strip("/"),
        query=query,
        arguments=tuple(arguments),
        environment=MappingProxyType(dict(fields)),
    )


def _known(text: str) -> str:
    # Asterisk writes `unknown` where it has no caller id.
    return "" if text == "unknown" else text
