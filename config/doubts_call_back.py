"""Warnings about call-backs: promised at night, promised in vain, never promised."""

from collections.abc import Iterator

from acd.call_backs import NotReached
from acd.ways import TargetKind
from config.call_back import CallBackSection
from config.doubts import QUEUES, Read
from config.durations import duration_text
from config.errors import Problem
from config.models import QueueSection
from config.nodes import KeyPath
from config.ways_check import keys_of, ways_of
from cti.instants import Duration
from cti.language import _

_CAUSES = (NotReached.BUSY, NotReached.NO_ANSWER, NotReached.MACHINE, NotReached.FAILED)


def odd_call_backs(read: Read) -> Iterator[Problem]:
    """Yield what is odd about how callers are called back."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        for path, message in _odd(queue):
            yield read.doubt(QUEUES, ("queues", name, *path), message)


def _odd(queue: QueueSection) -> Iterator[tuple[KeyPath, str]]:
    ways = [way for way in (*ways_of(queue), *keys_of(queue)) if way.kind is TargetKind.CALL_BACK]
    if ways and queue.hours is None:
        message = _("people are called back at any hour of the night: give the queue hours")
        yield (*ways[0].path, TargetKind.CALL_BACK.value), message
    if queue.call_back is None:
        return
    if not ways:
        message = _("has no effect: neither a rule nor a key of this queue leads to call_back")
        yield ("call_back",), message
    for key, message in _odd_rules(queue.call_back):
        yield ("call_back", key), message


def _odd_rules(rules: CallBackSection) -> Iterator[tuple[str, str]]:
    if rules.first == "agent" and rules.ahead:
        yield "ahead", _("has no effect: it is for first: customer")
    if rules.attempts_max == 1:
        for key in ("retry_after", "retries"):
            if key in rules.model_fields_set:
                yield key, _("has no effect: with attempts_max: 1 nothing is tried again")
        return
    shortest = min(rules.rest_after(cause) for cause in _CAUSES)
    longest = max(rules.rest_after(cause) for cause in _CAUSES)
    last = Duration(shortest * (rules.attempts_max - 1))
    if rules.expires_after <= longest:
        message = _(
            "is not longer than the rest between two attempts ({rest}): after one that is followed "
            "by it there is no other"
        )
        yield "expires_after", message.format(rest=duration_text(longest))
    elif rules.expires_after <= last:
        message = _(
            "is over before the last of {attempts} attempts: with the rests between them that one "
            "comes after {last} at the earliest"
        )
        words = message.format(attempts=rules.attempts_max, last=duration_text(last))
        yield "expires_after", words
