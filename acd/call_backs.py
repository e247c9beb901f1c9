"""
The words of call-backs: what a queue's rules say of them, what is told, and what is asked for.

A promise is a caller without a leg: he keeps his place, and is called when his turn has come. Each
attempt to reach him has a number, so that a late fact is recognised and not guessed. What they mean
is decided in `acd.rules.call_back_rules` and `acd.rules.attempt_rules`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from acd.ways import Cause
from cti.ids import AgentId, CallId, QueueName, Skills
from cti.instants import Duration, Time, seconds

NO_TIME: Final = Duration(0)
RETRY_AFTER: Final = seconds(10 * 60)
EXPIRES_AFTER: Final = seconds(24 * 3_600)
DIAL_TIME: Final = seconds(30)


class First(Enum):
    """Who is called first."""

    AGENT = "agent"
    """The agent: he sees the card, then the customer is dialled."""
    CUSTOMER = "customer"
    """The customer: when he answers he waits at his place, and an agent is found for him."""


class NotReached(Enum):
    """Why an attempt did not reach the customer."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    MACHINE = "machine"
    FAILED = "failed"
    """He could not be dialled, or nobody said in time how it ended."""
    AGENT_LEFT = "agent_left"
    """The agent hung up before the customer answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackPolicy:
    """
    How a queue calls back those to whom it is promised.

    A customer is dialled for `dial_time`, `attempts_max` times at most; after one that did not
    reach him he rests for `retry_after`, or for what `retries` say of its cause. A promise holds
    for `expires_after`. With the customer first he is dialled when an agent is ready for him, or
    sooner: when his wait is expected to be over within `ahead`.
    """

    first: First = First.AGENT
    attempts_max: int = 3
    retry_after: Duration = RETRY_AFTER
    retries: tuple[tuple[NotReached, Duration], ...] = ()
    expires_after: Duration = EXPIRES_AFTER
    dial_time: Duration = DIAL_TIME
    ahead: Duration = NO_TIME

    def rest_after(self, cause: NotReached) -> Duration:
        """Return how long a customer rests after an attempt that ended so."""
        return dict(self.retries).get(cause, self.retry_after)


CALL_BACK: Final = CallBackPolicy()
"""What holds where a queue says nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackPromised:
    """
    A number was confirmed, and its owner is to be called back; `party` is its opaque key.

    A call that waits becomes one without a leg, and keeps what it has; the rest of this fact does
    not count. For one that does not wait (a flow, a closed queue, the next morning) `queue` says
    where the promise stands, `entered_at` since when (now, where None), and the rest is as for
    `CallQueued`.
    """

    call: CallId
    party: str
    queue: QueueName | None = None
    entered_at: Time | None = None
    priority: Duration = NO_TIME
    skills: Skills = ()
    preferred: tuple[AgentId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackWithdrawn:
    """A person took a promise back: the customer, or somebody for him."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReached:
    """The customer answered, and is a person: with the agent where one was first, else alone."""

    call: CallId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotReached:
    """An attempt to reach the customer is over, in vain."""

    call: CallId
    attempt: int
    cause: NotReached


CallBackFact = CallBackPromised | CallBackWithdrawn | CustomerReached | CustomerNotReached


class RefusalCause(Enum):
    """Why nothing is promised."""

    QUEUE_UNKNOWN = "queue_unknown"
    ALREADY_PROMISED = "already_promised"
    """In this queue the same number is to be called back already; that promise is older."""
    CALL_ENDED = "call_ended"
    """The call has ended, or an agent has answered it."""
    TOO_MANY = "too_many"


class PromiseEnd(Enum):
    """How a promise ended whose customer was not reached."""

    NOT_REACHED = "not_reached"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCallBack:
    """
    Ask a waiting caller for the number at which he wants to be called back.

    He keeps his place, and is offered to nobody meanwhile. `CallBackPromised` says that he has
    confirmed it, `CallQueued` that he would rather wait.
    """

    call: CallId
    queue: QueueName
    cause: Cause
    waited: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeCallBack:
    """Tell him that he will be called back, once this is written down for good; end his leg."""

    call: CallId
    queue: QueueName
    party: str
    entered_at: Time
    expires_at: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseCallBack:
    """Tell him that he will not be called back; who waits goes on waiting."""

    call: CallId
    cause: RefusalCause


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCustomer:
    """
    Dial a customer for `ring_time`, and answer with one final fact that names the attempt.

    `agent` has the card already, and is to be connected; None: the customer is first.
    """

    call: CallId
    queue: QueueName
    party: str
    attempt: int
    ring_time: Duration
    agent: AgentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopDialling:
    """Hang up what an attempt dials, or has reached: nobody waits for it any more."""

    call: CallId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCallBack:
    """Tell everybody that a promise has ended, and how, after so many attempts."""

    call: CallId
    queue: QueueName
    end: PromiseEnd
    attempts: int


CallBackCommand = (
    AskCallBack | AcknowledgeCallBack | RefuseCallBack | DialCustomer | StopDialling | EndCallBack
)
