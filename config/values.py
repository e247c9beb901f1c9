"""
What a single value of the configuration may be.

Each type says in words what it allows (`Means`): the words stand in error messages. Text fields
take whole numbers as the text they were written as, which the reader makes safe: it keeps `0123`
and `+49` as text.
"""

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import argon2
import phonenumbers
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_plain_validator_function

from config.durations import duration_from, duration_text
from cti.instants import Duration
from ivr.actions import KEYS
from ivr.flow import RESERVED_CHOICES

HASH_MEMORY_KIB_MAX = 1_048_576
HASH_TIME_MAX = 32
HASH_LANES_MAX = 32
"""A password hash may not ask for more than this at every sign-in."""

PORT_MAX = 65_535
_DEFAULT_PORTS = frozenset({"80", "443"})
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?")


@dataclass(frozen=True, slots=True)
class Means:
    """What a type allows, in words that follow "must be"; `secret` values are never shown."""

    words: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """A duration within limits."""

    least: Duration
    most: Duration

    @property
    def means(self) -> Means:
        """The words for what is allowed."""
        limits = f"from {duration_text(self.least)} to {duration_text(self.most)}"
        return Means(f"a duration {limits}, such as 500ms, 15s, 2m or 1h30m")

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_plain_validator_function(self._checked)

    def _checked(self, value: object) -> Duration:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            raise rule(f"needs a unit: write {value}s for seconds or {value}m for minutes")
        try:
            duration = duration_from(value) if isinstance(value, str) else None
        except ValueError:
            duration = None
        if duration is None or not self.least <= duration <= self.most:
            raise PydanticCustomError("duration", "not an allowed duration")
        return duration


def rule(message: str) -> PydanticCustomError:
    """Return an error whose message stands as it is, with no value beside it."""
    return PydanticCustomError("rule", "{message}", {"message": message})


def _as_written(value: object) -> object:
    """Take a whole number for the text it was written as (the reader keeps `0123` as text)."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Textual = BeforeValidator(_as_written)


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that holds something twice."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise rule(f"{value!r} stands in this list twice")
    return values


def _ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise rule("must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1") from None


def _region(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise rule("must be a country's two capital letters (ISO 3166) such as DE, CN or US")
    return text


def _origin(text: str) -> str:
    """Take only what a browser can send: it leaves default ports out and writes small letters."""
    match = _ORIGIN.fullmatch(text)
    if match is None or int(match["port"] or 0) > PORT_MAX or match["port"] in _DEFAULT_PORTS:
        raise rule(
            "must be a web origin as browsers send it, such as https://desk.example.com or "
            "http://localhost:8080: small letters, no path, no slash at the end, no default port"
        )
    return text


def _spoken_name(text: str) -> str:
    """Refuse what breaks lines, logs and screens; any script is welcome."""
    if (
        not text.strip()
        or text != text.strip()
        or not re.sub(r"[\u200c\u200d]", "", text).isprintable()
    ):
        raise rule("must be a name of printable characters, with no blanks around it")
    return text


def _password_hash(text: str) -> str:
    """Check that argon2 will be able to read the hash, and at a bearable cost."""
    wrong = "must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password"
    try:
        parameters = argon2.extract_parameters(text)
        salt, digest = (
            base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
            for part in text.split("$")[-2:]
        )
    except (argon2.exceptions.InvalidHashError, binascii.Error, ValueError):
        raise rule(wrong) from None
    if not text.startswith("$argon2id$v=19$") or len(salt) < 8 or len(digest) < 16:  # noqa: PLR2004 - argon2's own least lengths that are safe
        raise rule(wrong)
    affordable = (
        0 < parameters.memory_cost <= HASH_MEMORY_KIB_MAX
        and 0 < parameters.time_cost <= HASH_TIME_MAX
        and 0 < parameters.parallelism <= HASH_LANES_MAX
    )
    if not affordable:
        raise rule(
            f"this hash costs too much at every sign-in, or nothing; allowed are "
            f"m up to {HASH_MEMORY_KIB_MAX}, t up to {HASH_TIME_MAX}, p up to {HASH_LANES_MAX}"
        )
    return text


def _choice_name(text: str) -> str:
    if text in RESERVED_CHOICES:
        raise rule(f"{text} is what the call log says when no choice was made; take another name")
    return text


Name = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$"),
    Means("a name: 1 to 40 of a-z 0-9 _ -"),
]
ChoiceName = Annotated[Name, AfterValidator(_choice_name)]
PhoneName = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$"),
    Means("a phone's name on the PBX: 1 to 40 of A-Z a-z 0-9 _ -"),
]
MusicClass = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$"),
    Means("a class of music on hold: 1 to 40 of A-Z a-z 0-9 _ -"),
]
SpokenName = Annotated[
    str,
    _Textual,
    StringConstraints(min_length=1, max_length=80),
    AfterValidator(_spoken_name),
    Means("a name of 1 to 80 characters"),
]
ServiceNumber = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[0-9*#]{1,20}$"),
    Means("a dialled number: 1 to 20 of 0-9 * #"),
]
Key = Annotated[
    str, StringConstraints(pattern=r"^[0-9*#]$"), Means(f"one key of a telephone: {KEYS}")
]
PasswordHash = Annotated[
    str, AfterValidator(_password_hash), Means("an argon2id hash in text", secret=True)
]
VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
VariableName = Annotated[
    str,
    StringConstraints(pattern=VARIABLE_NAME),
    Means("the name of an environment variable", secret=True),
]
FilePath = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,4096}$"),
    Means("a file's path in text"),
]
Hostname = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}$"),
    Means("a host name or IP address"),
]
IpAddress = Annotated[str, AfterValidator(_ip_address), Means("an IP address in text")]
ManagerUser = Annotated[
    str,
    _Textual,
    StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,80}$"),
    Means("a manager user's name: 1 to 80 of A-Z a-z 0-9 _ . @ -"),
]
Region = Annotated[
    str, AfterValidator(_region), Means("a country's two capital letters such as DE, in text")
]
WebOrigin = Annotated[str, AfterValidator(_origin), Means("a web origin in text")]
Port = Annotated[int, Field(ge=1, le=PORT_MAX), Means("a port: 1 to 65535")]
ListeningPort = Annotated[
    int, Field(ge=0, le=PORT_MAX), Means("a port: 1 to 65535, or 0 for any free one")
]


def database_url_fault(url: str) -> str | None:
    """Return what is wrong with the URL, never showing it, or None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is not a URL; allowed is postgresql://user@host:5432/name"
    if parts.scheme not in {"postgresql", "postgres"}:
        return "must begin with postgresql://"
    return None


def has_password(url: str) -> bool:
    """Return whether the URL holds a password, before the host or as a parameter."""
    parts = urlsplit(url)
    parameters = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return ":" in parts.netloc.rpartition("@")[0] or "password" in parameters
