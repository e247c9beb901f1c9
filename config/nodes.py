"""
A YAML file's content, each part with its place in the file.

The tree is what all checks walk: a wrong value, a queue that does not exist and a missing sound
file are reported at the line where they stand. It knows nothing of what the keys mean.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from config.errors import Position, Problem, Severity

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead from a file's top to a value."""

ANY = "*"
"""In a pattern: every key of a mapping, every item of a list."""

KEY_ECHO_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """
    A text, whole number, truth value or nothing.

    `quoted`: a quote stands before its text; `in_one_line`: so its characters stand there one by
    one, as they are.
    """

    position: Position
    value: str | int | bool | None
    quoted: bool = field(default=False, compare=False)
    in_one_line: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    position: Position
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key's place and its value."""

    key_position: Position
    node: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping; its keys are text, whatever they look like."""

    position: Position
    entries: Mapping[str, Entry]


Node = Scalar | Sequence | Table


def plain(node: Node) -> Any:  # noqa: ANN401 - a tree of whatever stands in the file
    """Return the tree as dicts, lists and scalars."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Table():
            return {key: plain(entry.node) for key, entry in node.entries.items()}
        case _ as unreachable:
            assert_never(unreachable)


def child(node: Node, step: str | int) -> Node | None:
    """Return what this key or index leads to, or None."""
    if isinstance(node, Table) and step in node.entries:
        return node.entries[str(step)].node
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def select(node: Node, pattern: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    """Yield each value that the pattern leads to, with its path; `ANY` fans out."""
    if not pattern:
        yield (), node
        return
    step, rest = pattern[0], pattern[1:]
    steps: list[str | int] = [step]
    if step == ANY and isinstance(node, Table):
        steps = list(node.entries)
    elif step == ANY and isinstance(node, Sequence):
        steps = list(range(len(node.items)))
    for found in steps:
        below = child(node, found)
        if below is not None:
            yield from (((found, *path), end) for path, end in select(below, rest))


def texts(node: Node, pattern: KeyPath) -> Iterator[tuple[KeyPath, Position, str]]:
    """Yield each text that the pattern leads to, with its path and place; numbers are text too."""
    for path, found in select(node, pattern):
        if isinstance(found, Scalar) and not isinstance(found.value, bool | None):
            yield path, found.position, str(found.value)


def key_position(node: Node, path: KeyPath) -> Position:
    """Return where the last key of the path stands; for an item of a list, the item's place."""
    position = node.position
    for step in path:
        if isinstance(node, Table) and step in node.entries:
            position = node.entries[str(step)].key_position
        below = child(node, step)
        if below is None:
            return position
        if isinstance(node, Sequence):
            position = below.position
        node = below
    return position


def value_position(node: Node, path: KeyPath) -> Position:
    """Return where the path's value stands; a path that goes on below ends there."""
    for step in path:
        below = child(node, step)
        if below is None:
            break
        node = below
    return node.position


def path_text(path: KeyPath) -> str:
    """Return `queues.sales.overflow.to`; keys that could disturb a terminal are shown escaped."""
    return ".".join(_step_text(step) for step in path)


def _step_text(step: str | int) -> str:
    text = str(step)
    shown = text if len(text) <= KEY_ECHO_MAX else text[:KEY_ECHO_MAX] + "…"
    return shown if shown.isprintable() and " " not in shown and shown else repr(shown)


def problem_at(
    file: str,
    position: Position,
    path: KeyPath,
    message: str,
    severity: Severity = Severity.ERROR,
) -> Problem:
    """Return a problem with what stands at this place of a file."""
    return Problem(
        file=file,
        line=position.line,
        column=position.column,
        path=path_text(path),
        message=message,
        severity=severity,
    )
