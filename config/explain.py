"""
Turns what pydantic found into problems that an administrator can act on.

A problem stands at the line of the value, says what is allowed there in the words of its type
(`values.Means`), and for an unknown key names the nearest known one. Values of secret types are
never shown, nor is anything that is not a single short value.
"""

import difflib
from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import Problem
from config.nodes import KeyPath, Node, Table, child, key_position, problem_at, value_position
from config.values import Means

ECHO_MAX = 40
NAMES_COMPARED_MAX = 500
"""Beyond so many names the nearest one is not worth its search."""
_KEY_MARK = "[key]"
"""How pydantic says that it means a mapping's key and not its value."""


def explain(
    error: ValidationError, model: type[BaseModel], file: str, tree: Node
) -> Iterator[Problem]:
    """Yield a problem for each thing that the model refuses in this file's tree."""
    for detail in error.errors(include_url=False, include_context=False):
        path, at_key = _path_in(tree, detail)
        position = key_position(tree, path) if at_key else value_position(tree, path)
        yield problem_at(file, position, path, _message(detail, model, path))


def nearest(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known name that `wanted` was most likely meant to be."""
    candidates = list(known)
    if len(candidates) > NAMES_COMPARED_MAX or len(wanted) > ECHO_MAX:
        return None
    matches = difflib.get_close_matches(wanted, candidates, n=1)
    return matches[0] if matches else None


def listed(names: Iterable[str]) -> str:
    """Return names for a message: all of them, or the first few."""
    known = list(names)
    few = 12
    return ", ".join(known[:few]) + (", …" if len(known) > few else "")


def _path_in(tree: Node, detail: ErrorDetails) -> tuple[KeyPath, bool]:
    """
    Return the path as the file has it, and whether its last key is meant.

    Pydantic's own path also holds the names of a union's members, which no file knows.
    """
    path: list[str | int] = []
    node: Node | None = tree
    loc = detail["loc"]
    for step in loc:
        below = None if node is None else child(node, step)
        if below is not None:
            path.append(step)
            node = below
        elif isinstance(node, Table) and detail["type"] == "missing" and step == loc[-1]:
            return (*path, step), False
    at_key = loc[-1:] == (_KEY_MARK,) or detail["type"] == "extra_forbidden"
    return tuple(path), at_key


def _message(detail: ErrorDetails, model: type[BaseModel], path: KeyPath) -> str:
    match detail["type"]:
        case "rule" | "duration":
            return detail["msg"]
        case "extra_forbidden":
            section = _section(_type_at(model, path[:-1])[0])
            known = list(section.model_fields) if section else []
            near = nearest(str(path[-1]), known)
            hint = f"did you mean {near}? " if near else ""
            return f"is not a known key; {hint}allowed: {', '.join(known)}"
        case "missing":
            _, means = _type_at(model, path)
            return "is missing" + (f"; it must be {means.words}" if means else "")
    at_key = detail["loc"][-1:] == (_KEY_MARK,)
    annotation, means = _type_at(model, (*path[:-1], _KEY_MARK) if at_key else path)
    section = _section(annotation)
    if means is None and section is not None:
        means = Means(f"a mapping with the keys {', '.join(section.model_fields)}")
    if means is None:
        return detail["msg"]
    shown = "" if means.secret or section is not None else _shown(detail["input"])
    return f"must be {means.words}" + (f", not {shown}" if shown else "")


def _shown(value: object) -> str:
    """Return a value for a message: short, on one line, harmless to a terminal."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return f"a list of {len(value)}"
    text = str(value)
    return repr(value) if len(text) <= ECHO_MAX else repr(text[:ECHO_MAX] + "…")


def _type_at(annotation: object, path: KeyPath) -> tuple[object, Means | None]:
    """Return the type that a path leads to, below this one, and the words for what it allows."""
    annotation, means = _bare(annotation)
    if not path:
        return annotation, means
    step, rest = path[0], path[1:]
    section = _section(annotation)
    if section is not None:
        field = section.model_fields.get(str(step))
        return (None, None) if field is None else _type_at(field.rebuild_annotation(), rest)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _type_at(arguments[0 if step == _KEY_MARK else 1], rest)
    if get_origin(annotation) is tuple:
        return _type_at(arguments[0], rest)
    return None, None


def _bare(annotation: Any) -> tuple[object, Means | None]:  # noqa: ANN401 - a type of any kind
    """Return a type without its notes and without None, and the outermost words on it."""
    means: Means | None = None
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *notes = get_args(annotation)
            words = [note for note in notes if isinstance(note, Means)]
            means = means or (words[-1] if words else None)
        elif get_origin(annotation) in {Union, UnionType}:
            # of a union, the member that goes deepest: a section rather than text
            members = [member for member in get_args(annotation) if member is not NoneType]
            annotation = next((member for member in members if _section(member)), members[0])
        else:
            return annotation, means


def _section(annotation: object) -> type[BaseModel] | None:
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )
