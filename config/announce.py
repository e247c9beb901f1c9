"""The part of a queue in `queues.yaml` that says what its callers hear while they wait."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from acd.announce_policy import AnnouncePolicy, ComfortPolicy, EstimatePolicy, PositionPolicy
from acd.rules.announcing import PAUSE_MIN
from acd.tables.calibration import KEPT
from acd.tables.observed import PARTS
from config.durations import HOUR, MINUTE, SECOND, duration_text
from config.section import Section
from config.values import Means, Name, Within, rule
from cti.instants import Duration, seconds
from cti.language import _

POSITION_MAX = 1_000
COMFORT_MAX = 20
PER_CENT = PARTS // 100

First = Annotated[Duration, Within(Duration(0), HOUR)]
Every = Annotated[Duration, Within(PAUSE_MIN, HOUR)]


class TellPosition(Section):
    """How many callers come first."""

    at_most: Annotated[
        int,
        Field(ge=1, le=POSITION_MAX),
        Means(_("1 to {most}").format(most=POSITION_MAX)),
    ] = 10
    """Beyond this it is said that there are more than so many."""


class TellEstimate(Section):
    """How long it will take, as it is worked out from what is going on."""

    round_to: Annotated[Duration, Within(SECOND, HOUR)] = MINUTE
    """It is said in full multiples of this, rounded up."""
    at_most: Annotated[Duration, Within(MINUTE, Duration(24 * HOUR))] = Duration(30 * MINUTE)
    """Beyond this it is said that it takes more than that."""
    trusted: Annotated[int, Field(ge=0, le=100), Means(_("0 (never silent) to 100"))] = 60
    """Per cent: where fewer callers were answered within what they were told, it is not said."""
    cases: Annotated[int, Field(ge=1, le=KEPT), Means(_("1 to {most}").format(most=KEPT))] = 50
    """So many callers at least must tell, before it is said no longer."""

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        if self.at_most < self.round_to:
            raise rule(
                _("at_most is less than round_to ({round_to}): nothing could be said").format(
                    round_to=duration_text(self.round_to)
                )
            )
        return self


class Comfort(Section):
    """Prompts that are heard in turn."""

    prompts: Annotated[
        tuple[Name, ...],
        Field(min_length=1, max_length=COMFORT_MAX, strict=False),
        Means(_("a list of 1 to {most} prompts").format(most=COMFORT_MAX)),
    ]
    """The prompts: please_hold means prompts/please_hold.wav."""
    first_after: First = seconds(30)
    """How long after his coming a caller hears the first."""
    every: Every = seconds(30)
    """How long after one he hears the next."""


class Announce(Section):
    """What callers hear while they wait; docs/announcements.md tells each."""

    position: TellPosition | None = None
    """How many callers come first; {} for all defaults."""
    estimate: TellEstimate | None = None
    """How long it will take; {} for all defaults."""
    first_after: First = seconds(20)
    """How long after his coming a caller is first told position and estimate."""
    every: Every = MINUTE
    """How long after that he is told again."""
    only_improved: Annotated[bool, Means(_("true or false"))] = True
    """true: only what is better than what he was told last."""
    comfort: Comfort | None = None
    """Prompts that are heard in turn."""


def announce_policy(section: Announce | None) -> AnnouncePolicy | None:
    """Return what the core makes of it."""
    if section is None:
        return None
    position, estimate, comfort = section.position, section.estimate, section.comfort
    return AnnouncePolicy(
        first_after=section.first_after,
        every=section.every,
        only_improved=section.only_improved,
        position=None if position is None else PositionPolicy(at_most=position.at_most),
        estimate=None
        if estimate is None
        else EstimatePolicy(
            round_to=estimate.round_to,
            at_most=estimate.at_most,
            trusted=estimate.trusted * PER_CENT,
            cases=estimate.cases,
        ),
        comfort=None
        if comfort is None
        else ComfortPolicy(
            prompts=comfort.prompts, first_after=comfort.first_after, every=comfort.every
        ),
    )
