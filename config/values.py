"""
What a single value of the configuration may be.

Each type says in words what it allows (`Means`): the words stand in error messages. Text fields
take whole numbers as the text they were written as, which the reader makes safe: it keeps `0123`
and `+49` as text.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import argon2
import phonenumbers
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import (
    no_info_before_validator_function,
    no_info_plain_validator_function,
)

from config.durations import duration_from, duration_pattern, duration_text
from cti.instants import Duration
from cti.language import _
from ivr.actions import KEYS
from ivr.flow import RESERVED_CHOICES

HASH = (
    r"\$argon2id\$v=19\$m=[0-9]{1,10},t=[0-9]{1,10},p=[0-9]{1,10}"
    r"\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}"
)
"""The only spelling of a hash that argon2's own reader takes."""
HASH_MEMORY_KIB_MAX = 1_048_576
HASH_TIME_MAX = 32
HASH_LANES_MAX = 32
"""A password hash may not ask for more than this at every sign-in."""

DURATION_KEYWORD = "x-duration"
"""Marks a duration while a JSON Schema is made; its default is then written as people do."""

RESERVED_SECTIONS = ("global", "system", "anonymous", "default_outbound_endpoint")
"""
Sections of pjsip.conf with a meaning of their own; an endpoint called `anonymous` would answer
whoever nobody knows.
"""
RESERVED_PREFIXES = ("transport-", "cordboard-")
"""How the sections begin that we write into pjsip.conf beside phones and trunks."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a type allows, in words that follow "must be"; `secret` values are never shown."""

    words: str
    secret: bool = False

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "description": self.words}


@dataclass(frozen=True, slots=True, eq=False)
class Editors:
    """What editors can know of a rule that only code checks whole: keywords of a JSON Schema."""

    keywords: Mapping[str, Any]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), **self.keywords}


@dataclass(frozen=True, slots=True)
class Within:
    """A duration within limits."""

    least: Duration
    most: Duration

    @property
    def means(self) -> Means:
        """The words for what is allowed."""
        words = _("a duration from {least} to {most}, such as 500ms, 15s, 2m or 1h30m")
        return Means(words.format(least=duration_text(self.least), most=duration_text(self.most)))

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_plain_validator_function(self._checked)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema, handler
        return {
            "type": "string",
            "pattern": duration_pattern(self.least, self.most),
            "description": self.means.words,
            DURATION_KEYWORD: True,
        }

    def _checked(self, value: object) -> Duration:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            raise rule(
                _("needs a unit: write {value}s for seconds or {value}m for minutes").format(
                    value=value
                )
            )
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


@dataclass(frozen=True, slots=True)
class _Textual:
    """A text that may be written as a number."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_before_validator_function(_as_written, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # not only integers: where we read `0800` or `1e3` as text, editors read a number
        return {**handler(schema), "type": ["string", "number"]}


Textual = _Textual()


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that holds something twice."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise rule(_("{value} stands in this list twice").format(value=repr(value)))
    return values


def _region(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise rule(_("must be a country's two capital letters (ISO 3166) such as DE, CN or US"))
    return text


def _spoken_name(text: str) -> str:
    """Refuse what breaks lines, logs and screens; any script is welcome."""
    if (
        not text.strip()
        or text != text.strip()
        or not re.sub(r"[\u200c\u200d]", "", text).isprintable()
    ):
        raise rule(_("must be a name of printable characters, with no blanks around it"))
    return text


def _password_hash(text: str) -> str:
    """Check that argon2 will be able to read the hash, and at a bearable cost."""
    wrong = _("must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password")
    try:
        parameters = argon2.extract_parameters(text)
        salt, digest = (
            base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
            for part in text.split("$")[-2:]
        )
    except (argon2.exceptions.InvalidHashError, binascii.Error, ValueError):
        raise rule(wrong) from None
    if not re.fullmatch(HASH, text) or len(salt) < 8 or len(digest) < 16:  # noqa: PLR2004 - argon2's own least lengths that are safe
        raise rule(wrong)
    affordable = (
        0 < parameters.memory_cost <= HASH_MEMORY_KIB_MAX
        and 0 < parameters.time_cost <= HASH_TIME_MAX
        and 0 < parameters.parallelism <= HASH_LANES_MAX
    )
    if not affordable:
        raise rule(
            _(
                "this hash costs too much at every sign-in, or nothing; allowed are "
                "m up to {memory}, t up to {time}, p up to {lanes}"
            ).format(memory=HASH_MEMORY_KIB_MAX, time=HASH_TIME_MAX, lanes=HASH_LANES_MAX)
        )
    return text


def _any_case(text: str) -> str:
    """Return a pattern for the text in small letters and capitals; JSON Schema has no flags."""
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in text)


def _choice_name(text: str) -> str:
    if text in RESERVED_CHOICES:
        raise rule(
            _("{name} is what the call log says when no choice was made; take another name").format(
                name=text
            )
        )
    return text


def _section_name(text: str) -> str:
    """Refuse what would become a section of Asterisk's with another meaning."""
    if text.lower() in RESERVED_SECTIONS or text.lower().startswith(RESERVED_PREFIXES):
        raise rule(
            _("{name} is a section of Asterisk's own in pjsip.conf; take another name").format(
                name=text
            )
        )
    return text


_NO_SECTION = Editors(
    {
        "not": {
            "type": "string",  # a pattern says nothing of a number, and "not" would refuse it
            "pattern": f"^(({'|'.join(map(_any_case, RESERVED_SECTIONS))})$"
            f"|{'|'.join(map(_any_case, RESERVED_PREFIXES))})",
        }
    }
)
NAME = r"^[a-z0-9_-]{1,40}$"
Name = Annotated[
    str,
    StringConstraints(pattern=NAME),
    Textual,
    Means(_("a name: 1 to 40 of a-z 0-9 _ -")),
]
ChoiceName = Annotated[
    Name,
    AfterValidator(_choice_name),
    Editors({"not": {"enum": sorted(RESERVED_CHOICES)}}),
]
PhoneName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$"),
    Textual,
    AfterValidator(_section_name),
    _NO_SECTION,
    Means(_("a phone's name on the PBX: 1 to 40 of A-Z a-z 0-9 _ -")),
]
TrunkName = Annotated[Name, AfterValidator(_section_name), _NO_SECTION]
SoundName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,39}(/[A-Za-z0-9_][A-Za-z0-9_-]{0,39}){0,3}$"
    ),
    Textual,
    Means(_("the name of one of Asterisk's sounds such as vm-goodbye or custom/sorry")),
]
MusicClass = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$"),
    Textual,
    Means(_("a class of music on hold: 1 to 40 of A-Z a-z 0-9 _ -")),
]
_UNSHOWN = (
    r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff"
)
"""What is not printable, as far as it is worth its room in a schema."""
SpokenName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    Textual,
    AfterValidator(_spoken_name),
    Editors({"pattern": rf"^[^\s{_UNSHOWN}]([^{_UNSHOWN}]*[^\s{_UNSHOWN}])?$"}),
    Means(_("a name of 1 to 80 characters")),
]
ServiceNumber = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9*#]{1,20}$"),
    Textual,
    Editors({"minimum": 0}),
    Means(_("a dialled number: 1 to 20 of 0-9 * #, perhaps after a +")),
]
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9*#]$"),
    Means(_("one key of a telephone: {keys}").format(keys=KEYS)),
]
PasswordHash = Annotated[
    str,
    AfterValidator(_password_hash),
    Editors({"pattern": f"^{HASH}$"}),
    Means(_("an argon2id hash in text"), secret=True),
]
FILE_PATH = r"^[^\x00-\x1f\x7f]{1,4096}$"
VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
VariableName = Annotated[
    str,
    StringConstraints(pattern=VARIABLE_NAME),
    Means(_("the name of an environment variable"), secret=True),
]
FilePath = Annotated[
    str,
    StringConstraints(pattern=FILE_PATH),
    Textual,
    Means(_("a file's path in text")),
]
ManagerUser = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,80}$"),
    Textual,
    Means(_("a manager user's name: 1 to 80 of A-Z a-z 0-9 _ . @ -")),
]
Region = Annotated[
    str,
    AfterValidator(_region),
    Editors({"enum": sorted(phonenumbers.SUPPORTED_REGIONS)}),
    Means(_("a country's two capital letters such as DE, in text")),
]


def database_url_fault(url: str) -> str | None:
    """Return what is wrong with the URL, never showing it, or None."""
    try:
        urlsplit(url)
    except ValueError:
        return _("is not a URL; allowed is postgresql://user@host:5432/name")
    if not url.startswith(("postgresql://", "postgres://")):
        return _("must begin with postgresql://")
    return None


def has_password(url: str) -> bool:
    """Return whether the URL holds a password, before the host or as a parameter."""
    parts = urlsplit(url)
    parameters = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return ":" in parts.netloc.rpartition("@")[0] or "password" in parameters
