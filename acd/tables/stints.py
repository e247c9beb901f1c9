"""
How long an agent is taken up by one call: from its offer to the end of his paperwork.

Followed by what he is doing, whatever rule or fact led to it, so that no way of ending a talk or a
wrap-up is forgotten. What came of it is observed per queue: how long it rings until an agent
answers, and how long a call takes him in all. An offer that he did not answer is not counted: it
took nobody's call. This module decides nothing.
"""

from dataclasses import dataclass

from cti.ids import CallId, QueueName
from cti.instants import Time

UNNAMED = CallId("")
"""The call of a stint that an older core noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """An agent's work for one call of a queue since it was offered, and since he answered."""

    queue: QueueName
    since: Time
    answered_at: Time | None = None
    call: CallId = UNNAMED
