"""
What the administrators decided, as the core reads it: frozen, complete, free of files and YAML.

A policy arrives as a fact (`acd.facts.PolicyApplied`), so that a replay decides by the policy that
was in force then.
"""

from dataclasses import dataclass
from enum import Enum

from acd.announce_policy import AnnouncePolicy
from acd.call_backs import CALL_BACK, CallBackPolicy
from acd.misses import MissRule
from acd.ways import NOW, ChainRule, JoinRule, KeyRule, LeaveRule
from cti.ids import AgentId, QueueName, Skills
from cti.instants import Duration, seconds

NO_WAIT = Duration(0)
FIRST_RING = 1

WINDOW = seconds(8 * 3_600)
"""How far back a strategy looks that counts what agents did, where nothing else is said."""
WRAP_UP_MAX = seconds(10 * 60)
"""How long a wrap-up may last in all, where nothing else is said."""
RING_NEXT_AFTER = seconds(5)
"""How long one more agent is waited for where a queue rings progressively, if nothing is said."""


class Strategy(Enum):
    """Who of the ready agents of a queue gets its next call."""

    LONGEST_IDLE = "longest_idle"
    """Who has waited longest for a call, whatever queue his last one came from."""
    ROUND_ROBIN = "round_robin"
    """In turn: whose last call of this queue is longest ago."""
    FEWEST_CALLS = "fewest_calls"
    """Who had the fewest calls of all queues within the window."""
    MOST_SKILLED = "most_skilled"
    """Who has the most of the skills that the call asked for at first, their levels added up."""
    LEAST_OCCUPIED = "least_occupied"
    """Who was busy for the smallest share of the time in which he wanted calls, in the window."""
    ORDERED = "ordered"
    """The first of a list who is ready."""
    WEIGHTED_RANDOM = "weighted_random"
    """By chance, in proportion to weights."""
    RING_ALL = "ring_all"
    """All who are ready, and who become ready while it rings; who answers first has the call."""
    RING_PROGRESSIVELY = "ring_progressively"
    """One, then one more beside him after each pause, until somebody answers."""


RINGS_SEVERAL = frozenset({Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY})
"""The strategies by which a call may ring at several agents at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRule:
    """The shortest chain: after `wait` in the queue, a call goes on to queue `to` with its age."""

    wait: Duration
    to: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    What is asked for less, or who is asked more, from `after` in the queue on.

    `skills` are new least levels of the skills that are named, 0: it is asked for no longer;
    `any_skills`: none is asked for any longer. `ring` opens the rings up to this one (0: none
    more). `agents` are added, whatever they know and whether they serve the queue or not.
    """

    after: Duration
    skills: Skills = ()
    any_skills: bool = False
    ring: int = 0
    agents: tuple[AgentId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """
    The rules of one queue.

    `misses_max` rings without answer in a row make the agent not ready by the system; 0 means
    never. `waiting_max` callers may wait at once; one more is turned away, unless a rule knows a
    way. `join` rules are for newcomers, `leave` rules for those who wait, and `chain` is the
    overflow chain; `overflow` is one rule of it, for queues that need no more. `strategy` says who
    is first in line: `window` is how far back it looks, `order` the agents' order (who is not in it
    comes after all who are), `weights` their weights (1 where nothing is said), `seed` what its
    chance begins with. Where it rings progressively, one more phone rings after each
    `ring_next_after`.

    `regain` is how long the place of a caller is kept who hangs up while he waits, should he call
    again.

    `misses` are the rules for the causes of missing a call of which more is said. An agent may
    extend his wrap-up until it has lasted `wrap_up_max` in all. `announce` is what its callers hear
    while they wait, `keys` is where the keys lead that they press; `keys_while_ringing`: also while
    an agent's phone rings for them.

    `skills` are the least levels that its calls ask for; `rings` says who is in a ring beyond the
    first; `steps` relax both in time, in the order of their waits. A call is kept for its preferred
    agents for `preferred_wait` at most. `weight` is the head start of all its calls before those
    of other queues. `call_back` says how those are called back to whom it is promised.
    """

    name: QueueName
    ring_time: Duration
    wrap_up: Duration
    misses_max: int
    waiting_max: int
    overflow: OverflowRule | None = None
    strategy: Strategy = Strategy.LONGEST_IDLE
    window: Duration = WINDOW
    order: tuple[AgentId, ...] = ()
    weights: tuple[tuple[AgentId, int], ...] = ()
    seed: int = 0
    ring_next_after: Duration = RING_NEXT_AFTER
    misses: tuple[MissRule, ...] = ()
    wrap_up_max: Duration = WRAP_UP_MAX
    announce: AnnouncePolicy | None = None
    keys: tuple[KeyRule, ...] = ()
    keys_while_ringing: bool = True
    join: tuple[JoinRule, ...] = ()
    leave: tuple[LeaveRule, ...] = ()
    chain: tuple[ChainRule, ...] = ()
    skills: Skills = ()
    rings: tuple[tuple[AgentId, int], ...] = ()
    steps: tuple[Step, ...] = ()
    preferred_wait: Duration = NO_WAIT
    weight: Duration = NO_WAIT
    regain: Duration = NOW
    call_back: CallBackPolicy = CALL_BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """
    One agent, the queues that he serves, and what he knows.

    `wrap_ups` is his own time after calls of some queues, `wrap_up` after those of all others;
    None: as long as the queue grants.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    wrap_up: Duration | None = None
    wrap_ups: tuple[tuple[QueueName, Duration], ...] = ()
    skills: Skills = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All queues and agents; `version` names this content and is kept with every decision."""

    version: str
    queues: tuple[QueuePolicy, ...]
    agents: tuple[AgentPolicy, ...]
