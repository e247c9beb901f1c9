"""
YAML as this configuration has it: a subset without surprises, from files that may be hostile.

libyaml only scans and reports events; nothing is ever constructed but text, whole numbers, truth
values and nothing, in lists and mappings, so no tag can run code. YAML 1.1's false friends stay
the text that they look like: `no`, `on`, `12:30`, `0777`, `0123`, `+4930123`, `1e3`, `2026-01-01`.
Keys are always text. Everything is bounded before it is built: length, depth, number of values,
and what aliases unfold to.

This module must not know what the keys mean.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

import yaml

from config.errors import Position, Problem, UnreadableFileError
from config.files import read_file
from config.nodes import Entry, KeyPath, Node, Scalar, Sequence, Table, problem_at
from config.yaml_text import Mark, NotYaml, StopReading, decoded, explained, mark_position
from cti.language import _

FILE_BYTES_MAX = 1_048_576
DEPTH_MAX = 32
"""Lists and mappings within one another."""
VALUES_MAX = 50_000
"""Values in one file, aliases unfolded; 5,000 agents, who just fit into the file, have 40,000."""
PROBLEMS_MAX = 100
"""After so many duplicate keys and tags the rest of a file is not read."""
ALIASES_MAX = 1_000
NAME_ECHO_MAX = 40

_TRUTH: Final = {"true": True, "false": False}
_NOTHING: Final = frozenset({"", "~", "null"})
_WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]{0,17}|0", re.ASCII)
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file's content, and what is wrong with how it is written; no node: not usable at all."""

    file: str
    node: Node | None
    problems: tuple[Problem, ...]


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
        text = decoded(data)
        with _not_collected():
            node = builder.build(text)
    except StopReading as stop:
        stopped = problem_at(file, stop.position, stop.path, stop.message)
        return Document(file=file, node=None, problems=(*builder.problems, stopped))
    return Document(file=file, node=node, problems=tuple(builder.problems))


@contextmanager
def _not_collected() -> Iterator[None]:
    """
    Keep the collector of circles away from a tree that grows, and that holds none.

    It would go through the tree again and again: a third of the time for 50,000 values (measured).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _unusable(file: str, position: Position, message: str) -> Document:
    return Document(file=file, node=None, problems=(problem_at(file, position, (), message),))


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
        self._brackets: list[_Opening] = []  # those that are open: [ and {

    def build(self, text: str) -> Node:
        """Return the tree of the only document in the text."""
        try:
            return self._document(_events(text))
        except NotYaml as fault:
            if self._brackets:
                opened = _where(self._brackets[-1])
                fault.message = _(
                    "{fault}; the bracket in line {line}, column {column} is still open here"
                ).format(fault=fault.message, line=opened.line, column=opened.column)
            raise

    def _document(self, events: Iterator[yaml.Event]) -> Node:
        next(events)  # the stream's start
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise StopReading(_("is empty"), Position())
        node, _height = self._node(next(events), events, ())
        next(events)  # the document's end
        after = next(events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise StopReading(_("a second document begins; only one is allowed"), _where(after))
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
            node, height = _scalar(event, position), 0
        else:
            if len(path) >= DEPTH_MAX:
                raise _too_deep(position, path)
            if event.flow_style:
                self._brackets.append(event)
            if isinstance(event, yaml.SequenceStartEvent):
                node, height = self._sequence(position, events, path)
            else:
                node, height = self._table(position, events, path)
            if event.flow_style:
                self._brackets.pop()
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
                raise StopReading(_("a key must be text"), key_position, path)
            key: str = event.value
            self._refuse_tag(event, (*path, key))
            if key == "<<" and event.implicit[0]:
                message = _("merge keys (<<) are not read; write the keys themselves")
                self._add(key_position, message, (*path, key))
                self._node(next(events), events, (*path, key))
                continue
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(
                    Scalar(position=key_position, value=_value_of(event)), 1, 0
                )
            node, node_height = self._node(next(events), events, (*path, key))
            height = max(height, node_height)
            if key in entries:
                first = entries[key].key_position.line
                message = _("stands here a second time; the first is in line {line}").format(
                    line=first
                )
                self._add(key_position, message, (*path, key))
            else:
                entries[key] = Entry(key_position=key_position, node=node)
        return Table(position=position, entries=MappingProxyType(entries)), height + 1

    def _unfolded(self, event: yaml.AliasEvent, path: KeyPath) -> tuple[Node, int]:
        """Return an alias' value, after counting what it unfolds to."""
        position, name = _where(event), str(event.anchor)
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            most = f"{ALIASES_MAX:,}"
            raise StopReading(_("more than {most} aliases").format(most=most), position, path)
        shown = name if len(name) <= NAME_ECHO_MAX else f"{name[:NAME_ECHO_MAX]}…"
        if name not in self._anchors:
            message = _("*{name} stands for nothing: no &{name} before").format(name=shown)
            raise StopReading(message, position, path)
        anchored = self._anchors[name]
        if anchored is None:
            message = _("*{name} stands within itself").format(name=shown)
            raise StopReading(message, position, path)
        if len(path) + anchored.height > DEPTH_MAX:
            raise _too_deep(position, path)
        self._count(anchored.values, position, path)
        return anchored.node, anchored.height

    def _count(self, values: int, position: Position, path: KeyPath) -> None:
        self._values += values
        if self._values > VALUES_MAX:
            most = f"{VALUES_MAX:,}"
            message = _("more than {most} values, aliases unfolded").format(most=most)
            raise StopReading(message, position, path)

    def _refuse_tag(self, event: _Opening, path: KeyPath) -> None:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._add(_where(event), _("tags (beginning with !) are not allowed"), path)

    def _add(self, position: Position, message: str, path: KeyPath) -> None:
        if len(self.problems) >= PROBLEMS_MAX:
            raise StopReading(_("more problems follow; put those before right first"), position)
        self.problems.append(problem_at(self._file, position, path, message))


def _too_deep(position: Position, path: KeyPath) -> StopReading:
    message = _("more than {most} levels within one another").format(most=DEPTH_MAX)
    return StopReading(message, position, path[:3])


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield libyaml's events; its complaints come out as ours."""
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = cast("Mark | None", error.problem_mark or error.context_mark)
        message = explained(error.problem or "", text, mark)
        raise NotYaml(message, mark_position(mark) if mark else Position()) from error


def _where(event: yaml.Event) -> Position:
    return mark_position(cast("Mark", event.start_mark))


def _scalar(event: yaml.ScalarEvent, position: Position) -> Scalar:
    """Return a scalar, and whether each of its characters stands where it seems to."""
    begins, ends = cast("Mark", event.start_mark), cast("Mark", event.end_mark)
    value, quoted = _value_of(event), event.style in {"'", '"'}
    length = len(event.value) + 2 * quoted
    return Scalar(
        position=position,
        value=value,
        quoted=quoted,
        in_one_line=begins.line == ends.line and ends.column - begins.column == length,
    )


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
