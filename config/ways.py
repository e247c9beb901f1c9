"""The sections that say where a call may go instead of waiting: at the door, later, and in turn."""

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from acd.ways import PARTS, Target, TargetKind
from config.durations import HOUR, SECOND
from config.section import Section, one_of
from config.values import Means, Name, ServiceNumber, Textual, Within, rule
from cti.instants import Duration
from cti.language import _

CHAIN_MAX: Final = 20
"""Rules of one overflow chain."""
WAITING_MAX: Final = 10_000
"""Callers who may wait in one queue; each holds a channel and a session."""
LEAVE_AFTER_MAX: Final = HOUR
TARGETS: Final = ("queue", "voicemail", "number", "flow", "call_back", "busy")
CAUSES: Final = ("closed", "full", "no_agents", "all_not_ready")
"""The causes of join and leave rules, in the order in which they count."""

LongWait = Annotated[Duration, Within(SECOND, Duration(24 * HOUR))]


def _ratio(text: str) -> str:
    if not Decimal(text):
        raise rule(_("must be above 0"))
    return text


Ratio = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,3})?$"),
    Textual,
    AfterValidator(_ratio),
    Means(_("a number above 0 such as 2 or 1.5")),
]


class TargetSection(Section):
    """Where a call is sent: one of queue, voicemail, number, flow, call_back and busy."""

    model_config = ConfigDict(json_schema_extra=one_of(*TARGETS))

    queue: Name | None = None
    """Another queue (queues.yaml)."""
    voicemail: Name | None = None
    """A voicemail box."""
    number: ServiceNumber | None = None
    """A number that is called for him."""
    flow: Name | None = None
    """A flow (flows.yaml)."""
    call_back: Annotated[Literal[True] | None, Means(_("true"))] = None
    """true: he is called back."""
    busy: Annotated[Literal[True] | None, Means(_("true"))] = None
    """true: he is told that nobody can take his call."""
    keep_age: bool = True
    """In another queue: whether he keeps the age that he has, or begins anew."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        named = [key for key in TARGETS if getattr(self, key) is not None]
        if len(named) != 1:
            raise rule(
                _("needs one target and no more of: {targets}").format(targets=", ".join(TARGETS))
            )
        if "keep_age" in self.model_fields_set and self.queue is None:
            raise rule(_("keep_age is for the target queue only; leave it out"))
        return self

    @property
    def kind(self) -> TargetKind:
        """Which kind of target it is."""
        return next(TargetKind(key) for key in TARGETS if getattr(self, key) is not None)

    @property
    def target(self) -> Target:
        """The target as the core reads it."""
        named = getattr(self, self.kind.value)
        name = "" if named is True else named
        return Target(kind=self.kind, name=name, keeps_age=self.keep_age)


class JoinSection(Section):
    """Where newcomers are sent who find one of these causes; the first that holds counts."""

    closed: TargetSection | None = None
    """The queue is closed; without it they are turned away."""
    full: TargetSection | None = None
    """waiting_max callers wait; without it they are turned away."""
    no_agents: TargetSection | None = None
    """None of its agents is logged on; without it they wait."""
    all_not_ready: TargetSection | None = None
    """Some are logged on, and none of those wants calls; without it they wait."""


class LeaveTarget(TargetSection):
    """Where those are sent who wait while a cause holds, and after how long."""

    after: Annotated[Duration, Within(Duration(0), LEAVE_AFTER_MAX)] = Duration(0)
    """How long the cause must have held while he waited."""


class LeaveSection(Section):
    """Where those who wait are sent when one of these causes arises; without one they stay."""

    closed: LeaveTarget | None = None
    """The queue has closed."""
    full: LeaveTarget | None = None
    """waiting_max callers wait: who came first makes room."""
    no_agents: LeaveTarget | None = None
    """None of its agents is logged on any more."""
    all_not_ready: LeaveTarget | None = None
    """Some are logged on, and none of those wants calls any more."""


class ChainSection(TargetSection):
    """A rule of an overflow chain: all that it names must hold."""

    wait: LongWait | None = None
    """So long he has been in this queue; a rule without it is for newcomers."""
    waiting: (
        Annotated[
            int,
            Field(ge=1, le=WAITING_MAX),
            Means(_("1 to {most}").format(most=WAITING_MAX)),
        ]
        | None
    ) = None
    """So many callers wait at least."""
    calls_per_agent: Ratio | None = None
    """So many callers wait at least for each agent who is logged on."""
    estimated_wait: LongWait | None = None
    """So much longer at least is he expected to wait."""

    @model_validator(mode="after")
    def _names_a_condition(self) -> Self:
        conditions = (self.wait, self.waiting, self.calls_per_agent, self.estimated_wait)
        if conditions == (None, None, None, None):
            raise rule(
                _("needs one condition at least: wait, waiting, calls_per_agent, estimated_wait")
            )
        return self

    @property
    def calls_per_agent_parts(self) -> int | None:
        """The ratio in parts per million."""
        ratio = self.calls_per_agent
        return None if ratio is None else int(Decimal(ratio) * PARTS)


class Overflow(Section):
    """A call that has waited too long goes on to another queue; it keeps its age."""

    # a second at least: calls that circle between queues do so slowly
    after: LongWait
    """How long a call waits before it goes on."""
    to: Name
    """The queue that it goes on to."""


Chain = Annotated[
    Annotated[Overflow, Tag("short")]
    | Annotated[
        tuple[ChainSection, ...],
        Field(min_length=1, max_length=CHAIN_MAX, strict=False),
        Tag("chain"),
    ],
    Discriminator(lambda value: "chain" if isinstance(value, list | tuple) else "short"),
    Means(_("{{after: …, to: QUEUE}}, or a list of 1 to {most} rules").format(most=CHAIN_MAX)),
]
