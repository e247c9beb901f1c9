"""
One session with a caller: what he hears, presses and waits for, said over his own FastAGI session.

A waiting caller hears music (`SET MUSIC on`) and is read with `WAIT FOR DIGIT -1`; the next command
interrupts that at once, so an offer is one write of `EXEC Dial`. Orders come through the caller's
line, which outlives this session. A session that ends proves nothing of the call: a Redirect sends
the same lines while the caller lives. So this module reports what it saw and leaves ends to others.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from acd.commands import DivertCall, OfferCall, PlaceCall, TurnAwayCall
from acd.facts import CallQueued, OfferOutcome
from acd.ways import TargetKind
from cti.call_facts import ChoiceMade, FlowEntered, FlowLeft, HungUpBy
from cti.ids import QueueName, Skills
from cti.instants import Duration, Time
from cti.switch.attach import next_queue
from cti.switch.dialplan import AGENT_CONTEXT
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine, LiveOffer
from cti.switch.outcomes import outcome_of_dial
from cti.switch.ports import FactInbox
from ivr.actions import AwaitKey, EnterQueue, HangUp, Play, Stop
from ivr.flow import Flow
from ivr.interpreter import Interpreter
from ivr.results import KeyPressed, NoKey, Played
from protocols.agi import commands
from protocols.agi.commands import SEPARATOR
from protocols.agi.session import AgiSession

ALL_KEYS = "0123456789*#"
FIRST_ORDER_S = 0.05
"""How long a caller who has just been queued hears nothing, at most; then he hears music."""
_ASK_HOW_DIAL_ENDED = commands.get_variables("DIALSTATUS", "HANGUPCAUSE", "CORD_NEXT")
_MICROSECONDS_PER_MILLISECOND = 1_000
_MICROSECONDS_PER_SECOND = 1_000_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """What callers can be made to hear: the music class and the folder of sound files."""

    music: str
    prompts: Path

    def sound(self, prompt: str) -> str:
        """Return what STREAM FILE plays for a prompt: its path without the ending."""
        return str(self.prompts / prompt)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnd:
    """What a Dial has left on the caller's channel; `told` is where he is meant to go next."""

    status: str
    cause: int
    told: str

    @classmethod
    def read(cls, answer: str) -> Self:
        """Read the answer to `_ASK_HOW_DIAL_ENDED`."""
        status, cause, told = (*answer.split(SEPARATOR, 2), "", "", "")[:3]
        return cls(status=status, cause=int(cause) if cause.isdecimal() else 0, told=told)


@dataclass(slots=True, kw_only=True)
class Conversation:
    """The talk with one caller in one session."""

    session: AgiSession
    line: CallerLine
    ledger: Ledger
    inbox: FactInbox
    flows: Mapping[str, Flow]
    announcements: Announcements
    music_plays: bool = field(default=True)
    unwritten_place: PlaceCall | None = field(default=None)
    since: Time | None = field(default=None)
    priority: Duration = field(default=Duration(0))
    skills: Skills = field(default=())

    async def begin(self, flow: str) -> None:
        """Take a caller through a flow, and to where it leads."""
        queue = await self._play_flow(self.flows[flow])
        if queue is not None:
            await self.wait(queue, priority=self.priority)

    async def wait(
        self,
        queue: QueueName,
        *,
        since: Time | None = None,
        priority: Duration = Duration(0),  # noqa: B008 - a NewType of int, immutable
    ) -> None:
        """Queue the caller and serve his line until he is gone or his last talk is over."""
        self.since, self.priority = since, priority
        if not self.line.is_sent_away:  # while nobody had his channel: he is no longer to wait
            await self._queue(self._queued(queue))
        await self._serve_orders()

    def _queued(self, queue: QueueName) -> CallQueued:
        """Return that he waits, with the age and head start that he has by now, if he has any."""
        return CallQueued(
            call=self.line.call,
            queue=queue,
            entered_at=self.since,
            priority=self.priority,
            party=self.line.party,
            skills=self.skills,
        )

    async def _queue(self, queued: CallQueued) -> None:
        """
        Queue the caller, and wait a moment for his place, and the agent who may be free.

        Who is served at once needs no music: to begin it, to wait for a key and to interrupt that
        again is a third of all that is said of such a call.
        """
        self.inbox.post(queued)
        if not self.line.orders:
            self.line.ordered.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_ORDER_S):
                    await self.line.ordered.wait()

    async def _serve_orders(self) -> None:
        while True:
            order = self.line.take_order()
            match order:
                case None:
                    await self._hold()
                case PlaceCall():
                    self.unwritten_place = order
                    self.since, self.priority = order.entered_at, order.priority
                case OfferCall():
                    talked = await self._dial(order)
                    if talked is not None:
                        queue = await self._queue_after(talked)
                        if queue is None:
                            await self.finish(HungUpBy.AGENT)
                            return
                        await self._queue(CallQueued(call=self.line.call, queue=queue))
                case DivertCall():
                    queue = await self._divert(order)
                    if queue is None:
                        return
                    await self._queue(self._queued(queue))
                case TurnAwayCall():
                    log.warning(
                        "call_turned_away",
                        call_id=self.line.call,
                        queue=order.queue,
                        cause=order.cause.value,
                    )
                    await self.turn_away()
                    return

    async def _hold(self) -> None:
        """Let him hear music until there is an order; his keys mean nothing here yet."""
        if self.unwritten_place is not None:
            await self._write_place(self.unwritten_place)
            self.unwritten_place = None
        if not self.music_plays:
            await self.session.run(
                commands.set_music(on=True, music_class=self.announcements.music)
            )
            self.music_plays = True
        waiting = self.session.begin(commands.wait_for_digit())
        waiting.add_done_callback(lambda _: self.line.ordered.set())
        await self.line.ordered.wait()
        if waiting.done():
            waiting.result()

    async def _write_place(self, place: PlaceCall) -> None:
        """
        Write on the channel what a waiting call must not lose, should the journal be lost.

        Who is served at once does not wait, and has nothing to lose.
        """
        await self.session.run(
            commands.execute(
                "MSet",
                f"CORD_QUEUE={place.queue},CORD_SINCE={place.entered_at},"
                f"CORD_PRIORITY={place.priority},CORD_SEQ={place.sequence}",
            )
        )

    async def _dial(self, order: OfferCall) -> DialEnd | None:
        """Ring an agent; return how the talk that came of it has ended, None where none did."""
        offer = self.ledger.offer(order.offer)
        if offer is None:
            return None
        if offer.withdrawn:
            self.ledger.settle(offer, OfferOutcome.WITHDRAWN)
            return None
        offer.dialling = True
        self.music_plays = False
        ring_s = max(1, order.ring_time // _MICROSECONDS_PER_SECOND)
        await self.session.run(
            commands.execute(
                "Dial",
                f"{order.device.name},{ring_s},"
                f"m({self.announcements.music})gib({AGENT_CONTEXT}^leg^1({order.offer}))",
            )
        )
        return await self._read_dial(offer)

    async def _read_dial(self, offer: LiveOffer) -> DialEnd | None:
        end = DialEnd.read((await self.session.run(_ASK_HOW_DIAL_ENDED)).value or "")
        if end.status == "ANSWER":
            # It stays on the channel until it is said where the caller goes: should we die before
            # that, the dialplan knows by it that he has talked, and does not queue him again.
            offer.agent_hung_up = True
            self.ledger.answer(offer)
            self.ledger.settle(offer, OfferOutcome.FAILED, cause=end.cause)
            return end
        await self.session.run(commands.set_variable("DIALSTATUS", ""))
        outcome = outcome_of_dial(end.status, end.cause, rang=offer.rang)
        self.ledger.settle(offer, outcome, cause=end.cause)
        return None

    async def _queue_after(self, talk: DialEnd) -> QueueName | None:
        """Return where the caller is meant to go after his talk, if anybody said so."""
        queue = next_queue(talk.told)
        if queue is not None:
            await self.session.run(commands.set_variable("DIALSTATUS", ""))
            await self.session.run(commands.set_variable("CORD_NEXT", ""))
        return queue

    async def _divert(self, order: DivertCall) -> QueueName | None:
        """
        Take a caller where a rule sends him; return the queue that he chooses in a flow.

        His place is the queue's no longer: should we die now, the dialplan's net must not take him
        back to it. Into a queue that the flow leads to he comes with the age that he has.
        """
        self.unwritten_place = None
        await self.session.run(commands.set_variable("CORD_QUEUE", ""))
        target = order.target
        if target.kind is TargetKind.FLOW and target.name in self.flows:
            return await self._play_flow(self.flows[target.name])
        log.error(
            "call_not_diverted",
            call_id=self.line.call,
            queue=order.from_queue,
            target=target.kind.value,
            to=target.name,
        )
        await self.turn_away()
        return None

    async def _play_flow(self, flow: Flow) -> QueueName | None:
        """Take the caller through a flow; return the queue that he chose, None if he is done."""
        call = self.line.call
        self.inbox.post(FlowEntered(call=call, flow=flow.name))
        interpreter = Interpreter(flow)
        action = interpreter.begin()
        told = 0
        while True:
            for choice in interpreter.trace[told:]:
                self.inbox.post(ChoiceMade(call=call, flow=flow.name, choice=choice))
            told = len(interpreter.trace)
            match action:
                case Play():
                    action = interpreter.handle(await self._play(action))
                case AwaitKey():
                    action = interpreter.handle(await self._await_key(action))
                case EnterQueue():
                    self.inbox.post(
                        FlowLeft(call=call, flow=flow.name, outcome="queue", queue=action.queue)
                    )
                    self.priority = max(self.priority, action.priority)
                    self.skills = _both(self.skills, action.skills)
                    return action.queue
                case HangUp() | Stop():
                    self.inbox.post(FlowLeft(call=call, flow=flow.name, outcome="hang_up"))
                    await self.finish(HungUpBy.SYSTEM)
                    return None

    async def _play(self, play: Play) -> Played | KeyPressed:
        for prompt in play.prompts:
            key = await self._stream(prompt)
            if key is not None:
                return KeyPressed(key)
        return Played()

    async def _stream(self, prompt: str) -> str | None:
        """Play one sound file; return the key that stopped it, if one did."""
        self.music_plays = False
        reply = await self.session.run(
            commands.stream_file(self.announcements.sound(prompt), ALL_KEYS)
        )
        if reply.result == "-1":
            # He has hung up, which the next command finds out, or the file cannot be played.
            await self.session.run(commands.noop())
            log.warning("prompt_not_played", call_id=self.line.call, prompt=prompt)
        return reply.key

    async def _await_key(self, action: AwaitKey) -> KeyPressed | NoKey:
        reply = await self.session.run(
            commands.wait_for_digit(action.timeout // _MICROSECONDS_PER_MILLISECOND)
        )
        return NoKey() if reply.key is None else KeyPressed(reply.key)

    async def turn_away(self) -> None:
        """Tell the caller that nobody can take his call, and end it."""
        if (self.announcements.prompts / "sorry.wav").is_file():
            await self._stream("sorry")
        await self.finish(HungUpBy.SYSTEM)

    async def finish(self, by: HungUpBy) -> None:
        """Say that this call is over, so that the net lets it go, and give the channel back."""
        self.line.ended_by = by
        await self.session.run(commands.set_variable("CORD_STATE", "done"))
        await self.session.close()

    async def leave_for(self, state: str) -> None:
        """Give the channel back to the net, which sends it on as this state says."""
        await self.session.run(commands.set_variable("CORD_STATE", state))
        await self.session.close()


def _both(skills: Skills, more: Skills) -> Skills:
    """Return all skills that either asks for, each at the higher level."""
    levels = dict(skills)
    for name, level in more:
        levels[name] = max(level, levels.get(name, 0))
    return tuple(sorted(levels.items()))
