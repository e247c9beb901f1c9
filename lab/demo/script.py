"""
A script for a show: what happens when, as somebody wrote it into a YAML file.

Read as the configuration's files are, so that every mistake comes with file, line and column, and
all of them at once. What the keys mean is said in `docs/demo.md` and in the scripts beside this
module. Nothing here acts; `drama` does.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from config.durations import HOUR, MINUTE, SECOND
from config.errors import ConfigError, Problem
from config.explain import explain, nearest
from config.nodes import ANY, Node, plain, problem_at, texts
from config.section import Section
from config.values import Means, Name, SpokenName, Textual, Within, rule, unique
from config.yaml_reader import read_document
from cti.instants import Duration
from cti.language import _

READY_SCRIPTS: Final = Path(__file__).parent / "scripts"
STEPS_MAX: Final = 500
TOGETHER_MAX: Final = 20
"""Callers of one step."""
KEYS_MAX: Final = 10
SAID_CHARS_MAX: Final = 200

NOTHING: Final = Duration(0)
PATIENT: Final = Duration(3 * MINUTE)
TALK: Final = Duration(6 * SECOND)
THINK: Final = Duration(2 * SECOND)

When = Annotated[Duration, Within(NOTHING, Duration(2 * HOUR))]
Short = Annotated[Duration, Within(NOTHING, Duration(10 * MINUTE))]
Away = Annotated[Duration, Within(NOTHING, Duration(MINUTE))]


def _alone(value: object) -> object:
    """Take one thing for a list of it."""
    return value if isinstance(value, list | tuple) else [value]


ScriptKey = Annotated[
    str,
    Textual,
    StringConstraints(pattern=r"^[0-9*#]$"),
    Means(_("one key of a telephone: 0-9 * #")),
]
Keys = Annotated[
    tuple[ScriptKey, ...],
    BeforeValidator(_alone),
    Field(max_length=KEYS_MAX, strict=False),
    Means(_("a key of a telephone, or a list of up to {most}").format(most=KEYS_MAX)),
]
Callers = Annotated[
    tuple[SpokenName, ...],
    BeforeValidator(_alone),
    Field(min_length=1, max_length=TOGETHER_MAX, strict=False),
    AfterValidator(unique),
    Means(_("a caller's name, or a list of 1 to {most}").format(most=TOGETHER_MAX)),
]
Said = Annotated[
    str,
    Textual,
    StringConstraints(max_length=SAID_CHARS_MAX, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"),
    Means(_("one line of up to {most} characters").format(most=SAID_CHARS_MAX)),
]
Doing = Annotated[
    Literal["answer", "miss", "decline", "ready", "not_ready"],
    Means(_("one of answer, miss, decline, ready, not_ready")),
]


class AgentHabits(Section):
    """How every agent acts unless a step says otherwise."""

    rings: Short = SECOND
    talk: Short = Duration(5 * MINUTE)
    paperwork: Short = Duration(2 * SECOND)


class Step(Section):
    """What happens at one moment: something is said, somebody calls, or an agent does something."""

    at: When
    say: Said | None = None
    call: Callers | None = None
    press: Keys = ()
    thinks: Short = THINK
    talk: Short = TALK
    patience: Short = PATIENT
    agent: Name | None = None
    does: Doing | None = None
    reason: Said = "break"
    daemon: Annotated[Literal["kill"], Means(_("kill"))] | None = None
    back_after: Away = Duration(3 * SECOND)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        """Refuse a step of two things, and keys that belong to another kind of step."""
        kinds = [kind for kind in _OWN_KEYS if kind in self.model_fields_set]
        if len(kinds) != 1:
            raise rule(
                _("needs exactly one of these keys: {keys}").format(keys=", ".join(_OWN_KEYS))
            )
        for kind, own in _OWN_KEYS.items():
            foreign = [key for key in own if key in self.model_fields_set and kind != kinds[0]]
            if foreign:
                raise rule(
                    _("{key} belongs to steps with {kind}, not to one with {present}").format(
                        key=foreign[0], kind=kind, present=kinds[0]
                    )
                )
        if self.agent is not None and self.does is None:
            raise rule(_("says nothing that the agent does; add does: miss, for example"))
        return self


_OWN_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "say": (),
    "call": ("press", "thinks", "talk", "patience"),
    "agent": ("does", "reason"),
    "daemon": ("back_after",),
}


def _some(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not steps:
        raise rule(_("holds no step"))
    return steps


class Script(Section):
    """The whole file."""

    title: SpokenName
    agents: AgentHabits = AgentHabits()
    steps: Annotated[
        tuple[Step, ...],
        Field(max_length=STEPS_MAX, strict=False),
        AfterValidator(_some),
        Means(_("a list of 1 to {most} steps").format(most=STEPS_MAX)),
    ]

    @property
    def calls(self) -> int:
        """How many callers there will be."""
        return sum(len(step.call or ()) for step in self.steps)

    @property
    def captions(self) -> list[str]:
        """All that is said in it."""
        return [step.say for step in self.steps if step.say is not None]


def ready_scripts() -> list[str]:
    """Return the names of the scripts that come along."""
    return sorted(file.stem for file in READY_SCRIPTS.glob("*.yaml"))


def find_script(wanted: str) -> Path:
    """Return the file that is meant: a path, or the name of a script that comes along."""
    named = READY_SCRIPTS / f"{wanted}.yaml"
    return named if wanted in ready_scripts() and not Path(wanted).is_file() else Path(wanted)


def read_script(file: Path, agents: Iterable[str]) -> Script:
    """
    Return the script of a file.

    Raises:
        ConfigError: it cannot be played; all that is wrong with it is in it.
    """
    name = str(file)
    document = read_document(Path(), name)
    problems = list(document.problems)
    script = None
    if document.node is not None:
        try:
            script = Script.model_validate(plain(document.node))
        except ValidationError as error:
            problems += explain(error, Script, name, document.node)
        problems += _strangers(document.node, name, set(agents))
        if script is not None:
            problems += _overlapping_outages(document.node, name, script)
    if problems or script is None:
        raise ConfigError(problems)
    return script


def _strangers(tree: Node, file: str, agents: set[str]) -> Iterator[Problem]:
    """Yield a problem for each agent who does not work here."""
    for path, position, agent in texts(tree, ("steps", ANY, "agent")):
        if agent not in agents:
            near = nearest(agent, sorted(agents))
            said = _("there is no agent {name}; there are {agents}").format(
                name=repr(agent), agents=", ".join(sorted(agents))
            )
            if near is not None:
                said = _("there is no agent {name}; did you mean {near}?").format(
                    name=repr(agent), near=near
                )
            yield problem_at(file, position, path, said)


def _overlapping_outages(tree: Node, file: str, script: Script) -> Iterator[Problem]:
    """Yield a problem for each time that the daemon is killed before it is back."""
    killed = sorted(
        (step.at, index) for index, step in enumerate(script.steps) if step.daemon is not None
    )
    places = {
        path[1]: (path, position) for path, position, _at in texts(tree, ("steps", ANY, "at"))
    }
    for (first, earlier), (second, later) in pairwise(killed):
        if second <= first + script.steps[earlier].back_after:
            path, position = places[later]
            message = _("the daemon cannot be killed before it is back")
            yield problem_at(file, position, path, message)
