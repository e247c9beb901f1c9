"""Every event that the program's source can log, read from the source itself."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("cti", "acd", "ivr", "agents", "protocols", "storage", "config")
LOGGERS = {"log", "_log", "logger", "_logger"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


HELPERS: dict[str, tuple[str | None, str, frozenset[str]]] = {
    "_differs": ("switch_differs", "warning", frozenset({"what"})),
    "log_callback_failure": (None, "error", frozenset({"error", "pii_detail", "place"})),
}
"""Functions that log for others: the event (None: their first argument), its level, its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCall:
    """One place that logs; an exception is logged as an error."""

    place: str
    event: str
    level: str
    fields: frozenset[str]


def log_calls() -> Iterator[LogCall]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text())
            helpers = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef) and node.name in HELPERS
            ]
            chosen = _chosen(tree)
            inside = {id(node) for helper in helpers for node in ast.walk(helper)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and id(node) not in inside:
                    yield from _told(node, f"{path.relative_to(ROOT)}:{node.lineno}", chosen)


def _told(call: ast.Call, place: str, chosen: Mapping[str, set[str]]) -> Iterator[LogCall]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in HELPERS:
        known, level, fields = HELPERS[name]
        event = known or ast.literal_eval(call.args[0])
        named = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
        yield LogCall(place=place, event=event, level=level, fields=fields | named)
        return
    levels = _levels(call.func, chosen)
    if levels:
        yield from _logged(call, place, levels)


def _logged(call: ast.Call, place: str, levels: set[str]) -> Iterator[LogCall]:
    (event, *rest) = call.args
    assert isinstance(event, ast.Constant), f"{place}: an event's name is a fixed word"
    assert isinstance(event.value, str), place
    assert rest == [], f"{place}: values stand beside the event, by name"
    fields = {keyword.arg for keyword in call.keywords if keyword.arg != "exc_info"}
    names = frozenset(name for name in fields if name is not None)
    assert len(names) == len(fields), f"{place}: fields are named where they are logged"
    for level in levels:
        yield LogCall(place=place, event=event.value, level=level, fields=names)


def _levels(function: ast.expr, chosen: Mapping[str, set[str]]) -> set[str]:
    """Return the levels that a call may log at; none where it does not log."""
    if isinstance(function, ast.Attribute):
        of_log = isinstance(function.value, ast.Name) and function.value.id in LOGGERS
        level = "error" if function.attr == "exception" else function.attr
        return {level} if of_log and function.attr in LEVELS else set()
    return chosen.get(function.id, set()) if isinstance(function, ast.Name) else set()


def _chosen(tree: ast.Module) -> dict[str, set[str]]:
    """Return the names that stand for one level or another: `log.debug if … else log.info`."""
    return {
        node.targets[0].id: _levels(node.value.body, {}) | _levels(node.value.orelse, {})
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.IfExp)
    }
