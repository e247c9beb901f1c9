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
_BLOCK = re.compile(r";--(?!-).*?--;", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class _Lines:
    """The prepared lines, and what is known of them besides."""

    etc: Path
    lines: list[str] = field(default_factory=list)
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
        for raw in _BLOCK.sub("", text).split("\n"):
            if len(self.lines) >= LINES_MAX:
                return
            self._take(raw.strip().replace("\\;", _SEMICOLON), path, depth)

    def _take(self, line: str, path: Path, depth: int) -> None:
        if found := _INCLUDE.match(line):
            for included in self._named(found[1].strip()):
                self.add(included, depth + 1)
        elif found := _SECTION.match(line):
            name = found[1].strip()
            bases = [base.strip() for base in (found[2] or "").split(",")]
            self.bases[name] += [base for base in bases if base not in {"", "+", "!"}]
            self.homes.setdefault(name, path)
            self.lines.append(f"[{name}]")
        elif line.startswith("["):
            pass  # no section that Asterisk would open
        elif "=" in line.partition(";")[0].lstrip("="):
            self.lines.append(line)

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
    says in which file each section begins.
    """

    sections: dict[str, list[tuple[str, str]]]
    files: list[Path]
    missing: list[Path]
    homes: dict[str, Path]

    def values(self, section: str, key: str) -> list[str]:
        """Return the values of an option in a section, all of them, in order."""
        return [value for name, value in self.sections.get(section, []) if name == key]

    def last(self, section: str, key: str, default: str = "") -> str:
        """Return an option's last value, with what `+=` added to it."""
        text = default
        for name, value in self.sections.get(section, []):
            if name == key:
                text = value
            elif name == f"{key}+":
                text += value
        return text


def read_conf(path: Path) -> ConfFile | None:
    """Return what a file says, or None where it is not there or may not be read."""
    prepared = _Lines(etc=path.parent)
    prepared.add(path)
    if not prepared.files:
        return None
    sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
    try:
        categories = _PreparedConfig(prepared).categories
    except ParseError:  # should a line have come through that pyst2 cannot read
        return None
    for category in categories:
        options = sections[category.name]
        if not options:  # a template's options come before its heir's own
            for base in prepared.bases[category.name]:
                options += sections.get(base, [])
        options += [(_key(item.name), _plain(item.value)) for item in category.items]
    return ConfFile(
        sections=dict(sections),
        files=prepared.files,
        missing=prepared.missing,
        homes=prepared.homes,
    )


def _key(name: str) -> str:
    """Return an option's name; `+` at its end is what makes `+=` of the equals sign."""
    return f"{name[:-1].strip()}+" if name.endswith("+") else name.strip()


def _plain(value: str) -> str:
    return value.strip().replace(_SEMICOLON, ";")
