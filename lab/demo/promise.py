"""The promise: nobody is lost by the daemon's death. Counted, by the call log, and not claimed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cti.ids import CallId
from cti.instants import Time, as_seconds
from cti.language import _, ngettext
from lab.demo.call_log import LoggedCall

_LEFT: Final = frozenset({"abandoned", "left_in_flow", "flow_ended", "ended_unseen"})
"""Outcomes of callers who hung up themselves; `ended_unseen`: while no daemon was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """
    A time without a daemon: from `at` until it took calls again, if it does yet.

    `present` are the calls that were there when it was killed.
    """

    at: Time
    present: frozenset[CallId]
    back_at: Time | None = None

    @property
    def over(self) -> bool:
        """Whether the daemon is back."""
        return self.back_at is not None

    def events(self) -> "list[Died | Back]":
        """Return the one or two things that happened."""
        died = Died(at=self.at, present=len(self.present))
        if self.back_at is None:
            return [died]
        return [died, Back(at=self.back_at, away_s=as_seconds(self.back_at - self.at))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The daemon was killed, with so many callers there."""

    at: Time
    present: int

    def told(self) -> str:
        """Return it as a sentence."""
        return ngettext(
            "The daemon was killed, with {count} caller there",
            "The daemon was killed, with {count} callers there",
            self.present,
        ).format(count=self.present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """The daemon takes calls again, after so long."""

    at: Time
    away_s: float

    def told(self) -> str:
        """Return it as a sentence."""
        return _("The daemon is back after {seconds:.1f} s and goes on where it was").format(
            seconds=self.away_s
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What has become of the callers who were there when the daemon was killed."""

    times: int
    present: int
    talked: int
    left: int
    lost: int

    @property
    def still_there(self) -> int:
        """How many of them have not ended yet."""
        return self.present - self.talked - self.left - self.lost


class Promise:
    """Nobody is lost by a daemon's death: counted, not claimed."""

    def __init__(self) -> None:
        self._present: set[CallId] = set()
        self._times = 0
        self._outcomes: dict[CallId, str] = {}

    def killed(self, present: Iterable[CallId]) -> None:
        """Note who is there at this moment."""
        self._times += 1
        self._present.update(present)

    def ended(self, call: LoggedCall) -> None:
        """Note how a call ended, as the call log has it."""
        if call.call in self._present:
            self._outcomes[call.call] = call.outcome

    def kept(self) -> Kept | None:
        """Return how it stands; None where the daemon was never killed."""
        if not self._times:
            return None
        outcomes = list(self._outcomes.values())
        return Kept(
            times=self._times,
            present=len(self._present),
            talked=outcomes.count("answered"),
            left=sum(outcome in _LEFT for outcome in outcomes),
            lost=sum(outcome not in {"answered", *_LEFT} for outcome in outcomes),
        )
