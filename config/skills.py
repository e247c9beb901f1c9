"""What `queues.yaml` and `agents.yaml` say of who may take a call: skills, steps, rings."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from config.durations import HOUR, SECOND, duration_text
from config.section import Section
from config.values import Editors, Means, Name, Within, rule, unique
from cti.instants import Duration
from cti.language import _

LEVEL_MAX = 100
SKILLS_MAX = 100
RING_MAX = 20
STEPS_MAX = 20
AGENTS_ADDED_MAX = 1_000
WEIGHT_MAX = HOUR
"""How much earlier a queue's calls may count than they came: so long another's may wait for it."""

Level = Annotated[int, Field(ge=1, le=LEVEL_MAX), Means(_("1 to {most}").format(most=LEVEL_MAX))]
Skills = Annotated[
    dict[Name, Level],
    Field(max_length=SKILLS_MAX),
    Means(_("a mapping of up to {most} skills to levels").format(most=SKILLS_MAX)),
]
Rings = Annotated[
    dict[
        Name,
        Annotated[int, Field(ge=2, le=RING_MAX), Means(_("2 to {most}").format(most=RING_MAX))],
    ],
    Means(_("a mapping of agents to rings")),
]


class StepSection(Section):
    """From a wait on, less is asked for, or more agents are asked."""

    after: Annotated[Duration, Within(SECOND, Duration(24 * HOUR))]
    """How long a call has waited in this queue."""
    skills: Annotated[
        dict[
            Name,
            Annotated[
                int, Field(ge=0, le=LEVEL_MAX), Means(_("0 to {most}").format(most=LEVEL_MAX))
            ],
        ],
        Means(_("a mapping of skills to levels, 0: asked for no longer")),
    ] = Field(default_factory=dict)
    """Lower levels for skills that are asked for; 0: asked for no longer."""
    any_skills: bool = False
    """true: no skill is asked for any longer."""
    ring: Annotated[
        int | None, Field(ge=2, le=RING_MAX), Means(_("2 to {most}").format(most=RING_MAX))
    ] = None
    """The rings up to this one are asked too."""
    agents: Annotated[
        tuple[Name, ...],
        Field(max_length=AGENTS_ADDED_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of up to {most} agents").format(most=AGENTS_ADDED_MAX)),
    ] = ()
    """Agents who are asked too, whatever they know and whichever queues they serve."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.skills or self.any_skills or self.ring or self.agents):
            raise rule(_("needs one of these at least: skills, any_skills, ring, agents"))
        return self


def in_order(steps: tuple[StepSection, ...]) -> tuple[StepSection, ...]:
    """Refuse steps that are not in the order of their waits."""
    for earlier, later in pairwise(steps):
        if later.after <= earlier.after:
            raise rule(
                _("the steps must be in order: {later} does not come after {earlier}").format(
                    later=duration_text(later.after), earlier=duration_text(earlier.after)
                )
            )
    return steps


Steps = Annotated[
    tuple[StepSection, ...],
    Field(max_length=STEPS_MAX, strict=False),
    AfterValidator(in_order),
    Means(_("a list of up to {most} steps").format(most=STEPS_MAX)),
]
