"""
What the interpreter asks the shell to do with the caller: imperatives, one at a time.

`Play` and `AwaitKey` are answered with a result (`ivr.results`); the others end the flow. Prompts
are names as configured; which file stands for a name, and where, is the shell's to know.
"""

from dataclasses import dataclass

from cti.ids import QueueName, Skills
from cti.instants import Duration

NO_HEAD_START = Duration(0)

KEYS = "0123456789*#"
"""The keys of a telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """
    Play these prompts one after the other, with no gap.

    The first of `keys` that is pressed stops them at once and is the result; otherwise `Played`.
    """

    prompts: tuple[str, ...]
    keys: str = KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitKey:
    """Wait for one key, in silence, for at most `timeout`."""

    timeout: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterQueue:
    """
    The flow's end: the caller goes into `queue`, because of `choice` (for the call log).

    `priority` is his head start there, in time; `skills` are asked for beside those of the queue.
    """

    queue: QueueName
    choice: str
    priority: Duration = NO_HEAD_START
    skills: Skills = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """The flow's end: hang up, because of `choice` (for the call log)."""

    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The flow's end: nothing is left to do, the caller has gone."""


Action = Play | AwaitKey | EnterQueue | HangUp | Stop
