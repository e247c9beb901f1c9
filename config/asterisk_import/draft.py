"""What the configuration is going to be, before it is text."""

from dataclasses import dataclass, field

from config.asterisk_import.place import Place
from config.asterisk_import.report import Findings


@dataclass(slots=True, kw_only=True)
class QueueDraft:
    """
    A queue; `original` is its name in queues.conf, and `overflow` seconds and a queue.

    `penalties` are those of its members by their phones, in the order of their lines;
    `penalties_count` tells whether they count for app_queue. `order` and `weights` name agents.
    `refusals` are the causes, beside unanswered rings, that make an agent not ready.
    """

    name: str
    original: str
    place: Place
    ring_time_s: int = 15
    wrap_up_s: int = 0
    misses_max: int = 0
    waiting_max: int = 0
    music: str = ""
    strategy: str = "longest_idle"
    app_queue_strategy: str = "ringall"
    penalties: dict[str, int] = field(default_factory=dict)
    penalties_count: bool = True
    order: list[str] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    overflow: tuple[int, str] | None = None
    refusals: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class AgentDraft:
    """An agent; the remark says what must be filled in, `wrap_ups` are seconds by queue."""

    phone: str
    name: str = ""
    spoken: str = ""
    queues: list[str] = field(default_factory=list)
    wrap_ups: dict[str, int] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A member that could not be made an agent."""

    place: Place
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDraft:
    """A number that leads straight into a queue; the remark says what must be filled in."""

    number: str
    name: str
    queue: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of it, and what became of every line that it was made from."""

    queues: tuple[QueueDraft, ...]
    agents: tuple[AgentDraft, ...]
    left_out: tuple[LeftOut, ...]
    services: tuple[ServiceDraft, ...]
    music: str
    findings: Findings
