"""
What it means that an agent did not take a call: a miss, counted for each cause in a row of its own.

A row makes the agent not ready when it reaches the limit of the queue whose call he missed; an
answer ends all rows, and so does logging on anew. This module knows neither agents nor queues.
"""

from dataclasses import dataclass
from enum import Enum

from cti.instants import Duration, seconds

RETRY_PAUSE = seconds(5)
"""How long an agent is spared a call that he did not take, or any call that his phone refused."""
UNREACHABLE_PAUSE = seconds(30)
"""How long an agent rests whose phone could not be reached: registrations take their time."""
REFUSAL_PAUSE_MIN = seconds(1)
"""
The least rest after a refusal, whatever the rule says. A phone that refused one call within
milliseconds would refuse the next one as fast: one busy phone could run through ten thousand
waiting calls.
"""


class MissCause(Enum):
    """Why an agent did not take a call, as far as it is his or his phone's doing."""

    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


MISS_DELAYS: dict[MissCause, Duration] = {
    MissCause.NO_ANSWER: Duration(0),
    MissCause.REJECTED: RETRY_PAUSE,
    MissCause.BUSY: RETRY_PAUSE,
    MissCause.UNREACHABLE: UNREACHABLE_PAUSE,
}
"""How long an agent rests after a miss, where his queue does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissRule:
    """
    What a queue decided about one cause.

    `limit` misses in a row make the agent not ready by the system; 0 means never. After each miss
    he is offered no call at all for `delay`.
    """

    cause: MissCause
    limit: int
    delay: Duration

    @property
    def rest(self) -> Duration:
        """How long he is offered no call at all, `REFUSAL_PAUSE_MIN` at least after a refusal."""
        if self.cause is MissCause.NO_ANSWER:
            return self.delay
        return max(self.delay, REFUSAL_PAUSE_MIN)


def rule_for(cause: MissCause, misses_max: int, rules: tuple[MissRule, ...]) -> MissRule:
    """Return the rule for a cause; `misses_max` is the limit of unanswered rings not in `rules`."""
    for rule in rules:
        if rule.cause is cause:
            return rule
    limit = misses_max if cause is MissCause.NO_ANSWER else 0
    return MissRule(cause=cause, limit=limit, delay=MISS_DELAYS[cause])
