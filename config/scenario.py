"""
The scenario of a simulation: who calls, who works, for how long.

It is no part of the configuration's folder: `cordboard simulate` is given the file. It is read,
checked and explained as the other files are; docs/simulate.md tells each key.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, ValidationError, create_model, model_validator

from config.durations import HOUR, MILLISECOND, SECOND
from config.errors import ConfigError
from config.explain import explain, unknown
from config.nodes import ANY, KeyPath, Node, plain, problem_at, texts
from config.section import Section
from config.values import Means, Name, Within, rule, unique
from config.yaml_reader import read_document
from cti.instants import Duration, seconds
from cti.language import _

DAY = Duration(24 * HOUR)
DURATION_MAX = Duration(100_000 * HOUR)
RATE_MAX = 1_000_000
AGENTS_MAX = 20_000
STREAMS_MAX = 1_000
CURVE_MAX = 1_440
LINES_MAX = 1_000_000
CV_MAX = 10
SEED_MAX = 2**31 - 1
_DECIMAL = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?", re.ASCII)


def _decimal(value: object) -> object:
    """Take `12.5`, which the reader keeps as text, for the number that it is."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _curve(value: object) -> object:
    """Take a plain number for a curve of one level."""
    return value if isinstance(value, list) else [{"from": "0s", "per_hour": value}]


def _no_patience(value: object) -> object:
    return None if value == "none" else value


Rate = Annotated[
    float,
    BeforeValidator(_decimal),
    Field(ge=0, le=RATE_MAX),
    Means(_("a number of calls an hour, up to {most}").format(most=f"{RATE_MAX:,}")),
]
Variation = Annotated[
    float,
    BeforeValidator(_decimal),
    Field(gt=0, le=CV_MAX),
    Means(_("a number above 0, up to {most}").format(most=CV_MAX)),
]
Mean = Annotated[Duration, Within(MILLISECOND, DAY)]
TimeOfDay = Annotated[Duration, Within(Duration(0), DAY)]
Skills = Annotated[tuple[Name, ...], Field(strict=False), Means(_("a list of skills"))]
DistributionName = Literal["exponential", "deterministic", "lognormal"]
_DISTRIBUTION = Means(_("exponential, deterministic or lognormal"))


class Length(Section):
    """How long something takes: its mean, and how it is spread."""

    mean: Mean
    distribution: Annotated[DistributionName, _DISTRIBUTION] = "exponential"
    cv: Variation | None = None
    """The coefficient of variation, of `lognormal` alone."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if (self.distribution == "lognormal") != (self.cv is not None):
            raise rule(_("cv belongs to the distribution lognormal, which needs it"))
        return self


# `from` is a word of Python's own, so these two are made and not written
_LEVEL: Any = {"from": (TimeOfDay, ...), "per_hour": (Rate, ...)}
Level = create_model("Level", __base__=Section, **_LEVEL)
_SHIFT: Any = {"from": (TimeOfDay, ...), "to": (TimeOfDay, ...)}
Shift = create_model("Shift", __base__=Section, **_SHIFT)


def span(section: Section) -> tuple[Duration, Duration]:
    """Return from when to when a shift lasts; beyond a day where it passes midnight."""
    start = cast("Duration", getattr(section, "from"))
    end = cast("Duration", getattr(section, "to"))  # noqa: B009 - mypy knows no field of a made model
    return start, (end if end > start else Duration(end + DAY))


class Arrivals(Section):
    """One stream of calls into a queue."""

    queue: Name
    per_hour: Annotated[
        tuple[Level, ...],  # type: ignore[valid-type]  # made above
        BeforeValidator(_curve),
        Field(min_length=1, max_length=CURVE_MAX, strict=False),
        Means(
            _("a number of calls an hour, or a list of {levels}").format(levels="from, per_hour")
        ),
    ]
    """Poisson at this rate; a list is the curve of a day, which every day repeats."""
    handle_time: Length
    patience: Annotated[
        Length | None, BeforeValidator(_no_patience), Means(_("none, or how long a caller waits"))
    ] = None
    skills: Skills = ()
    """What these calls ask for, beside what the queue does."""
    priority: Annotated[Duration, Within(Duration(0), DAY)] = Duration(0)
    """The head start of these calls."""

    @property
    def levels(self) -> tuple[tuple[Duration, float], ...]:
        """The curve: from when in the day, and how many calls an hour."""
        return tuple(
            (cast("Duration", getattr(one, "from")), cast("float", one.per_hour))
            for one in cast("tuple[Any, ...]", self.per_hour)
        )

    @model_validator(mode="after")
    def _curve_ascends(self) -> Self:
        starts = [start for start, _rate in self.levels]
        if starts != sorted(set(starts)) or starts[-1] >= DAY:
            raise rule(_("the curve's times must ascend and lie within a day"))
        if not any(rate for _start, rate in self.levels):
            raise rule(_("no call ever comes: give at least one rate above 0"))
        return self


class Group(Section):
    """Agents who are alike."""

    count: Annotated[
        int,
        Field(ge=1, le=AGENTS_MAX),
        Means(_("1 to {most} agents").format(most=f"{AGENTS_MAX:,}")),
    ]
    queues: Annotated[
        tuple[Name, ...], Field(min_length=1, strict=False), Means(_("a list of queues"))
    ]
    skills: Skills = ()
    """What these agents know, each at level 1."""
    shift: Shift | None = None  # type: ignore[valid-type]  # made above
    """From when to when they work, every day; without it all the time."""

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        unique(self.queues)
        shift = cast("Section | None", self.shift)
        if shift is not None:
            start, end = span(shift)
            if end - start >= DAY and start != 0:
                raise rule(_("the shift must end at another time than it begins"))
        return self


class Scenario(Section):
    """What is simulated."""

    seed: Annotated[int, Field(ge=0, le=SEED_MAX), Means(_("a whole number, not negative"))] = 0
    duration: Annotated[Duration, Within(SECOND, DURATION_MAX)]
    """The virtual time in all, the warm-up included; it begins at midnight."""
    warm_up: Annotated[Duration, Within(Duration(0), DURATION_MAX)] = Duration(0)
    """So much at the beginning is not counted."""
    arrivals: Annotated[
        tuple[Arrivals, ...],
        Field(min_length=1, max_length=STREAMS_MAX, strict=False),
        Means(_("a list of one stream of calls at least")),
    ]
    agents: Annotated[
        tuple[Group, ...],
        Field(min_length=1, max_length=STREAMS_MAX, strict=False),
        Means(_("a list of one group of agents at least")),
    ]
    lines: (
        Annotated[
            int,
            Field(ge=1, le=LINES_MAX),
            Means(_("1 to {most} lines").format(most=f"{LINES_MAX:,}")),
        ]
        | None
    ) = None
    """How many calls the system holds, waiting and talking; one more is blocked."""
    ring: Annotated[Duration, Within(Duration(0), seconds(120))] = Duration(0)
    """How long a phone rings until its agent answers."""
    service_level: Annotated[Duration, Within(SECOND, HOUR)] = seconds(20)
    """Within which an answer is in time."""

    @model_validator(mode="after")
    def _leaves_time_to_count(self) -> Self:
        if self.warm_up >= self.duration:
            raise rule(_("warm_up must be shorter than duration, of which it is a part"))
        if sum(group.count for group in self.agents) > AGENTS_MAX:
            raise rule(_("more than {most} agents").format(most=f"{AGENTS_MAX:,}"))
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadScenario:
    """A scenario, and the file's tree for what is found wrong later."""

    file: str
    tree: Node
    scenario: Scenario

    def refuse_queues(self, known: Iterable[str] | None) -> None:
        """
        Refuse queues that are not among `known`; where None, those that no group of agents serves.

        Raises:
            ConfigError: there are such queues, each with its place.
        """
        served = {queue for group in self.scenario.agents for queue in group.queues}
        names = sorted(served if known is None else known)
        patterns: list[KeyPath] = [("arrivals", ANY, "queue")]
        if known is not None:
            patterns.append(("agents", ANY, "queues", ANY))
        problems = [
            problem_at(
                self.file,
                where,
                path,
                _("no group of agents serves the queue {name}; there are: {known}").format(
                    name=repr(name), known=", ".join(names)
                )
                if known is None
                else unknown("queue", name, names),
            )
            for pattern in patterns
            for path, where, name in texts(self.tree, pattern)
            if name not in names
        ]
        if problems:
            raise ConfigError(problems)

    def refuse_skills(self, known: Iterable[str]) -> None:
        """
        Refuse skills that calls ask for and nobody has, neither these nor a group of agents.

        Raises:
            ConfigError: there are such skills, each with its place.
        """
        names = sorted(
            {*known, *(skill for group in self.scenario.agents for skill in group.skills)}
        )
        problems = [
            problem_at(
                self.file,
                where,
                path,
                _("nobody has the skill {name}, so no agent could take these calls").format(
                    name=repr(name)
                ),
            )
            for path, where, name in texts(self.tree, ("arrivals", ANY, "skills", ANY))
            if name not in names
        ]
        if problems:
            raise ConfigError(problems)


def read_scenario(path: Path) -> ReadScenario:
    """
    Return the scenario of a file.

    Raises:
        ConfigError: it cannot be used; every problem is in it, with its place.
    """
    file = str(path)
    document = read_document(Path(), file)
    problems = list(document.problems)
    if document.node is not None:
        try:
            scenario = Scenario.model_validate(plain(document.node))
        except ValidationError as error:
            problems += explain(error, Scenario, file, document.node)
        else:
            if not problems:
                return ReadScenario(file=file, tree=document.node, scenario=scenario)
    raise ConfigError(problems)
