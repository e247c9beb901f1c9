"""
YAML as this configuration has it: a subset without surprises, from files that may be hostile.

libyaml only scans and reports events; nothing is ever constructed but text, whole numbers, truth
values and nothing, in lists and mappings, so no tag can run code. YAML 1.1's false friends stay
the text that they look like: `no`, `on`, `12:30`, `0777`, `0123`, `+4930123`, `1e3`, `2026-01-01`.
Keys are always text. Everything is bounded before it is built: length, depth, number of values,
and what aliases unfold to.

This module must not know what the keys mean.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, cast

import yaml

from config.errors import Position, Problem, UnreadableFileError
from config.files import read_file
from config.nodes import Entry, KeyPath, Node, Scalar, Sequence, Table, problem_at

FILE_BYTES_MAX = 1_048_576
DEPTH_MAX = 32
"""Lists and mappings within one another."""
VALUES_MAX = 50_000
"""Values in one file, aliases unfolded; 5,000 agents, who just fit into the file, have 40,000."""
PROBLEMS_MAX = 100
"""After so many duplicate keys and tags the rest of a file is not read."""
ALIASES_MAX = 1_000

_TRUTH: Final = {"true": True, "false": False}
_NOTHING: Final = frozenset({"", "~", "null"})
_WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]{0,17}|0", re.ASCII)
# YAML 1.2, production [1] c-printable: the rest may not stand in a file
_NOT_PRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_HINTS: Final = {
    "mapping values are not allowed in this context": (
        "a second colon in one line, or an indent that does not fit; "
        'text that holds ": " needs quotes'
    ),
    "could not find expected ':'": "a key needs a colon and a blank after it",
    "did not find expected key": "the indent does not fit, or a quote or bracket is not closed",
    "found unexpected end of stream": "a quote is not closed",
    "found character that cannot start any token": (
        "text that begins with this character needs quotes"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file's content, and what is wrong with how it is written; no node: not usable at all."""

    file: str
    node: Node | None
    problems: tuple[Problem, ...]


class _Mark(Protocol):
    """A place as libyaml's and PyYAML's own parser tell it; all count from 0."""

    index: int
    line: int
    column: int


class _StopReading(Exception):  # noqa: N818 - not an error by itself: it carries one out
    """The rest of the file cannot be made sense of, or is not worth the cost."""

    def __init__(self, message: str, position: Position, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.path = path


def read_document(folder: Path, file: str) -> Document:
    """Read one YAML file of the configuration's folder; never raises for what it finds there."""
    try:
        content = read_file(folder / file, bytes_max=FILE_BYTES_MAX)
    except UnreadableFileError as error:
        return _unusable(file, Position(), str(error))
    return parse_document(content.data, file)


def parse_document(data: bytes, file: str) -> Document:
    """Read YAML from bytes; never raises for what it finds there."""
    builder = _TreeBuilder(file)
    try:
        text = _decoded(data)
        node = builder.build(text)
    except _StopReading as stop:
        stopped = problem_at(file, stop.position, stop.path, stop.message)
        return Document(file=file, node=None, problems=(*builder.problems, stopped))
    return Document(file=file, node=node, problems=tuple(builder.problems))


def _unusable(file: str, position: Position, message: str) -> Document:
    return Document(file=file, node=None, problems=(problem_at(file, position, (), message),))


def _decoded(data: bytes) -> str:
    """Return the text; refuses other encodings, byte order marks and control characters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _StopReading("is UTF-16; save it as UTF-8", Position())
    if data.startswith(b"\xef\xbb\xbf"):
        raise _StopReading(
            "begins with a byte order mark; save it as UTF-8 without one", Position()
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise _StopReading(
            f"is not UTF-8: byte 0x{data[error.start]:02x} here; save it as UTF-8",
            _position_after(before),
        ) from error
    bad = _NOT_PRINTABLE.search(text)
    if bad is not None:
        raise _StopReading(
            f"the character U+{ord(bad[0]):04X} may not stand in a file; "
            'in double quotes it can be written "\\uXXXX"',
            _position_after(text[: bad.start()]),
        )
    return text


def _position_after(text: str) -> Position:
    lines = _LINE_BREAK.split(text)
    return Position(line=len(lines), column=len(lines[-1]) + 1)


_Opening = yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A value with a name, its number of values, and how deep it goes."""

    node: Node
    values: int
    height: int


class _TreeBuilder:
    """Builds one file's tree from libyaml's events, and keeps within the limits."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._values = 0
        self._aliases = 0
        self._anchors: dict[str, _Anchored | None] = {}

    def build(self, text: str) -> Node:
        """Return the tree of the only document in the text."""
        events = _events(text)
        next(events)  # the stream's start
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _StopReading("is empty", Position())
        node, _ = self._node(next(events), events, ())
        next(events)  # the document's end
        after = next(events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise _StopReading("a second document begins; only one is allowed", _where(after))
        return node

    def _node(
        self, begins: yaml.Event, events: Iterator[yaml.Event], path: KeyPath
    ) -> tuple[Node, int]:
        """Return the node that begins with this event, and its height (0: a scalar)."""
        if isinstance(begins, yaml.AliasEvent):
            return self._unfolded(begins, path)
        event = cast("_Opening", begins)  # libyaml's grammar has nothing else here
        position = _where(event)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None  # until the value is complete
        values_before = self._values
        self._count(1, position, path)
        self._refuse_tag(event, path)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node, height = Scalar(position=position, value=_value_of(event)), 0
        else:
            if len(path) >= DEPTH_MAX:
                raise _too_deep(position, path)
            if isinstance(event, yaml.SequenceStartEvent):
                node, height = self._sequence(position, events, path)
            else:
                node, height = self._table(position, events, path)
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, self._values - values_before, height)
        return node, height

    def _sequence(
        self, position: Position, events: Iterator[yaml.Event], path: KeyPath
    ) -> tuple[Node, int]:
        items: list[Node] = []
        height = 0
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            item, item_height = self._node(event, events, (*path, len(items)))
            items.append(item)
            height = max(height, item_height)
        return Sequence(position=position, items=tuple(items)), height + 1

    def _table(
        self, position: Position, events: Iterator[yaml.Event], path: KeyPath
    ) -> tuple[Node, int]:
        entries: dict[str, Entry] = {}
        height = 0
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key_position = _where(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _StopReading("a key must be text", key_position, path)
            key: str = event.value
            self._refuse_tag(event, (*path, key))
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(
                    Scalar(position=key_position, value=_value_of(event)), 1, 0
                )
            node, node_height = self._node(next(events), events, (*path, key))
            height = max(height, node_height)
            if key in entries:
                first = entries[key].key_position.line
                message = f"stands here a second time; the first is in line {first}"
                self._add(key_position, message, (*path, key))
            else:
                entries[key] = Entry(key_position=key_position, node=node)
        return Table(position=position, entries=MappingProxyType(entries)), height + 1

    def _unfolded(self, event: yaml.AliasEvent, path: KeyPath) -> tuple[Node, int]:
        """Return an alias' value, after counting what it unfolds to."""
        position, name = _where(event), event.anchor
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            raise _StopReading(f"more than {ALIASES_MAX:,} aliases", position, path)
        if name not in self._anchors:
            raise _StopReading(f"*{name} stands for nothing: no &{name} before", position, path)
        anchored = self._anchors[name]
        if anchored is None:
            raise _StopReading(f"*{name} stands within itself", position, path)
        if len(path) + anchored.height > DEPTH_MAX:
            raise _too_deep(position, path)
        self._count(anchored.values, position, path)
        return anchored.node, anchored.height

    def _count(self, values: int, position: Position, path: KeyPath) -> None:
        self._values += values
        if self._values > VALUES_MAX:
            raise _StopReading(f"more than {VALUES_MAX:,} values, aliases unfolded", position, path)

    def _refuse_tag(self, event: _Opening, path: KeyPath) -> None:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._add(_where(event), "tags (beginning with !) are not allowed", path)

    def _add(self, position: Position, message: str, path: KeyPath) -> None:
        if len(self.problems) >= PROBLEMS_MAX:
            raise _StopReading("more problems follow; put those before right first", position)
        self.problems.append(problem_at(self._file, position, path, message))


def _too_deep(position: Position, path: KeyPath) -> _StopReading:
    return _StopReading(f"more than {DEPTH_MAX} levels within one another", position, path[:3])


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield libyaml's events; its complaints come out as ours."""
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "is not YAML"
        mark = cast("_Mark | None", error.problem_mark or error.context_mark)
        raise _StopReading(
            _explained(problem, text, mark), _mark_position(mark) if mark else Position()
        ) from error


def _explained(problem: str, text: str, mark: _Mark | None) -> str:
    """Return libyaml's complaint, with what to do about it where we know."""
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return "a tab stands here; indent with blanks"
    hint = _HINTS.get(problem)
    return f"is not YAML: {problem}" + (f" ({hint})" if hint else "")


def _where(event: yaml.Event) -> Position:
    return _mark_position(cast("_Mark", event.start_mark))


def _mark_position(mark: _Mark) -> Position:
    return Position(line=mark.line + 1, column=mark.column + 1)


def _value_of(event: yaml.ScalarEvent) -> str | int | bool | None:
    """Return a scalar's value; whatever is quoted, or not plainly something else, is text."""
    text: str = event.value
    plain_style = event.implicit[0]
    if not plain_style or event.tag is not None:
        return text
    if text in _NOTHING:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return text
