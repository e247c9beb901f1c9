"""
Turns what pydantic found into problems that an administrator can act on.

A problem stands at the line of the value, says what is allowed there in the words of its type
(`values.Means`), and for an unknown key names the nearest known one. Values of secret types are
never shown, nor is anything that is not a single short value.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import Problem
from config.nodes import KeyPath, Node, Table, child, key_position, problem_at, value_position
from config.values import Means, Within
from cti.language import _

ECHO_MAX = 40
NAMES_COMPARED_MAX = 500
"""Beyond so many names the nearest one is not worth its search."""
Kind = Literal["queue", "flow", "phone", "agent", "skill"]
_NEAR: Final[Mapping[Kind, str]] = {
    "queue": _("there is no queue {name}; did you mean {near}?"),
    "flow": _("there is no flow {name}; did you mean {near}?"),
    "phone": _("there is no phone {name}; did you mean {near}?"),
    "agent": _("there is no agent {name}; did you mean {near}?"),
    "skill": _("no agent has the skill {name}; did you mean {near}?"),
}
_LISTED: Final[Mapping[Kind, str]] = {
    "queue": _("there is no queue {name}; there are: {known}"),
    "flow": _("there is no flow {name}; there are: {known}"),
    "phone": _("there is no phone {name}; there are: {known}"),
    "agent": _("there is no agent {name}; there are: {known}"),
    "skill": _("no agent has the skill {name}; agents have: {known}"),
}
_KEY_MARK = "[key]"
"""How pydantic says that it means a mapping's key and not its value."""


def explain(
    error: ValidationError, model: type[BaseModel], file: str, tree: Node
) -> Iterator[Problem]:
    """Yield a problem for each thing that the model refuses in this file's tree."""
    details = error.errors(include_url=False, include_context=False)
    wrong_within = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in wrong_within:
            continue  # pydantic does not count wrong items; those are told by themselves
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
    """Return names for a message: all of them, or the first few, none of them long."""
    known = [name if len(name) <= ECHO_MAX else f"{name[:ECHO_MAX]}…" for name in names]
    few = 12
    return ", ".join(known[:few]) + (", …" if len(known) > few else "")


def unknown(kind: Kind, name: str, known: Iterable[str]) -> str:
    """Return the message that there is nothing of this name, and what there is."""
    names = list(known)
    near = nearest(name, names)
    words = _NEAR[kind] if near else _LISTED[kind]
    shown = repr(name if len(name) <= ECHO_MAX else f"{name[:ECHO_MAX]}…")
    return words.format(name=shown, near=near, known=listed(names))


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
    if detail["type"] == "rule":
        return detail["msg"]
    if detail["type"] == "extra_forbidden":
        known = list(_type_at(model, path[:-1]).keys)
        near = nearest(str(path[-1]), known)
        words = (
            _("is not a known key; did you mean {near}? allowed: {known}")
            if near
            else _("is not a known key; allowed: {known}")
        )
        return words.format(near=near, known=", ".join(known))
    at_key = detail["loc"][-1:] == (_KEY_MARK,)
    allowed = _type_at(model, (*path[:-1], _KEY_MARK) if at_key else path)
    if detail["type"] == "missing":
        return _("is missing; it must be {allowed}").format(allowed=allowed.means.words)
    shown = _shown(detail["input"], secret=allowed.means.secret)
    words = _("must be {allowed}, not {shown}") if shown else _("must be {allowed}")
    return words.format(allowed=allowed.means.words, shown=shown)


def _shown(value: object, *, secret: bool) -> str:
    """Return a value for a message: short, on one line, harmless to a terminal; or nothing."""
    match value:
        case None:
            return _("nothing")
        case bool():
            return "true" if value else "false"
        case dict():
            return _("a mapping") if value else _("an empty mapping")
        case list() | tuple():
            return _("a list of {count}").format(count=len(value))
    text = str(value)
    if secret:
        return ""
    return repr(value) if len(text) <= ECHO_MAX else repr(text[:ECHO_MAX] + "…")


@dataclass(frozen=True, slots=True)
class _Allowed:
    """A type, and the words for what it allows."""

    annotation: object
    means: Means

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a section."""
        section = _section(self.annotation)
        return () if section is None else tuple(section.model_fields)


def _type_at(annotation: object, path: KeyPath) -> _Allowed:
    """Return the type that a path leads to, below this one, and the words for what it allows."""
    annotation, means = _bare(annotation, in_list=bool(path) and isinstance(path[0], int))
    section = _section(annotation)
    if not path:
        return _Allowed(annotation, _words(section, means))
    step, rest = path[0], path[1:]
    if section is not None:
        return _type_at(section.model_fields[str(step)].rebuild_annotation(), rest)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and step != _KEY_MARK:
        return _type_at(arguments[1], rest)
    return _type_at(arguments[0], rest)


def _words(section: type[BaseModel] | None, means: Means | None) -> Means:
    """Return the words for a type; what stands where a section should may be a secret."""
    if section is not None:
        keys = ", ".join(section.model_fields)
        words = means.words if means else _("a mapping ({keys})").format(keys=keys)
        return Means(words, secret=True)
    return means or Means(_("something else"))


def _bare(
    annotation: Any,  # noqa: ANN401 - a type of any kind
    *,
    in_list: bool = False,
) -> tuple[object, Means | None]:
    """Return a type without its notes and without None, and the outermost words on it."""
    means: Means | None = None
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *notes = get_args(annotation)
            for note in reversed(notes):
                if isinstance(note, Within):
                    means = means or note.means
                elif isinstance(note, Means):
                    means = means or note
        elif get_origin(annotation) in {Union, UnionType}:
            # of a union, the member that goes deepest: a section rather than text
            members = [member for member in get_args(annotation) if member is not NoneType]
            sections = [member for member in members if _section(_bare(member)[0])]
            lists = [member for member in members if get_origin(_bare(member)[0]) is tuple]
            annotation = ((lists if in_list else None) or sections or members)[0]
        else:
            return annotation, means


def _section(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None
