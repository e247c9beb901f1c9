"""
Finds the line by which Asterisk drops a configuration file, as its `config.c` reads it.

Asterisk leaves most lines that it does not understand out, and logs them. What is looked for here
is the little that makes it drop a file as a whole, tried on Asterisk 22: a section without its
bracket, or with a template that is not there; a line before any section; a comment without an end;
an `#include` of what is not there. In a file that another includes this costs what follows it; in
the file at the top everything: of extensions.conf not one extension is left.
"""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import UnreadableFileError
from config.files import read_file
from cti.doctor.asterisk_conf import DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX
from cti.language import _

_INCLUDE = re.compile(r"#(try)?include\s+[\"<]?([^\">;]+)[\">]?")
_SECTION = re.compile(r"\[([^\]]*)\]\s*(?:\(([^)]*)(\))?)?")
_COMMENT = re.compile(r"(?<!\\);(?:--(?!-))?")
_COMMENT_ENDS = "--;"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfFault:
    """Why Asterisk drops a file; `whole`: it is the one at the top, and nothing is left."""

    path: Path
    line: int
    reason: str
    whole: bool

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)


@dataclass(slots=True, kw_only=True)
class _Reading:
    etc: Path
    files: int = 0
    sections: set[str] = field(default_factory=set)
    faults: list[ConfFault] = field(default_factory=list)

    def read(self, path: Path, depth: int = 0) -> None:
        """Go through a file and what it includes, up to what Asterisk drops it by."""
        self.files += 1
        if depth > DEPTH_MAX or self.files > FILES_MAX:
            return
        try:
            data = read_file(path, bytes_max=FILE_BYTES_MAX).data
        except UnreadableFileError:
            return  # closed to us, perhaps not to Asterisk
        comment, in_section, fault = 0, False, None
        text = data.decode(errors="replace").removeprefix("\ufeff")
        for number, raw in enumerate(text.split("\n"), start=1):
            uncommented = raw
            if comment:
                _inside, ends, uncommented = raw.partition(_COMMENT_ENDS)
                if not ends:
                    continue
            line, opens = _without_comment(uncommented)
            comment = number if opens else 0
            fault = self._fault(line.strip(), depth, in_section=in_section)
            in_section = in_section or line.strip().startswith("[")
            if fault is not None:
                self._drop(path, number, fault, depth)
                return
        if comment:
            self._drop(path, comment, _("the comment that `;--` begins has no end (`--;`)"), depth)

    def _drop(self, path: Path, line: int, reason: str, depth: int) -> None:
        self.faults.append(ConfFault(path=path, line=line, reason=reason, whole=depth == 0))

    def _fault(self, line: str, depth: int, *, in_section: bool) -> str | None:
        """Return what is wrong with a line, or None."""
        if found := _INCLUDE.match(line):
            return self._include(found[2].strip(), depth, required=not found[1])
        if not line or line.startswith("#"):
            return None
        if not line.startswith("["):
            return None if in_section else _("a line stands before any [section]")
        section = _SECTION.match(line)
        if section is None or (section[2] is not None and section[3] is None):
            return _("a section has no closing bracket")
        name = section[1].strip()
        for word in (section[2] or "").split(","):
            base = name if word.strip().startswith("+") else word.strip()
            if base not in {"", "!"} and base not in self.sections:
                return _("there is no [{name}] before it").format(name=base)
        self.sections.add(name)
        return None

    def _include(self, name: str, depth: int, *, required: bool) -> str | None:
        path = self.etc / name  # an absolute name stays one
        try:
            wild = re.search(r"[*?\[]", name)
            paths = sorted(Path(path.anchor).glob(str(path).lstrip("/"))) if wild else [path]
            there = [one for one in paths if _is_file(one)]
            if wild and path.parent.is_dir():
                os.scandir(path.parent).close()  # nothing is found in a folder closed to us
        except (OSError, ValueError, NotImplementedError):
            return None  # we may not look, perhaps Asterisk may
        for one in there[:FILES_MAX]:
            self.read(one, depth + 1)
        if required and not there:
            return _("the file {name}, which it includes, is not there").format(name=name)
        return None


def _is_file(path: Path) -> bool:
    """Tell whether Asterisk could read it. Raises OSError where we may not look."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _without_comment(raw: str) -> tuple[str, bool]:
    """Return a line up to its comment, and whether it opens a comment of several lines."""
    line = raw
    while (found := _COMMENT.search(line)) is not None:
        if found[0] == ";":
            return line[: found.start()], False
        _inside, ends, rest = line[found.end() :].partition(_COMMENT_ENDS)
        line = line[: found.start()] + rest
        if not ends:
            return line, True
    return line, False


def conf_faults(path: Path) -> list[ConfFault]:
    """Return why Asterisk drops a file, or one that it includes, as far as we can see."""
    if not _is_file(path):
        return [ConfFault(path=path, line=0, reason=_("it is not there"), whole=True)]
    reading = _Reading(etc=path.parent)
    reading.read(path)
    return reading.faults
