"""
What an archive says of itself: who made it when, from what, and each member's size and hash.

Kinds are what it holds: `database`, `journal`, `configuration`, `prompts`, `secrets`; later ones
(recordings) join by a name of their own. A program that meets a kind that it does not know refuses
the archive, since it would lose it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cattrs
import orjson
from cattrs.preconf.orjson import make_converter

from cti.language import _
from storage.archive import MEMBERS_MAX
from storage.errors import ArchiveDamagedError, ArchiveTooNewError
from storage.versions import is_newer

FORMAT = 1
KINDS = frozenset({"database", "journal", "configuration", "prompts", "secrets"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    One member: bytes as stored and their SHA-256, and how many they are unpacked.

    `rows` is how many lines of COPY's text format it holds, or None where it is no table.
    """

    name: str
    kind: str
    size: int
    sha256: str
    unpacked: int
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the database: the member with its rows, and the columns in their order."""

    name: str
    member: str
    columns: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence's place: with `called`, the value after `last` comes next, else `last` itself."""

    table: str
    column: str
    last: int
    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePart:
    """The database: its schema's version (the last migration's number), tables and sequences."""

    schema: int
    tables: list[Table]
    sequences: list[Sequence]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPart:
    """The journal: its id, the format of its file, and the records in it (0 and 0: none)."""

    member: str
    journal: str
    format: int
    first_position: int
    last_position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All of it. `left_out` names what belongs to the site and is not in the archive."""

    format: int = FORMAT
    program: str
    core: str
    created_at: datetime
    kinds: list[str]
    database: DatabasePart
    journal: JournalPart
    members: list[Member]
    left_out: list[str] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Member]:
        """Return the members of one kind."""
        return [member for member in self.members if member.kind == kind]

    def member(self, name: str) -> Member:
        """
        Return one member.

        Raises:
            ArchiveDamagedError: there is none of this name.
        """
        for member in self.members:
            if member.name == name:
                return member
        raise ArchiveDamagedError(_("its manifest knows nothing of {name}").format(name=repr(name)))


def _exactly(wanted: type) -> Any:  # noqa: ANN401 - cattrs' own hooks are untyped
    def hook(value: object, _wanted: object) -> object:
        if type(value) is not wanted or (isinstance(value, int) and value < 0):
            raise TypeError(f"expected {wanted.__name__}")
        return value

    return hook


_converter = make_converter(forbid_extra_keys=True)
for _primitive in (int, str, bool):
    _converter.register_structure_hook(_primitive, _exactly(_primitive))
_ERRORS = (TypeError, ValueError, LookupError, AttributeError, cattrs.BaseValidationError)


def written(manifest: Manifest) -> bytes:
    """Return a manifest's bytes, for people to read too."""
    return orjson.dumps(_converter.unstructure(manifest), option=orjson.OPT_INDENT_2) + b"\n"


def read_manifest(data: bytes, *, program: str) -> Manifest:
    """
    Return what was written, if this program (a version) may use it.

    Raises:
        ArchiveTooNewError: a newer program has made it.
        ArchiveDamagedError: it is no manifest of ours.
    """
    try:
        plain = orjson.loads(data)
        maker, format_ = str(plain["program"]), int(plain["format"])
        kinds = set(plain["kinds"])
    except _ERRORS as error:
        raise ArchiveDamagedError(_("its manifest cannot be read")) from error
    if kinds - KINDS or format_ > FORMAT or is_newer(maker, program):
        raise ArchiveTooNewError(
            _(
                "it was made by Cordboard {maker} (archive format {format}, kinds: {kinds}), and"
                " this is {program} (archive format {known}): restore it with that version or a"
                " newer one"
            ).format(
                maker=maker,
                format=format_,
                kinds=", ".join(sorted(map(str, kinds))),
                program=program,
                known=FORMAT,
            )
        )
    if format_ < FORMAT:
        raise ArchiveDamagedError(
            _("its manifest has format {format}, and there is none before {first}").format(
                format=format_, first=FORMAT
            )
        )
    try:
        manifest: Manifest = _converter.structure(plain, Manifest)
    except _ERRORS as error:
        raise ArchiveDamagedError(
            _("its manifest cannot be read: {reason}").format(reason=_first(error))
        ) from error
    if len(manifest.members) > MEMBERS_MAX or {it.kind for it in manifest.members} - kinds:
        raise ArchiveDamagedError(_("its manifest does not fit itself"))
    if is_newer(manifest.core, program):
        raise ArchiveTooNewError(
            _(
                "the core that it was made with is {core}, and this is {program}: restore it with"
                " that version or a newer one"
            ).format(core=manifest.core, program=program)
        )
    _check_sequences(manifest.database)
    return manifest


def _check_sequences(part: DatabasePart) -> None:
    """See that each sequence is behind a column that the manifest tells of, and stands once."""
    columns = {(table.name, column) for table in part.tables for column in table.columns}
    seen: set[tuple[str, str]] = set()
    for sequence in part.sequences:
        place = (sequence.table, sequence.column)
        if place not in columns:
            raise ArchiveDamagedError(
                _("its manifest tells of a sequence for {place}, which is not in it").format(
                    place=repr(".".join(place))
                )
            )
        if place in seen:
            raise ArchiveDamagedError(
                _("its manifest tells of the sequence for {place} twice").format(
                    place=repr(".".join(place))
                )
            )
        seen.add(place)


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
