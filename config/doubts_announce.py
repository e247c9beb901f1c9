"""Warnings about what callers hear while they wait, and about the keys that they press."""

from collections.abc import Iterator

from config.announce import Announce, TellEstimate
from config.doubts import QUEUES, Read
from config.durations import duration_text
from config.errors import Problem
from config.models import QueueSection
from config.ways_check import waits
from cti.language import _

Doubt = tuple[tuple[str, ...], str]
"""A key within `announce`, and what is to be said of it."""

RIGHT_ESTIMATES = 85
"""Per cent: so many callers are answered in time by estimates that are as right as can be."""


def odd_announcements(read: Read) -> Iterator[Problem]:
    """Yield what is announced for nothing, or can never be."""
    if read.queues is None:
        return
    agents = read.agents.agents.values() if read.agents is not None else ()
    served = {name for agent in agents for name in agent.queues}
    for name, queue in read.queues.queues.items():
        if queue.announce is not None:
            for key, message in _odd(queue, queue.announce, is_served=name in served):
                yield read.doubt(QUEUES, ("queues", name, "announce", *key), message)


def unplayed_announcements(read: Read) -> Iterator[Problem]:
    """Yield each queue whose announcements are worked out, and not played to anybody yet."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        if queue.announce is not None:
            message = _(
                "is not played to callers by this version: what they would hear stands in the "
                "journal, and cordboard simulate tells of it"
            )
            yield read.doubt_key(QUEUES, ("queues", name, "announce"), message)


def odd_keys(read: Read) -> Iterator[Problem]:
    """Yield what is said of keys where there are none."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        if "keys_while_ringing" in queue.model_fields_set and not queue.keys:
            message = _("has no effect: no key leads anywhere")
            yield read.doubt(QUEUES, ("queues", name, "keys_while_ringing"), message)


def unheard_keys(read: Read) -> Iterator[Problem]:
    """Yield each queue whose keys are worked out, and not heard yet."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        if queue.keys:
            message = _("is not heard by this version: keys do nothing while callers wait")
            yield read.doubt_key(QUEUES, ("queues", name, "keys"), message)


def _odd(queue: QueueSection, announce: Announce, *, is_served: bool) -> Iterator[Doubt]:
    tells_place = announce.position is not None or announce.estimate is not None
    if not tells_place and announce.comfort is None:
        yield (), _("says nothing: it needs position, estimate or comfort")
    elif not tells_place:
        for key in ("first_after", "every", "only_improved"):
            if key in announce.model_fields_set:
                yield (key,), _("has no effect: neither position nor estimate is told")
    if announce.estimate is not None:
        yield from _odd_estimate(announce.estimate, is_served=is_served)
    wait = min((wait for _path, wait in waits(queue)), default=None)
    if wait is not None:
        message = _("is never heard: callers go on to another queue after {wait}")
        if tells_place and announce.first_after >= wait:
            yield ("first_after",), message.format(wait=duration_text(wait))
        if announce.comfort is not None and announce.comfort.first_after >= wait:
            yield ("comfort", "first_after"), message.format(wait=duration_text(wait))


def _odd_estimate(estimate: TellEstimate, *, is_served: bool) -> Iterator[Doubt]:
    if not is_served:
        yield ("estimate",), _("is never told: no agent serves this queue")
    if estimate.trusted == 0:
        yield ("estimate", "trusted"), _("estimates are told, however wrong they prove")
    elif estimate.trusted > RIGHT_ESTIMATES:
        message = _("is more than right estimates reach ({share} %): they will not be told")
        yield ("estimate", "trusted"), message.format(share=RIGHT_ESTIMATES)
