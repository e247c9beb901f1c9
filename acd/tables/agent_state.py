"""
An agent: what he wishes, what he is doing, and how often he missed calls.

Wish and occupation are two machines that do not know each other. A wish is recorded the moment it
is uttered and counts when the agent is idle: "not ready" during a talk takes effect by itself when
the talk is over. The two tables are the only truth about what may follow what; `become` and `want`
are the sole writers. This module knows nothing of queues and other agents, and decides no call.

Odd cases: a phone may be taken into use by something else at any moment (`in_use_elsewhere`); while
the agent is offered a call or busy with one, that is only remembered. The time for wrapping up runs
on while he uses his phone elsewhere: agents call customers back during their paperwork.
"""

from dataclasses import dataclass, field
from enum import Enum

from acd.commands import Occupation, ShowAgentState, Wish
from acd.errors import IllegalTransitionError
from acd.misses import MissCause
from acd.policy import QueuePolicy
from acd.tables.stints import Stint
from acd.tables.workload import Workload
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName, Skills
from cti.instants import Duration, Time

NO_WRAP_UP = Duration(0)

WISHES: dict[tuple[Wish, Wish], str] = {
    (Wish.LOGGED_OFF, Wish.NOT_READY): "he logs on",
    (Wish.NOT_READY, Wish.NOT_READY): "another reason, or another phone",
    (Wish.NOT_READY, Wish.READY): "he wants calls",
    (Wish.READY, Wish.NOT_READY): "he wants a break, or the system keeps calls from him",
    (Wish.READY, Wish.LOGGED_OFF): "he logs off",
    (Wish.NOT_READY, Wish.LOGGED_OFF): "he logs off",
}

OCCUPATIONS: dict[tuple[Occupation, Occupation], str] = {
    (Occupation.IDLE, Occupation.OFFERED): "a call is offered to him",
    (Occupation.OFFERED, Occupation.BUSY): "he answered",
    (Occupation.OFFERED, Occupation.IDLE): "the offer ended without a talk",
    (Occupation.OFFERED, Occupation.BUSY_ELSEWHERE): "the offer ended, his phone is in use",
    (Occupation.BUSY, Occupation.WRAPPING_UP): "the talk ended",
    (Occupation.BUSY, Occupation.IDLE): "the talk ended, no wrap-up",
    (Occupation.BUSY, Occupation.BUSY_ELSEWHERE): "the talk ended, his phone is in use",
    (Occupation.WRAPPING_UP, Occupation.IDLE): "time is up, or he is done",
    (Occupation.WRAPPING_UP, Occupation.BUSY_ELSEWHERE): "he uses his phone",
    (Occupation.IDLE, Occupation.BUSY_ELSEWHERE): "he uses his phone",
    (Occupation.BUSY_ELSEWHERE, Occupation.IDLE): "his phone is free again",
    (Occupation.BUSY_ELSEWHERE, Occupation.WRAPPING_UP): "his phone is free, paperwork is not done",
}


class Standing(Enum):
    """How an agent stands towards new calls: he may have one, or the first thing against it."""

    __hash__ = object.__hash__  # one object each, and Enum's own hashes the name in Python

    READY = "ready"
    LOGGED_OFF = "logged_off"
    NOT_READY = "not_ready"
    OFFERED = "offered"
    BUSY = "busy"
    BUSY_ELSEWHERE = "busy_elsewhere"
    WRAPPING_UP = "wrapping_up"
    RESTING = "resting"


_STANDING_WHEN_OCCUPIED = {
    Occupation.OFFERED: Standing.OFFERED,
    Occupation.BUSY: Standing.BUSY,
    Occupation.BUSY_ELSEWHERE: Standing.BUSY_ELSEWHERE,
    Occupation.WRAPPING_UP: Standing.WRAPPING_UP,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Agent:
    """
    One agent as the core knows him now.

    `idle_since` is his place in the line of those who wait for a call: when his last talk or
    wrap-up ended, when he last became ready, or when a call that he did not take left him. `call`
    is the call that he is offered, talks with, or wraps up. `wrap_up` is what follows his present
    talk, and `wrap_up_max` how long it may be made; `wrap_up_latest` is to when a wrap-up that runs
    may be extended. `misses` are his rows of misses; `row` is how many of them made him not ready,
    where it was the system. `own_wrap_ups` is his own time after calls of some queues,
    `own_wrap_up` after all others. `stint` is his work for one call, from its offer on. `leaving`:
    no longer in the policy; he is forgotten when his call is over. `not_ready_in` are queues of
    which he wants no calls, with his reasons.
    """

    agent: AgentId
    queues: tuple[QueueName, ...] = ()
    wish: Wish = Wish.LOGGED_OFF
    reason: str | None = None
    occupation: Occupation = Occupation.IDLE
    since: Time
    idle_since: Time
    device: DeviceId | None = None
    call: CallId | None = None
    offer: OfferId | None = None
    in_use_elsewhere: bool = False
    wrap_up: Duration = NO_WRAP_UP
    wrap_up_max: Duration = NO_WRAP_UP
    wrap_up_ends: Time | None = None
    wrap_up_latest: Time | None = None
    own_wrap_up: Duration | None = None
    own_wrap_ups: tuple[tuple[QueueName, Duration], ...] = ()
    rests_until: Time | None = None
    misses: dict[MissCause, int] = field(default_factory=dict)
    row: int = 0
    leaving: bool = False
    stint: Stint | None = None
    skills: Skills = ()
    not_ready_in: dict[QueueName, str] = field(default_factory=dict)
    workload: Workload = field(default_factory=Workload)

    def become(self, occupation: Occupation, now: Time) -> None:
        """
        Do something else from `now` on.

        Raises:
            IllegalTransitionError: the table does not know this step: our bug.
        """
        if (self.occupation, occupation) not in OCCUPATIONS:
            raise IllegalTransitionError(
                f"agent {self.agent}", self.occupation.value, occupation.value
            )
        self.occupation = occupation
        self.since = now

    def want(self, wish: Wish, reason: str | None, now: Time, *, row: int = 0) -> None:
        """
        Wish something else from `now` on; `row`: because of so many misses in a row.

        Becoming ready puts him at the end of the line: a break can only cost his place, never
        better it.

        Raises:
            IllegalTransitionError: the table does not know this step: our bug.
        """
        if (self.wish, wish) not in WISHES:
            raise IllegalTransitionError(f"agent {self.agent}", self.wish.value, wish.value)
        self.wish = wish
        self.reason = reason
        self.row = row
        self.since = now
        if wish is Wish.READY:
            self.idle_since = now

    def standing(self) -> Standing:
        """Return whether he may have a call now, or the first thing against it."""
        if self.occupation is not Occupation.IDLE:
            return _STANDING_WHEN_OCCUPIED[self.occupation]
        if self.wish is Wish.LOGGED_OFF:
            return Standing.LOGGED_OFF
        if self.wish is Wish.NOT_READY:
            return Standing.NOT_READY
        return Standing.READY if self.rests_until is None else Standing.RESTING

    def wrap_up_after(self, rules: QueuePolicy) -> Duration:
        """Return how long he wraps up after a call of a queue: his own time, or the queue's."""
        own = self.own_wrap_up
        if self.own_wrap_ups:
            own = dict(self.own_wrap_ups).get(rules.name, own)
        return rules.wrap_up if own is None else own

    def standing_in(self, queue: QueueName) -> Standing:
        """Return how he stands towards the calls of one of his queues."""
        standing = self.standing()
        if standing is Standing.READY and queue in self.not_ready_in:
            return Standing.NOT_READY
        return standing

    def declines(self, queue: QueueName) -> bool:
        """Return whether he wants calls, but none of this queue."""
        return self.wish is Wish.READY and queue in self.not_ready_in

    def follow_work(self, now: Time) -> None:
        """Note in his workload what he does from now on."""
        busy = self.occupation in (Occupation.BUSY, Occupation.WRAPPING_UP)
        self.workload.follow(now, busy=busy, available=busy or self.wish is Wish.READY)

    def shown(self) -> ShowAgentState:
        """Return his state as it is shown to him and to whoever watches him."""
        paperwork = self.occupation in (Occupation.WRAPPING_UP, Occupation.BUSY_ELSEWHERE)
        return ShowAgentState(
            agent=self.agent,
            wish=self.wish,
            reason=self.reason,
            occupation=self.occupation,
            device=self.device,
            call=self.call,
            since=self.since,
            until=self.wrap_up_ends if paperwork else None,
            until_max=self.wrap_up_latest if paperwork else None,
            not_ready_in=tuple(sorted(self.not_ready_in.items())) if self.not_ready_in else (),
        )


def next_for(wish: Wish, *, is_in_use: bool, wraps_up: bool) -> Occupation:
    """Return what an agent does who has no call."""
    if wish is Wish.LOGGED_OFF:
        return Occupation.IDLE
    if is_in_use:
        return Occupation.BUSY_ELSEWHERE
    return Occupation.WRAPPING_UP if wraps_up else Occupation.IDLE
