r"""
Reads a configuration file of Asterisk's by pyst2, which is kept from every line that it trips over.

pyst2's `asterisk.config` ends at the first `#include`, at a template's brackets and at any line
without `=`; it knows no block comments and no `\;`, and reads whatever it is given without a limit.
So it gets prepared lines: includes are followed here, brackets are noted and cut off, and what is
neither a section nor `name = value` is left out. A file that Asterisk takes never ends doctor.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from asterisk.config import Config, ParseError

from config.errors import UnreadableFileError
from config.files import read_file

FILE_BYTES_MAX = 4_194_304
FILES_MAX = 200
LINES_MAX = 100_000
DEPTH_MAX = 10
"""As Asterisk's own (MAX_INCLUDE_LEVEL, main/config.c)."""

_SEMICOLON = "\0"
"""Stands for `\\;`, which begins no comment."""
_INCLUDE = re.compile(r"#(?:try)?include\s+[\"<]?([^\">;]+)[\">]?")
_SECTION = re.compile(r"\[([^\];]+)\]\s*(?:\(([^)]*)\))?")
_GENERAL = "general"
_IGNORED = "general, a second time"
"""Asterisk looks at the first [general] alone, and at what `(+)` adds to it."""
_BLOCK = re.compile(r";--(?!-).*?--;", re.DOTALL)


Place = tuple[Path, int]
"""A file and a line in it."""


@dataclass(slots=True, kw_only=True)
class _Lines:
    """The prepared lines, and what is known of them besides."""

    etc: Path
    lines: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    bases: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[str, Path] = field(default_factory=dict)

    def add(self, path: Path, depth: int = 0) -> None:
        """Take a file's lines, and those of the files that it includes, in their places."""
        if depth > DEPTH_MAX or len(self.files) >= FILES_MAX:
            return
        try:
            data = read_file(path, bytes_max=FILE_BYTES_MAX).data
        except UnreadableFileError:
            self.missing.append(path)
            return
        self.files.append(path)
        text = data.decode(errors="replace").removeprefix("\ufeff").replace("\0", "")
        text = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
        for number, raw in enumerate(text.split("\n"), start=1):
            if len(self.lines) >= LINES_MAX:
                return
            self._take(raw.strip().replace("\\;", _SEMICOLON), (path, number), depth)

    def _take(self, line: str, place: Place, depth: int) -> None:
        if found := _INCLUDE.match(line):
            for included in self._named(found[1].strip()):
                self.add(included, depth + 1)
        elif found := _SECTION.match(line):
            name = found[1].strip()
            if name == _GENERAL and name in self.homes and not found[2]:
                name = _IGNORED
            bases = [base.strip() for base in (found[2] or "").split(",")]
            self.bases[name] += [base for base in bases if base not in {"", "+", "!"}]
            self.homes.setdefault(name, place[0])
            self._keep(f"[{name}]", place)
        elif line.startswith("["):
            pass  # no section that Asterisk would open
        elif "=" in line.partition(";")[0].lstrip("="):
            self._keep(line, place)

    def _keep(self, line: str, place: Place) -> None:
        self.lines.append(line)
        self.places.append(place)

    def _named(self, name: str) -> list[Path]:
        path = self.etc / name  # an absolute name stays one
        if not re.search(r"[*?\[]", name):
            return [path]
        try:
            return sorted(Path(path.anchor or "/").glob(str(path).lstrip("/")))[:FILES_MAX]
        except (OSError, ValueError, NotImplementedError):
            return []


class _PreparedConfig(Config):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's reader, fed with lines that it can read."""

    def __init__(self, prepared: _Lines) -> None:
        self._prepared = prepared
        super().__init__("")

    def load(self) -> None:
        """Take the prepared lines in place of a file's."""
        self.raw_lines = self._prepared.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfFile:
    """
    What a file says with all that it includes: per section the options in their order.

    `missing` are the files that it names and that are not there, or may not be read by us; `homes`
    says in which file each section begins, and `places` where each of its options stands.
    """

    sections: dict[str, list[tuple[str, str]]]
    places: dict[str, list[Place]]
    files: list[Path]
    missing: list[Path]
    homes: dict[str, Path]

    @property
    def hidden(self) -> Path | None:
        """The first file that it names and that is there, and that we may not read."""
        return next((path for path in self.missing if _is_hidden(path)), None)

    def values(self, section: str, key: str) -> list[str]:
        """Return the values of an option in a section, all of them, in order."""
        return [value for name, value in self.sections.get(section, []) if name.casefold() == key]

    def last(self, section: str, key: str, default: str = "") -> str:
        """Return an option's last value, with what `+=` added to it."""
        text = default
        for name, value in self.sections.get(section, []):
            if name.casefold() == key:
                text = value
            elif name.casefold() == f"{key}+":
                text += value
        return text

    def lines(self, section: str, key: str) -> list[tuple[Place, str, str]]:
        """
        Return where an option stands in a section: place, name, value.

        The name has the `+` of `+=`, and the brackets of an event filter.
        """
        return [
            (place, name, value)
            for place, (name, value) in zip(
                self.places.get(section, []), self.sections.get(section, []), strict=True
            )
            if name.casefold().partition("(")[0].removesuffix("+") == key
        ]


def read_conf(path: Path) -> ConfFile | None:
    """Return what a file says, or None where it is not there or may not be read."""
    prepared = _Lines(etc=path.parent)
    prepared.add(path)
    if not prepared.files:
        return None
    sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
    places: dict[str, list[Place]] = defaultdict(list)
    try:
        config = _PreparedConfig(prepared)
    except ParseError:  # should a line have come through that pyst2 cannot read
        return None
    # pyst2 keeps what it made of each line, in their order
    origin = {id(line): place for line, place in zip(config.lines, prepared.places, strict=True)}
    for category in config.categories:
        options, where = sections[category.name], places[category.name]
        if not options:  # a template's options come before its heir's own
            for base in prepared.bases[category.name]:
                options += sections.get(base, [])
                where += places.get(base, [])
        options += [(_key(item.name), _plain(item.value)) for item in category.items]
        where += [origin[id(item)] for item in category.items]
    return ConfFile(
        sections=dict(sections),
        places=dict(places),
        files=prepared.files,
        missing=prepared.missing,
        homes=prepared.homes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskFolder:
    """The folder of `asterisk.conf`'s astetcdir."""

    path: Path

    def read(self, name: str) -> ConfFile | None:
        """Return what one of the files says, or None where it cannot be read."""
        return read_conf(self.path / name)


def _is_hidden(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # we may not even look
        return True


def _key(name: str) -> str:
    """Return an option's name; `+` at its end is what makes `+=` of the equals sign."""
    return f"{name[:-1].strip()}+" if name.endswith("+") else name.strip()


def _plain(value: str) -> str:
    return value.strip().replace(_SEMICOLON, ";")
