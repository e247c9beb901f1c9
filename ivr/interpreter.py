"""
Leads one caller through one flow: an action out, its result in, until the flow ends.

The interpreter decides, the shell acts. It does no input or output, has no clock and no chance,
so the same results always give the same actions. It must not know what a channel, a sound file or
a session is.
"""

from typing import Final, assert_never

from ivr.actions import Action, AwaitKey, EnterQueue, HangUp, Play, Stop
from ivr.errors import ImpossibleResultError
from ivr.flow import Destination, Flow, Step, ToHangUp, ToQueue
from ivr.menu import MenuRun
from ivr.results import CallerGone, KeyPressed, NoKey, Played, Result
from ivr.steps import Next, StepRun

ANSWERS: Final[dict[type[Action], tuple[type[Result], ...]]] = {
    Play: (Played, KeyPressed, CallerGone),
    AwaitKey: (KeyPressed, NoKey, CallerGone),
    EnterQueue: (),
    HangUp: (),
    Stop: (),
}
"""Which results can answer which action; anything else is a bug of the shell."""


def _run_of(step: Step) -> StepRun:
    """Return a fresh run of a step of any kind."""
    return MenuRun(step)


class Interpreter:
    """
    One caller in one flow.

    Call `begin` once and carry its action out; then give each result to `handle` and carry out
    what it returns, until the action is `EnterQueue`, `HangUp` or `Stop`.
    """

    def __init__(self, flow: Flow) -> None:
        self._run = _run_of(flow.steps[0])
        self._pending: Action | None = None
        self._leaving_for: Destination | None = None
        self._trace: list[str] = []

    @property
    def trace(self) -> tuple[str, ...]:
        """The choices made so far, in order, with `wrong_key` and `no_key` among them."""
        return tuple(self._trace)

    def begin(self) -> Action:
        """
        Return the flow's first action.

        Raises:
            ImpossibleResultError: the flow has begun before.
        """
        if self._pending is not None:
            raise ImpossibleResultError("the flow has begun already")
        return self._follow(self._run.begin())

    def handle(self, result: Result) -> Action:
        """
        Return the action that follows from the result of the last one.

        Raises:
            ImpossibleResultError: the result does not answer the last action, the flow has not
                begun, or it has ended.
        """
        expected = () if self._pending is None else ANSWERS[type(self._pending)]
        if not isinstance(result, expected):
            raise ImpossibleResultError(f"{result} does not answer {self._pending}")
        if isinstance(result, CallerGone):
            return self._ask(Stop())
        if self._leaving_for is not None:
            return self._arrive(self._leaving_for)
        return self._follow(self._run.handle(result))

    def _follow(self, step: Next) -> Action:
        """Do what the step wants; play a destination's prompts before going there."""
        if step.made is not None:
            self._trace.append(step.made)
        if isinstance(step.to, Play | AwaitKey):
            return self._ask(step.to)
        if step.to.prompts:
            self._leaving_for = step.to
            return self._ask(Play(prompts=step.to.prompts))
        return self._arrive(step.to)

    def _arrive(self, destination: Destination) -> Action:
        """End the flow; the choice that led here is the last one made."""
        choice = self._trace[-1]
        match destination:
            case ToQueue():
                return self._ask(
                    EnterQueue(
                        queue=destination.queue,
                        choice=choice,
                        priority=destination.priority,
                        skills=destination.skills,
                    )
                )
            case ToHangUp():
                return self._ask(HangUp(choice=choice))
            case _ as unreachable:
                assert_never(unreachable)

    def _ask(self, action: Action) -> Action:
        self._pending = action
        return action
