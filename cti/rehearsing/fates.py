"""Which calls fare otherwise here than they did: recorded and rehearsed stays, side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from cti.ids import AgentId, CallId, QueueName
from cti.instants import Duration, Time
from cti.rehearsing.stays import ANSWERED, Stay

WAITING = "waiting"
"""The fate of who still waits at the end."""


class Kind(Enum):
    """What changes of a call's fate, the weightiest first."""

    ANSWERED_INSTEAD = "answered_instead"
    NOT_ANSWERED_INSTEAD = "not_answered_instead"
    LOST_OTHERWISE = "lost_otherwise"
    """Answered neither then nor now, but otherwise lost, or not lost."""
    ANOTHER_AGENT = "another_agent"
    ANOTHER_QUEUE = "another_queue"
    SHORTER_WAIT = "shorter_wait"
    LONGER_WAIT = "longer_wait"
    NOT_COME = "not_come"
    """A further stay that only one of both has: the call was queued again after the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one stay of a call in the queues."""

    outcome: str
    queue: QueueName
    agent: AgentId | None
    wait: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stay whose fate changes; None: there is no such stay."""

    call: CallId
    number: int
    came: Time
    queue: QueueName
    kind: Kind
    recorded: Fate | None
    rehearsed: Fate | None


def changes(
    recorded: Mapping[CallId, Sequence[Stay]],
    rehearsed: Mapping[CallId, Sequence[Stay]],
    end: Time,
    bound: Duration,
) -> list[Change]:
    """Return the stays whose fate changes, in the order of their coming; waits by over `bound`."""
    found = []
    for call in dict.fromkeys((*recorded, *rehearsed)):
        then, here = recorded.get(call, ()), rehearsed.get(call, ())
        for number in range(max(len(then), len(here))):
            one = then[number] if number < len(then) else None
            other = here[number] if number < len(here) else None
            first = one or other
            kind = _kind(fate(one, end), fate(other, end), bound)
            if kind is None or first is None:
                continue
            found.append(
                Change(
                    call=call,
                    number=number + 1,
                    came=first.came,
                    queue=first.queue,
                    kind=kind,
                    recorded=fate(one, end),
                    rehearsed=fate(other, end),
                )
            )
    return sorted(found, key=lambda change: (change.came, change.call, change.number))


def counted(found: Sequence[Change]) -> dict[str, int]:
    """Return how many fates change in which way."""
    counts = Counter(change.kind for change in found)
    return {kind.value: counts[kind] for kind in Kind}


def fate(stay: Stay | None, end: Time) -> Fate | None:
    """Return what became of a stay by the end."""
    if stay is None:
        return None
    return Fate(
        outcome=stay.outcome or WAITING, queue=stay.place, agent=stay.agent, wait=stay.wait(end)
    )


def _kind(then: Fate | None, here: Fate | None, bound: Duration) -> Kind | None:
    if then is None or here is None:
        return Kind.NOT_COME
    if then.outcome != here.outcome:
        if here.outcome == ANSWERED:
            return Kind.ANSWERED_INSTEAD
        return Kind.NOT_ANSWERED_INSTEAD if then.outcome == ANSWERED else Kind.LOST_OTHERWISE
    shorter, longer = here.wait < then.wait - bound, here.wait > then.wait + bound
    differing = (
        (then.agent != here.agent, Kind.ANOTHER_AGENT),
        (then.queue != here.queue, Kind.ANOTHER_QUEUE),
        (shorter, Kind.SHORTER_WAIT),
        (longer, Kind.LONGER_WAIT),
    )
    return next((kind for differs, kind in differing if differs), None)
