r"""
Reads the configuration files of Asterisk: sections, options, and the place of each.

pyst2's `asterisk.config` cannot serve here: it knows no templates and no `(+)` (it refuses the
line), no block comments and no `\;`, stops at `#include`, leaves blanks around values, decodes by
the locale and reads without a limit. This reader follows main/config.c of Asterisk 22: first
section of a name wins a look-up, names are compared without case, an included file goes on in the
section that was opened last. What Asterisk refuses is refused here too.

Includes stay inside the folder of the first file, `#exec` is never run; both are noted, with what
else of a file is not read.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from config.asterisk_import.comments import BLANKS, Comments, TooManyCommentsError
from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.place import Place, shown
from config.errors import UnreadableFileError
from config.files import read_file
from cti.language import _

BYTES_MAX = 6_291_456
LINES_MAX = 150_000
"""In all files together; a PBX of FreePBX with a thousand extensions has some 60,000."""
OPTIONS_MAX = 200_000
"""In all sections together, those from templates counted each time."""
FILES_MAX = 200
SECTIONS_MAX = 20_000
"""In one file with its includes: contexts of a dialplan, queues, templates."""
DEPTH_MAX = 10
"""MAX_INCLUDE_LEVEL of main/config.c."""
LINE_BYTES_MAX = 8_191
"""Asterisk's buffer for a line; a longer one is skipped there, and here."""
VALUE_MAX = 32_768
"""What `+=` may add up to."""
_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One `name = value`; in a section made from a template it keeps the template's place."""

    name: str
    value: str
    place: Place


@dataclass(slots=True, kw_only=True)
class Section:
    """One `[name]`; a template is there for others to be made from, and used when it was."""

    name: str
    place: Place
    template: bool = False
    used: bool = False
    options: list[Option] = field(default_factory=list)
    _latest: dict[str, int] = field(default_factory=dict)

    def add(self, options: Iterable[Option]) -> None:
        """Put options behind those that are there."""
        for option in options:
            self._latest[option.name] = len(self.options)
            self.options.append(option)

    def append(self, name: str, text: str, place: Place) -> bool:
        """Lengthen the value of the last option of this name; tell whether there is one."""
        at = self._latest.get(name)
        if at is None:
            return False
        value = self.options[at].value + text
        if len(value) > VALUE_MAX:
            raise ImportRefusedError(
                _("{place}: {name} has grown beyond {most} characters").format(
                    place=place, name=shown(name), most=f"{VALUE_MAX:,}"
                )
            )
        self.options[at] = Option(name=name, value=value.lstrip(BLANKS), place=place)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something of a file that was not read, or not as it looks; `harmless` loses nothing."""

    place: Place
    what: str
    message: str
    harmless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskFile:
    """What a file and its includes say."""

    name: str
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]


@dataclass(slots=True)
class Budget:
    """What one import has read so far, over all its files."""

    bytes: int = 0
    lines: int = 0
    files: int = 0
    options: int = 0


def read_asterisk_file(path: Path, budget: Budget) -> AsteriskFile:
    """
    Read a file with all that it includes.

    Raises:
        ImportRefusedError: a file cannot be read, is too much, or is one that Asterisk refuses.
    """
    reader = _Reader(path.parent, budget)
    reader.read(path, path.name, None)
    return AsteriskFile(name=path.name, sections=tuple(reader.sections), notes=tuple(reader.notes))


class _Reader:
    """Goes through the files, and keeps what Asterisk's reader keeps between lines and files."""

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.sections: list[Section] = []
        self.notes: list[Note] = []
        self._folder = folder
        self._home = folder.resolve()
        self._homes = (self._home, folder.absolute())
        self._open: list[Path] = []
        self._budget = budget
        self._any: dict[str, Section] = {}
        self._plain: dict[str, Section] = {}
        self._last: Section | None = None
        """The section that was opened last, in whichever file: an included file goes on in it."""

    def read(self, path: Path, name: str, asked_at: Place | None) -> None:
        """Read one file; `asked_at` is the line that includes it."""
        resolved = path.resolve()
        where = asked_at or name
        if resolved in self._open:
            raise ImportRefusedError(
                _("{place}: {file} includes itself").format(place=where, file=shown(name))
            )
        self._budget.files += 1
        if len(self._open) > DEPTH_MAX or self._budget.files > FILES_MAX:
            raise ImportRefusedError(
                _("{place}: more than {files} files, or {depth} within one another").format(
                    place=where, files=FILES_MAX, depth=DEPTH_MAX
                )
            )
        self._open.append(resolved)
        section = self._last
        comments = Comments()
        for number, line in enumerate(self._lines_of(path, name), 1):
            try:
                said = comments.strip(line)
            except TooManyCommentsError as error:
                raise ImportRefusedError(f"{Place(name, number)}: {error}") from error
            if said:
                section = self._line(said, Place(name, number), section)
        if comments.depth != 0:
            self._note(Place(name, number), ";-- --;", _("a block comment is not closed"))
        self._open.pop()

    def _lines_of(self, path: Path, name: str) -> list[str]:
        try:
            data = read_file(path, bytes_max=BYTES_MAX).data
        except UnreadableFileError as error:
            raise ImportRefusedError(f"{name}: {error}") from error
        self._budget.bytes += len(data)
        self._budget.lines += data.count(b"\n") + 1
        if self._budget.lines > LINES_MAX or self._budget.bytes > BYTES_MAX:
            raise ImportRefusedError(
                _("{file}: more than {lines} lines or {bytes} bytes in all files together").format(
                    file=name, lines=f"{LINES_MAX:,}", bytes=f"{BYTES_MAX:,}"
                )
            )
        if b"\0" in data:
            line = data.count(b"\n", 0, data.index(b"\0")) + 1
            raise ImportRefusedError(
                _("{place}: holds a zero byte; is this a configuration file of Asterisk?").format(
                    place=Place(name, line)
                )
            )
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            place = Place(name, data.count(b"\n", 0, error.start) + 1)
            self._note(place, shown(name), _("is not UTF-8; it was read as Latin-1"))
            text = data.decode("latin-1")
        lines = text.removeprefix(_BOM).split("\n")
        if max(map(len, lines)) >= LINE_BYTES_MAX // 4:
            lines = [self._bearable(line, Place(name, at)) for at, line in enumerate(lines, 1)]
        return lines

    def _bearable(self, line: str, place: Place) -> str:
        if len(line.encode()) < LINE_BYTES_MAX:
            return line
        message = _("is longer than {most} bytes; Asterisk skips it too")
        self._note(place, shown(line), message.format(most=LINE_BYTES_MAX))
        return ""

    def _line(self, said: str, place: Place, section: Section | None) -> Section | None:
        """Take one line, and return the section that the next one belongs to."""
        if said[0] == "[":
            return self._header(said, place)
        if said[0] == "#":
            self._directive(said, place)
        elif section is None:
            raise _refused(place, _("stands before the first section"), said)
        else:
            self._option(said, place, section)
        return section

    def _header(self, said: str, place: Place) -> Section:
        name, bracket, rest = said[1:].partition("]")
        if not bracket:
            raise _refused(place, _("has no closing ]"), said)
        if len(self.sections) >= SECTIONS_MAX:
            raise ImportRefusedError(
                _("{place}: more than {most} sections").format(
                    place=place, most=f"{SECTIONS_MAX:,}"
                )
            )
        section = Section(name=name, place=place)
        into = section
        if rest.startswith("("):
            words, paren, _more = rest[1:].partition(")")
            if not paren:
                raise _refused(place, _("has no closing )"), said)
            for word in words.split(","):
                into = self._header_word(word, place, into, section)
        self._last = into
        if into is section:
            self.sections.append(section)
            self._any.setdefault(name.lower(), section)
            if not section.template:
                self._plain.setdefault(name.lower(), section)
        return into

    def _header_word(self, word: str, place: Place, into: Section, new: Section) -> Section:
        """Follow one word between the parentheses: `!`, `+`, or a section to begin with."""
        if word == "!":
            into.template = True
            return into
        if word.startswith("+"):
            templates = word == "+TEMPLATES=include"
            found = (self._any if templates else self._plain).get(new.name.lower())
            if found is None or (word != "+" and not templates):
                raise _refused(place, _("adds to a section that is not there"), new.name)
            found.add(new.options)
            return found
        base = self._any.get(word.lower())
        if base is None:
            raise _refused(place, _("begins with a section that is not there"), word)
        base.used = True
        self._count(len(base.options), place)
        into.add(base.options)
        return into

    def _option(self, said: str, place: Place, section: Section) -> None:
        escaped = said.startswith("\\")
        text = said[1:] if escaped else said
        equals = text.find("=", 1 if escaped else 0)
        if equals < 0:
            self._note(place, shown(said), _("has no = and means nothing to Asterisk"))
            return
        appends = equals > escaped and text[equals - 1] == "+"
        name = (text[: equals - 1] if appends else text[:equals]).strip(BLANKS)
        value = text[equals + 1 :]
        self._count(1, place)
        if appends:
            if section.append(name, value.rstrip(BLANKS), place):
                return
        elif value.startswith(">"):
            value = value[1:]
        if not name:
            self._note(place, shown(said), _("has no name before its ="))
            return
        section.add([Option(name=name, value=value.strip(BLANKS), place=place)])

    def _count(self, options: int, place: Place) -> None:
        self._budget.options += options
        if self._budget.options > OPTIONS_MAX:
            raise ImportRefusedError(
                _("{place}: more than {most} options, those of templates counted each time").format(
                    place=place, most=f"{OPTIONS_MAX:,}"
                )
            )

    def _directive(self, said: str, place: Place) -> None:
        word, _blank, rest = said[1:].replace("\t", " ").partition(" ")
        target = rest.strip()
        if target[:1] in {'"', "<"} and target.endswith({'"': '"', "<": ">"}[target[0]]):
            target = target[1:-1]
        directive = word.lower()
        if directive == "exec":
            self._note(place, shown(said), _("is never run: put what it prints into a file"))
        elif directive not in {"include", "tryinclude"} or not target:
            self._note(place, shown(said), _("is no directive of Asterisk"))
        else:
            self._include(target, place, said, needed=directive == "include")

    def _include(self, target: str, place: Place, said: str, *, needed: bool) -> None:
        """Read what an include names, where it lies inside our folder."""
        found = self._inside(target)
        if found is None:
            message = _("leads out of {folder} and was not followed")
            self._note(place, shown(said), message.format(folder=self._folder))
        elif found:
            for path in found:
                self.read(path, str(path.relative_to(self._home)), place)
        elif needed:
            self._note(place, shown(said), _("is not there; its content is not taken over"))
        else:
            self._note(place, shown(said), _("is not there"), harmless=True)

    def _inside(self, target: str) -> list[Path] | None:
        """Return the files that an include means; None where one of them lies outside."""
        path = Path(os.path.normpath(self._home / target))
        home = next((one for one in self._homes if path.is_relative_to(one)), None)
        if home is None or path == home:
            return None
        pattern = str(path.relative_to(home)).replace("**", "*")
        try:
            if any(mark in pattern for mark in "*?["):
                found = sorted(islice(self._home.glob(pattern), FILES_MAX + 1))
            else:
                found = [self._home / pattern]
            files = [one for one in found if one.is_file()]
            outside = any(not one.resolve().is_relative_to(self._home) for one in files)
        except (OSError, ValueError, RuntimeError):
            return []
        return None if outside else files

    def _note(self, place: Place, what: str, message: str, *, harmless: bool = False) -> None:
        self.notes.append(Note(place=place, what=what, message=message, harmless=harmless))


def _refused(place: Place, why: str, what: str) -> ImportRefusedError:
    return ImportRefusedError(
        _("{place}: {what} {why}; Asterisk refuses this file too").format(
            place=place, what=shown(what), why=why
        )
    )
