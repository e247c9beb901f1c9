"""
What a caller can be led through, as the administrators described it: frozen and complete.

A flow is a row of named steps and begins with the first. A step ends by leaving for a
*destination*. A menu is the only kind of step yet. For another kind: its description here and
into `Step`, its run beside `ivr.menu`, one line in `ivr.interpreter`.

This module decides which flows make sense. It knows nothing of files, sounds and telephony.
"""

from dataclasses import dataclass

from cti.ids import QueueName, Skills
from cti.instants import Duration
from ivr.actions import KEYS, NO_HEAD_START
from ivr.errors import FlowError

TRIES_MAX = 10
"""A menu repeated more often than this holds a caller captive."""

NO_KEY = "no_key"
WRONG_KEY = "wrong_key"
RESERVED_CHOICES = frozenset({NO_KEY, WRONG_KEY})
"""Names of what the caller did where he made no choice; a choice may not go by one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """
    Leave the flow for this queue, after these prompts.

    `priority` is a head start there, in time; `skills` are asked for beside those of the queue.
    """

    queue: QueueName
    prompts: tuple[str, ...] = ()
    priority: Duration = NO_HEAD_START
    skills: Skills = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHangUp:
    """Leave the flow by hanging up, after these prompts."""

    prompts: tuple[str, ...] = ()


Destination = ToQueue | ToHangUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One branch of a menu: its key, its name in the call log, and where it leads."""

    key: str
    name: str
    to: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """
    Play `greeting`, take one key, go where its choice leads.

    A key counts from the greeting's first moment on; after the greeting the caller has `first_key`
    to press one. A key without a choice plays `wrong_key`, none at all plays `no_key`, then the
    greeting again; when the greeting was heard `tries` times, the menu leaves for `otherwise`.

    Raises:
        FlowError: the menu contradicts itself.
    """

    name: str
    greeting: tuple[str, ...]
    first_key: Duration
    tries: int
    choices: tuple[Choice, ...]
    otherwise: Destination
    wrong_key: tuple[str, ...] = ()
    no_key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a menu that cannot be told to a caller."""
        if not self.greeting:
            raise FlowError(f"menu {self.name}: a greeting of one prompt at least is needed")
        if self.first_key <= 0:
            raise FlowError(f"menu {self.name}: first_key must be longer than nothing")
        if not 1 <= self.tries <= TRIES_MAX:
            raise FlowError(f"menu {self.name}: tries must be 1 to {TRIES_MAX}, not {self.tries}")
        seen: set[str] = set()
        for choice in self.choices:
            if len(choice.key) != 1 or choice.key not in KEYS:
                raise FlowError(f"menu {self.name}: {choice.key!r} is not one of the keys {KEYS}")
            if choice.key in seen:
                raise FlowError(f"menu {self.name}: key {choice.key} has two choices")
            if choice.name in RESERVED_CHOICES:
                raise FlowError(f"menu {self.name}: the name {choice.name} is taken")
            seen.add(choice.key)

    def choice_of(self, key: str) -> Choice | None:
        """Return the choice that this key makes, or None: a wrong key."""
        return next((choice for choice in self.choices if choice.key == key), None)


Step = Menu


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """
    A named row of steps; the first is the beginning.

    Raises:
        FlowError: there is no step, or two have one name.
    """

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse a flow without a beginning, and steps that share a name."""
        if not self.steps:
            raise FlowError(f"flow {self.name}: there is no step to begin with")
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise FlowError(f"flow {self.name}: two steps have the same name")
