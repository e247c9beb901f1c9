"""What every kind of step has in common while a caller is in it."""

from dataclasses import dataclass
from typing import Protocol

from ivr.actions import AwaitKey, Play
from ivr.flow import Destination
from ivr.results import KeyPressed, NoKey, Played


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """
    What a step wants: an action of its own, or to be left for a destination.

    `made` is the choice that led here, by the name that the call log shows.
    """

    to: Play | AwaitKey | Destination
    made: str | None = None


class StepRun(Protocol):
    """One caller's way through one step."""

    def begin(self) -> Next:
        """Return the step's first wish; called once."""
        ...

    def handle(self, result: Played | KeyPressed | NoKey) -> Next:
        """Return what follows from the result of the step's last action."""
        ...
