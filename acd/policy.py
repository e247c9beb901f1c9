"""
What the administrators decided, as the core reads it: frozen, complete, free of files and YAML.

A policy arrives as a fact (`acd.facts.PolicyApplied`), so that a replay decides by the policy that
was in force then.
"""

from dataclasses import dataclass

from cti.ids import AgentId, QueueName
from cti.instants import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRule:
    """After `wait` in the queue, the call goes on to queue `to`, keeping its age."""

    wait: Duration
    to: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """
    The rules of one queue.

    `misses_max` rings without answer in a row make the agent not ready by the system; 0 means
    never. `waiting_max` callers may wait at once; one more is turned away.
    """

    name: QueueName
    ring_time: Duration
    wrap_up: Duration
    misses_max: int
    waiting_max: int
    overflow: OverflowRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """One agent and the queues that he serves."""

    agent: AgentId
    queues: tuple[QueueName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All queues and agents; `version` names this content and is kept with every decision."""

    version: str
    queues: tuple[QueuePolicy, ...]
    agents: tuple[AgentPolicy, ...]
