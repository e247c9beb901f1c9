"""
What one file says about another: every name that is used must exist.

Walks the trees themselves, so that these problems are found together with all others, even while
a file has mistakes elsewhere. A file that could not be read at all is not accused of lacking names.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from config.errors import Position, Problem, Severity
from config.explain import Kind, unknown
from config.nodes import (
    ANY,
    KeyPath,
    Node,
    Scalar,
    Table,
    child,
    key_position,
    problem_at,
    select,
    texts,
)
from cti.language import _

Trees = Mapping[str, Node]
"""The files that could be read, by name."""

_HOMES: Final[Mapping[Kind, tuple[str, str]]] = {
    "queue": ("queues.yaml", "queues"),
    "flow": ("flows.yaml", "flows"),
    "agent": ("agents.yaml", "agents"),
}
"""Where the things of each kind are defined."""

_WAYS: Final[tuple[KeyPath, ...]] = tuple(
    (key, ANY) for key in ("join", "leave", "overflow", "keys")
)
_TO_QUEUES: Final = (("overflow", "to"), *((*way, "queue") for way in _WAYS))
_TO_FLOWS: Final = tuple((*way, "flow") for way in _WAYS)
"""Where the ways out of a queue stand, below the queue."""

_USES: Final[tuple[tuple[str, KeyPath, Kind], ...]] = (
    ("services.yaml", ("services", ANY, "flow"), "flow"),
    ("flows.yaml", ("flows", ANY, "menu", "choices", ANY, "queue"), "queue"),
    ("flows.yaml", ("flows", ANY, "menu", "otherwise", "queue"), "queue"),
    *(("queues.yaml", ("queues", ANY, *path), "queue") for path in _TO_QUEUES),
    *(("queues.yaml", ("queues", ANY, *path), "flow") for path in _TO_FLOWS),
    ("agents.yaml", ("agents", ANY, "queues", ANY), "queue"),
    ("queues.yaml", ("queues", ANY, "order", ANY), "agent"),
    ("queues.yaml", ("queues", ANY, "steps", ANY, "agents", ANY), "agent"),
)
"""Where which kind of thing is named: file, path, kind."""

_KEYS: Final[tuple[tuple[str, KeyPath, Kind], ...]] = (
    ("queues.yaml", ("queues", ANY, "weights"), "agent"),
    ("queues.yaml", ("queues", ANY, "rings"), "agent"),
    ("agents.yaml", ("agents", ANY, "wrap_up"), "queue"),
)
"""Where which kind of thing is named by a mapping's keys: file, path, kind."""

_ONCE: Final[tuple[tuple[str, KeyPath], ...]] = (
    ("services.yaml", ("services", ANY, "number")),
    ("services.yaml", ("services", ANY, "name")),
)
"""What may stand only once in its list."""


def unknown_names(trees: Trees) -> Iterator[Problem]:
    """Yield each use of a queue or a flow that does not exist."""
    for file, pattern, kind in _USES:
        known = _names(trees, kind)
        if not known or file not in trees:  # that there is none at all is said by itself
            continue
        for path, position, name in texts(trees[file], pattern):
            if name not in known:
                yield problem_at(file, position, path, unknown(kind, name, known))


def unknown_keys(trees: Trees) -> Iterator[Problem]:
    """Yield each key that names an agent or a queue that does not exist."""
    for file, pattern, kind in _KEYS:
        known = _names(trees, kind)
        for path, found in select(trees[file], pattern) if known and file in trees else ():
            for name, entry in found.entries.items() if isinstance(found, Table) else ():
                if known and name not in known:
                    message = unknown(kind, name, known)
                    yield problem_at(file, entry.key_position, (*path, name), message)


def limits_said_twice(trees: Trees) -> Iterator[Problem]:
    """Yield each limit of unanswered rings beside which the queue has the short form too."""
    file, home = _HOMES["queue"]
    pattern = (home, ANY, "misses", "no_answer", "limit")
    for path, limit in select(trees[file], pattern) if file in trees else ():
        short = [at for at, _node in select(trees[file], (home, path[1], "misses_max"))]
        if short and isinstance(limit, Scalar) and limit.value is not None:
            line = key_position(trees[file], short[0]).line
            message = _("misses_max in line {line} says it too; leave one of them out")
            yield problem_at(file, limit.position, path, message.format(line=line))


def repeated_services(trees: Trees) -> Iterator[Problem]:
    """Yield each service whose number or name another one has already."""
    for file, pattern in _ONCE:
        seen: dict[str, Position] = {}
        for path, position, text in texts(trees[file], pattern) if file in trees else ():
            first = seen.setdefault(text, position)
            if first is not position:
                message = _("belongs to another service already, in line {line}")
                yield problem_at(file, position, path, message.format(line=first.line))


def overflows_to_itself(trees: Trees) -> Iterator[Problem]:
    """Yield each way out of a queue that leads back into it."""
    file, home = _HOMES["queue"]
    for below in _TO_QUEUES:
        for path, position, to in texts(trees[file], (home, ANY, *below)) if file in trees else ():
            if path[1] == to:
                yield problem_at(file, position, path, _("must be another queue than this one"))


def idle_parts(trees: Trees) -> Iterator[Problem]:
    """Yield a warning for each queue that no agent serves and each agent who serves none."""
    queues = _names(trees, "queue")
    agents_tree = trees.get("agents.yaml")
    agents = None if agents_tree is None else child(agents_tree, "agents")
    if queues is None or agents_tree is None or not isinstance(agents, Table):
        return
    serving: set[str] = set()
    busy: set[str] = set()
    for path, _position, queue in texts(agents_tree, ("agents", ANY, "queues", ANY)):
        serving.add(queue)
        busy.add(str(path[1]))
    file, home = _HOMES["queue"]
    for name in queues:
        if name not in serving:
            at = key_position(trees[file], (home, name))
            message = _("no agent serves this queue")
            yield problem_at(file, at, (home, name), message, Severity.WARNING)
    for agent, entry in agents.entries.items():
        if agent not in busy:
            message = _("serves no queue and will get no calls")
            yield problem_at(
                "agents.yaml", entry.key_position, ("agents", agent), message, Severity.WARNING
            )


def _names(trees: Trees, kind: Kind) -> Mapping[str, object] | None:
    """Return the names of this kind that are defined; None where that cannot be told."""
    file, home = _HOMES[kind]
    found = child(trees[file], home) if file in trees else None
    return found.entries if isinstance(found, Table) else None
