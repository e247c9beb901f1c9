"""
What a session of ours is told when it begins: the arguments that the dialplan passes to `AGI()`.

They hold only what the daemon or the dialplan itself set on the channel (ids, states, times), never
anything of the caller's; still each is read as text that may be wrong.
"""

import re
from dataclasses import dataclass

from cti.ids import CallId, QueueName
from cti.instants import Duration, Time

SESSION_ARGUMENTS = (
    "CORD_CALL",
    "CORD_SERVICE",
    "CORD_STATE",
    "CORD_NEXT",
    "CORD_DIALED",
    "CORD_CAUSE",
    "CORD_QUEUE",
    "CORD_SINCE",
    "CORD_PRIORITY",
)
"""The channel variables that become the session's arguments, in this order."""

NEXT_QUEUE = "queue:"
_CALL_ID = re.compile(r"[0-9a-f-]{36}")
_NAME = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """
    How a channel comes to us: as a new caller (`call` None), or as one we know of.

    `dialed` and `cause` tell how the Dial ended that ran since the last session, if one did;
    `next_queue` is where the caller is meant to go now; `queue`, `since` and `priority` are the
    place that was written on his channel.
    """

    call: CallId | None
    service: str
    state: str
    next_queue: QueueName | None
    dialed: str
    cause: int
    queue: QueueName | None
    since: Time | None
    priority: Duration


def read_attachment(arguments: tuple[str, ...]) -> Attachment:
    """Return what the arguments say; whatever is not in its form is read as not said."""
    padded = (*arguments, *[""] * len(SESSION_ARGUMENTS))
    told = dict(zip(SESSION_ARGUMENTS, padded, strict=False))
    since = _number(told["CORD_SINCE"])
    return Attachment(
        call=CallId(told["CORD_CALL"]) if _CALL_ID.fullmatch(told["CORD_CALL"]) else None,
        service=told["CORD_SERVICE"],
        state=told["CORD_STATE"],
        next_queue=next_queue(told["CORD_NEXT"]),
        dialed=told["CORD_DIALED"],
        cause=_number(told["CORD_CAUSE"]) or 0,
        queue=_name(told["CORD_QUEUE"]),
        since=None if since is None else Time(since),
        priority=Duration(_number(told["CORD_PRIORITY"]) or 0),
    )


def next_queue(told: str) -> QueueName | None:
    """Return the queue that `CORD_NEXT` names, or None."""
    return _name(told.removeprefix(NEXT_QUEUE)) if told.startswith(NEXT_QUEUE) else None


def _name(text: str) -> QueueName | None:
    return QueueName(text) if _NAME.fullmatch(text) else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - 64 bits
