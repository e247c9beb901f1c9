"""
The shape of every configuration file but the main one (`config.main_file`).

Pydantic checks one value, or one section, at a time; what needs another file or the world outside
(a queue that must exist, a sound file, a secret) is checked by `config.references`,
`config.prompts`, `config.secrets` and `config.certificates`.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from acd.misses import MISS_DELAYS, REFUSAL_PAUSE_MIN, MissCause
from acd.policy import RING_NEXT_AFTER, WINDOW, WRAP_UP_MAX
from config.announce import Announce
from config.call_back import CallBackSection
from config.durations import HOUR, MINUTE, SECOND
from config.hours import HoursOfQueue, NamedHours
from config.section import Section, one_of
from config.skills import WEIGHT_MAX as QUEUE_WEIGHT_MAX
from config.skills import Rings, Skills, Steps
from config.values import (
    ChoiceName,
    Editors,
    Key,
    Means,
    Name,
    PasswordHash,
    PhoneName,
    ServiceNumber,
    SpokenName,
    Within,
    rule,
    unique,
)
from config.ways import WAITING_MAX, Chain, JoinSection, LeaveSection, TargetSection
from cti.instants import Duration, seconds
from cti.language import _
from ivr.flow import TRIES_MAX

PHONES_MAX = 8
"""Phones of one agent."""
QUEUES_OF_AGENT_MAX = 100
PROMPTS_IN_ROW_MAX = 20
ORDER_MAX = 1_000
"""Agents in a queue's list."""
WEIGHT_MAX = 1_000
SEED_MAX = 2**31 - 1
StrategyName = Literal[
    "longest_idle",
    "round_robin",
    "fewest_calls",
    "most_skilled",
    "least_occupied",
    "ordered",
    "weighted_random",
    "ring_all",
    "ring_progressively",
]
_STRATEGIES = _("one of {names}").format(names=", ".join(get_args(StrategyName)))

Priority = Annotated[Duration, Within(Duration(0), HOUR)]
Prompts = Annotated[
    tuple[Name, ...],
    Field(max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(_("a list of up to {most} prompts").format(most=PROMPTS_IN_ROW_MAX)),
]
Greeting = Annotated[
    tuple[Name, ...],
    Field(min_length=1, max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(_("a list of 1 to {most} prompts").format(most=PROMPTS_IN_ROW_MAX)),
]


class ServiceItem(Section):
    """One number that callers dial."""

    number: ServiceNumber
    """The number as the PBX passes it on."""
    name: Name
    """How reports call it."""
    flow: Name
    """The flow (flows.yaml) that it leads into."""
    priority: Priority = Duration(0)
    """So much earlier its callers count than they came, in whatever queue."""
    skills: Skills = Field(default_factory=dict)
    """The skills that its callers ask for, beside those of the queue."""


class ServicesFile(Section):
    """`services.yaml`."""

    services: Annotated[
        tuple[ServiceItem, ...], Field(strict=False), Means(_("a list of services"))
    ]
    """The numbers that callers dial."""


class Leads(Section):
    """Where a branch of a menu leads."""

    model_config = ConfigDict(json_schema_extra=one_of("queue", "hang_up"))

    queue: Name | None = None
    """The queue (queues.yaml) that it leads into."""
    hang_up: Annotated[Literal[True] | None, Means(_("true"))] = None
    """true: the call ends here."""
    prompts: Prompts = ()
    """What callers hear before."""
    priority: Priority = Duration(0)
    """So much earlier who goes there counts than he came; of several, the greatest counts."""
    skills: Skills = Field(default_factory=dict)
    """The skills that who goes there asks for, beside those of the queue."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.queue is None) == (self.hang_up is None):
            raise rule(_("needs one of the two: queue: NAME or hang_up: true"))
        if self.hang_up and (self.priority or self.skills):
            raise rule(_("priority and skills are for a queue, and here the call ends"))
        return self


class ChoiceSection(Leads):
    """What a key leads to, and what the call log calls it."""

    name: ChoiceName
    """What the call log calls it."""


class MenuSection(Section):
    """A menu; `ivr.flow.Menu` tells what each part does."""

    greeting: Greeting
    """The prompts that callers hear: welcome means prompts/welcome.wav."""
    first_key: Annotated[Duration, Within(SECOND, MINUTE)] = seconds(5)
    """How long to wait for a key after the greeting."""
    tries: Annotated[
        int, Field(ge=1, le=TRIES_MAX), Means(_("1 to {most}").format(most=TRIES_MAX))
    ] = 3
    """How often the greeting is heard before otherwise."""
    choices: Annotated[
        dict[Key, ChoiceSection],
        Field(min_length=1),
        Means(_("a mapping of one key at least to its choice")),
    ]
    """What each key does; it counts at once, even during the greeting."""
    wrong_key: Prompts = ()
    """What is heard after a key that does nothing."""
    no_key: Prompts = ()
    """What is heard where no key was pressed."""
    otherwise: Leads
    """Where callers go who chose nothing."""

    @model_validator(mode="after")
    def _names_say_where(self) -> Self:
        """Refuse one name for two places: the call log could not tell them apart."""
        by_name: dict[str, tuple[str, Leads]] = {}
        for key, choice in self.choices.items():
            first_key, first = by_name.setdefault(choice.name, (key, choice))
            if (first.queue, first.hang_up) != (choice.queue, choice.hang_up):
                raise rule(
                    _(
                        "the choices of {first} and {second} are both called {name} "
                        "and lead to different places; give them two names"
                    ).format(first=first_key, second=key, name=choice.name)
                )
        return self


class FlowSection(Section):
    """What callers are led through; one menu for now."""

    menu: MenuSection
    """A menu of keys."""


class FlowsFile(Section):
    """`flows.yaml`."""

    flows: Annotated[dict[Name, FlowSection], Means(_("a mapping of flows by name"))]
    """The flows by name."""


MissLimit = Annotated[int, Field(ge=0, le=100), Means(_("0 (never) to 100"))]
RefusalDelay = Annotated[Duration, Within(REFUSAL_PAUSE_MIN, HOUR)]


class Unanswered(Section):
    """What follows where an agent let a call ring."""

    limit: MissLimit | None = None
    """After so many in a row an agent is set not ready; 0: never; null: what misses_max says."""
    delay: Annotated[Duration, Within(Duration(0), HOUR)] = MISS_DELAYS[MissCause.NO_ANSWER]
    """How long he is offered no call after one; the same call is spared him for 5s anyway."""


class Refused(Section):
    """What follows where a phone refused a call: the agent rejected it, or it was busy."""

    limit: MissLimit = 0
    """After so many in a row an agent is set not ready; 0: never."""
    delay: RefusalDelay = MISS_DELAYS[MissCause.REJECTED]
    """How long he is offered no call after one."""


class Unreached(Section):
    """What follows where a phone could not be reached."""

    limit: MissLimit = 0
    """After so many in a row an agent is set not ready; 0: never."""
    delay: RefusalDelay = MISS_DELAYS[MissCause.UNREACHABLE]
    """How long he is offered no call after one."""


class Misses(Section):
    """What follows where an agent does not take a call, for each cause."""

    no_answer: Unanswered = Unanswered()
    """His phone rang, and he did not answer."""
    rejected: Refused = Refused()
    """He rejected the call."""
    busy: Refused = Refused()
    """His phone was busy."""
    unreachable: Unreached = Unreached()
    """His phone could not be reached."""


class QueueSection(Section):
    """One queue; `acd.policy.QueuePolicy` tells what each part does."""

    ring_time: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(15)
    """How long one agent's phone rings before the next agent is tried."""
    wrap_up: Annotated[Duration, Within(Duration(0), HOUR)] = seconds(10)
    """An agent's time for himself after a call; agents may have their own (agents.yaml)."""
    wrap_up_max: Annotated[Duration, Within(Duration(0), Duration(4 * HOUR))] = WRAP_UP_MAX
    """So long may a wrap-up last in all where the agent extends it."""
    misses_max: MissLimit = 3
    """After so many unanswered rings in a row an agent is set not ready; 0: never."""
    misses: Misses = Misses()
    """Limits and pauses for each cause for which an agent does not take a call."""
    waiting_max: Annotated[
        int, Field(ge=1, le=WAITING_MAX), Means(_("1 to {most}").format(most=WAITING_MAX))
    ] = 200
    """One caller more is turned away, or goes where join says."""
    join: JoinSection = JoinSection()
    """Where newcomers are sent, by cause; docs/ways-out.md tells all three."""
    leave: LeaveSection = LeaveSection()
    """Where those who wait are sent, by cause."""
    overflow: Chain | None = None
    """Who has waited too long goes on to another queue; or a chain of rules."""
    keys: Annotated[dict[Key, TargetSection], Means(_("a mapping of keys to targets"))] = Field(
        default_factory=dict
    )
    """Where the keys lead that callers press while they wait; docs/announcements.md tells more."""
    keys_while_ringing: Annotated[bool, Means(_("true or false"))] = True
    """true: keys count while an agent's phone rings for the caller, too."""
    regain: Annotated[Duration, Within(Duration(0), HOUR)] = Duration(0)
    """So long the place of who hangs up is kept, should he call again; 0s: not at all."""
    hours: HoursOfQueue | None = None
    """When it is open: a name from hours, or the opening hours themselves; null: always."""
    strategy: Annotated[StrategyName, Means(_STRATEGIES)] = "longest_idle"
    """Who of the ready agents gets the next call; docs/queues.md tells each."""
    window: Annotated[Duration, Within(Duration(5 * MINUTE), Duration(24 * HOUR))] = WINDOW
    """How far back fewest_calls and least_occupied look."""
    order: Annotated[
        tuple[Name, ...],
        Field(max_length=ORDER_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of up to {most} agents").format(most=ORDER_MAX)),
    ] = ()
    """The agents' order for ordered, and where round_robin begins; who is not in it comes last."""
    ring_next_after: Annotated[Duration, Within(SECOND, MINUTE)] = RING_NEXT_AFTER
    """Where the strategy is ring_progressively, one more phone rings after each such pause."""
    weights: Annotated[
        dict[
            Name,
            Annotated[
                int, Field(ge=1, le=WEIGHT_MAX), Means(_("1 to {most}").format(most=WEIGHT_MAX))
            ],
        ],
        Means(_("a mapping of agents to weights")),
    ] = Field(default_factory=dict)
    """Agents' weights for weighted_random; 1 where nothing is said."""
    seed: Annotated[
        int, Field(ge=0, le=SEED_MAX), Means(_("0 to {most}").format(most=SEED_MAX))
    ] = 0
    """What the chance of weighted_random begins with: the same seed draws the same."""
    skills: Skills = Field(default_factory=dict)
    """The skills that its calls ask for, at least levels; docs/skills.md tells all of these."""
    steps: Steps = ()
    """What is asked for less, or who is asked more, after a wait."""
    rings: Rings = Field(default_factory=dict)
    """Agents beyond the first ring; a step opens theirs."""
    weight: Annotated[Duration, Within(Duration(0), QUEUE_WEIGHT_MAX)] = Duration(0)
    """So much earlier its calls count than they came, beside those of other queues."""
    announce: Announce | None = None
    """What callers hear while they wait; docs/announcements.md tells each."""
    call_back: CallBackSection | None = None
    """How callers are called back who take the target call_back; docs/call-backs.md tells all."""

    @property
    def unanswered_max(self) -> int:
        """The limit of unanswered rings, whichever of the two says it."""
        limit = self.misses.no_answer.limit
        return self.misses_max if limit is None else limit


class QueuesFile(Section):
    """`queues.yaml`."""

    hours: Annotated[dict[Name, NamedHours], Means(_("a mapping of opening hours by name"))] = (
        Field(default_factory=dict)
    )
    """Opening hours by name, for queues to name."""
    queues: Annotated[
        dict[Name, QueueSection], Field(min_length=1), Means(_("a mapping of one queue at least"))
    ]
    """The queues by name."""


WrapUp = Annotated[Duration, Within(Duration(0), HOUR)]


class AgentSection(Section):
    """One agent. Phones may be shared: at a hot desk, whoever logs on there has it."""

    name: SpokenName
    """His name as people read it."""
    password_hash: PasswordHash
    """Made by: cordboard hash-password."""
    phones: Annotated[
        tuple[PhoneName, ...],
        Field(min_length=1, max_length=PHONES_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of 1 to {most} phones").format(most=PHONES_MAX)),
    ]
    """The phones of the PBX that he may work at, his usual one first."""
    queues: Annotated[
        tuple[Name, ...],
        Field(max_length=QUEUES_OF_AGENT_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of up to {most} queues").format(most=QUEUES_OF_AGENT_MAX)),
    ] = ()
    """The queues that he serves."""
    skills: Skills = Field(default_factory=dict)
    """What he knows, and how well: the higher the level, the better."""
    wrap_up: Annotated[
        Annotated[
            Annotated[dict[Name, WrapUp], Field(max_length=QUEUES_OF_AGENT_MAX), Tag("by_queue")]
            | Annotated[WrapUp, Tag("always")],
            Discriminator(lambda value: "by_queue" if isinstance(value, dict) else "always"),
        ]
        | None,
        Means(_("a duration from 0s to 1h such as 30s, or a mapping of queues to such durations")),
    ] = None
    """His own time after a call, of all queues or of some; null: as long as the queue grants."""


class AgentsFile(Section):
    """`agents.yaml`."""

    agents: Annotated[dict[Name, AgentSection], Means(_("a mapping of agents by name"))]
    """The agents by the name that they sign in with."""
