"""Days that were recorded, for these tests: as a journal has them, and rehearsed in one call."""

from typing import Self

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import AcdFact, AgentLoggedOn, AgentMadeReady, PolicyApplied
from acd.policy import Policy
from cti.ids import AgentId
from cti.instants import Duration, Time, seconds
from cti.rehearsing.rehearsal import Settings
from cti.rehearsing.run import Rehearsed, record, rehearse
from cti.rehearsing.stays import WatchedCore
from cti.rehearsing.words import fate_in_words
from cti.replay import applied
from storage.records import TimersAdvanced
from tests.acd.script import phone
from tests.simulation.chance import World

Tape = list[tuple[Time, AcdFact | TimersAdvanced]]


class LateCore(Distributor):
    """A core whose timers go off late, some by seconds."""

    def next_deadline(self) -> Time | None:
        due = super().next_deadline()
        return None if due is None else Time(due + due % seconds(3))


class TapedWorld(World):
    """A day by chance that is written down, as the daemon can: it calls nobody back."""

    call_backs = False
    tape: Tape

    def _enter(self, fact: AcdFact | None, commands: list[AcdCommand]) -> None:
        if not hasattr(self, "tape"):
            self.tape = []
        # the daemon's clock holds a time that runs back, as the core does
        now = max(self.now, self.tape[-1][0]) if self.tape else self.now
        self.tape.append((now, TimersAdvanced(to=now) if fact is None else fact))
        super()._enter(fact, commands)


def taped(seed: int, steps: int) -> Tape:
    """Return a day by chance."""
    world = TapedWorld(seed)
    world.run(steps)
    return world.tape


def rehearsed(
    tape: Tape,
    policy: Policy | None = None,
    *,
    seed: int = 1,
    skipped: int = 0,
    until_s: float = 0,
) -> Rehearsed:
    """Rehearse what was recorded after so many records, to the last or until an instant."""
    core = WatchedCore()
    for at, body in tape[:skipped]:
        applied(core, at, body)
    state = core.snapshot()
    recording = record(
        core, tape[skipped][0], max(tape[-1][0], Time(seconds(until_s))), seconds(20)
    )
    for position, (at, body) in enumerate(tape[skipped:], start=1):
        recording.forget_decided()
        recording.take(position, at, body)
    settings = Settings(policy=policy, seed=seed, level=seconds(20), bound=Duration(0))
    return rehearse(recording, state, settings, lambda _now: None)


class Day:
    """A day that a test writes: facts in seconds, timers on time."""

    def __init__(self, policy: Policy, ready: str) -> None:
        self.tape: Tape = []
        self._core = Distributor()
        self.at(0, PolicyApplied(policy=policy))
        for agent in ready.split():
            self.at(
                0,
                AgentLoggedOn(agent=AgentId(agent), device=phone(agent)),
                AgentMadeReady(agent=AgentId(agent)),
            )

    def at(self, instant_s: float, *facts: AcdFact) -> Self:
        """Have these facts told then."""
        now = Time(seconds(instant_s))
        while (due := self._core.next_deadline()) is not None and due <= now:
            self._core.advance(due)
            self.tape.append((due, TimersAdvanced(to=due)))
        for fact in facts:
            self._core.handle(fact, now)
            self.tape.append((now, fact))
        return self


def fates(done: Rehearsed) -> dict[str, tuple[str, str]]:
    """Return the fates that change, in words: what was, and what is here."""
    return {
        change.call: (fate_in_words(change.recorded), fate_in_words(change.rehearsed))
        for change in done.changes
    }
