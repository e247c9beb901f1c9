"""What it means for a queue that somebody says it is open or closed."""

from typing import assert_never

from acd.facts import QueueClosed, QueueLeftToCalendar, QueueOpened
from acd.rules import call_back_rules
from acd.tables.floor import Floor
from acd.tables.opening import Word


def hear(floor: Floor, fact: QueueOpened | QueueClosed | QueueLeftToCalendar) -> None:
    """Take a word about a queue, or its being taken back; an unknown queue hears nothing."""
    queue = floor.queues.get(fact.queue)
    if queue is None:
        return
    match fact:
        case QueueOpened() | QueueClosed():
            word = Word(is_open=isinstance(fact, QueueOpened), since=floor.now, note=fact.note)
            queue.opening = queue.opening.told(fact.said_by, word)
        case QueueLeftToCalendar():
            queue.opening = queue.opening.left_to_calendar()
        case _ as unreachable:
            assert_never(unreachable)
    floor.stir(queue)
    call_back_rules.review(floor, queue)
