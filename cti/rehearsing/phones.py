"""
The agents' phones in a rehearsal: how each offer ends.

An offer that was made then, of the same call to the same agent, ends as it did then; any other as
one that is drawn. What was cut short then says nothing, unless it is cut short here at the same
instant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from acd.commands import OfferCall
from acd.facts import AcdFact, OfferAnswered, OfferEnded, OfferOutcome
from cti.ids import AgentId, CallId, OfferId
from cti.instants import Duration, Time
from cti.rehearsing.chances import ANSWER_PAUSE, Chances
from cti.rehearsing.recorded import CUT_SHORT, UNKNOWN, RecordedOffer, Recording
from cti.rehearsing.stays import Stay


class World(Protocol):
    """What phones need of the world around them."""

    now: Time

    def at(self, at: Time, position: int | None, act: Callable[[], None]) -> None:
        """Have something happen; it has a position where it stands in the record."""

    def tell(self, fact: AcdFact) -> None:
        """Tell the core a fact."""


@dataclass(slots=True, kw_only=True)
class Ringing:
    """A live offer here, the `number`th of this call to this agent, and how it is to end."""

    offer: OfferId
    call: CallId
    agent: AgentId
    made: Time
    ring_time: Duration
    number: int
    recorded: RecordedOffer | None
    withdrawn: bool = False
    turn: int = 0
    """Counts the plans for its end; only the last holds."""

    @property
    def as_then(self) -> bool:
        """Tell whether it was made at the very instant of the record."""
        return self.recorded is not None and self.recorded.made == self.made


class Phones:
    """All phones that ring."""

    def __init__(self, recording: Recording, chances: Chances, world: World) -> None:
        self._recording = recording
        self._chances = chances
        self._world = world
        self._ringing: dict[OfferId, Ringing] = {}
        self._made_before: dict[tuple[CallId, int, AgentId], int] = {}

    def open(self, live: Mapping[OfferId, tuple[CallId, AgentId]]) -> None:
        """Let the phones ring that rang when the record began."""
        for offer, (call, agent) in live.items():
            self._made_before[call, 0, agent] = 1
            self._ring(
                Ringing(
                    offer=offer,
                    call=call,
                    agent=agent,
                    made=self._world.now,
                    ring_time=UNKNOWN,
                    number=0,
                    recorded=self._recording.rang_before[offer],
                )
            )

    def offered(self, offer: OfferCall, stay: Stay | None) -> None:
        """Let a phone ring."""
        known = () if stay is None else self._known(stay.call, stay.number, offer.agent)
        named = (offer.call, 0 if stay is None else stay.number, offer.agent)
        number = self._made_before.get(named, 0)
        self._made_before[named] = number + 1
        recorded = known[number] if number < len(known) else None
        self._ring(
            Ringing(
                offer=offer.offer,
                call=offer.call,
                agent=offer.agent,
                made=self._world.now,
                ring_time=offer.ring_time,
                number=number,
                recorded=recorded,
            )
        )

    def _ring(self, ringing: Ringing) -> None:
        self._ringing[ringing.offer] = ringing
        recorded = ringing.recorded
        if recorded is None or not (ringing.as_then or recorded.shows_the_agent):
            self._plan_as_another(ringing)
        elif recorded.ended is not None:  # or it rang on beyond the end of the record
            self._plan(ringing, recorded, recorded.position)

    def _plan_as_another(self, ringing: Ringing) -> None:
        drawn = self._chances.offer(ringing.agent, ringing.call, ringing.number)
        if drawn is None:
            self._plan_end(ringing, Time(ringing.made + ANSWER_PAUSE), None, None)
        else:
            self._plan(ringing, drawn, None)

    def _plan(self, ringing: Ringing, known: RecordedOffer, position: int | None) -> None:
        """Have an offer end as one that is known, as far as its own ring time lets it."""
        delay = Duration((known.made if known.ended is None else known.ended) - known.made)
        outcome = known.outcome
        if ringing.ring_time != known.ring_time:
            if outcome is OfferOutcome.NO_ANSWER:
                delay = Duration(ringing.ring_time + max(0, delay - known.ring_time))
            elif delay > ringing.ring_time:
                delay, outcome = ringing.ring_time, OfferOutcome.NO_ANSWER
        self._plan_end(ringing, Time(ringing.made + delay), position, outcome)

    def _plan_end(
        self, ringing: Ringing, at: Time, position: int | None, outcome: OfferOutcome | None
    ) -> None:
        ringing.turn += 1
        turn = ringing.turn

        def act() -> None:
            if ringing.turn == turn:
                self._offer_ends(ringing, outcome)

        self._world.at(max(at, self._world.now), position, act)

    def _offer_ends(self, ringing: Ringing, outcome: OfferOutcome | None) -> None:
        recorded = ringing.recorded
        cut = outcome in CUT_SHORT and recorded is not None and recorded.withdrawn is not None
        if cut and not ringing.withdrawn:
            self._plan_as_another(ringing)  # then it was withdrawn, and here it rings on
            return
        del self._ringing[ringing.offer]
        if outcome is None:
            self._world.tell(OfferAnswered(offer=ringing.offer))
        else:
            self._world.tell(OfferEnded(offer=ringing.offer, outcome=outcome))

    def withdraw(self, offer: OfferId) -> None:
        """Stop the ringing of a phone, unless it had ended otherwise just then."""
        ringing = self._ringing.get(offer)
        if ringing is None:
            return
        ringing.withdrawn = True
        recorded = ringing.recorded
        if recorded is None or not ringing.as_then or recorded.withdrawn != self._world.now:
            self._plan_end(ringing, self._world.now, None, OfferOutcome.WITHDRAWN)

    def _known(self, call: CallId, number: int, agent: AgentId) -> Sequence[RecordedOffer]:
        trace = self._recording.traces.get((call, number))
        return () if trace is None else trace.offers.get(agent, ())
