"""
How callers and agents act, on real phones and desks, by the scripts that chance has dealt them.

They know only what people know: what they hear, what rings, what their screen says. Whatever else
happens to them (the other side hangs up first, a call is taken away) is no error but life.
"""

import asyncio
import contextlib

import aiohttp
import structlog

from acd.tables.offer_state import MISS_REASONS
from lab.demo.cast import AgentScript, CallerScript, Dealing, Direction
from lab.desk import Desk, DeskClosedError, DeskError, DeskRefusedError
from lab.phone.call import Call
from lab.phone.errors import CallOverError, NotHeardError, PhoneError
from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.phone.phone import Phone
from lab.site import AGENT_HZ, CALLER_HZ, Site
from protocols.ws.events import AgentState

SERVICE = "8000"
PLACED_S_MAX = 10.0
VOICE_S = 0.3
"""An agent's voice is recognised after so long; music and prompts hold no such tone."""
LISTENS_S = 0.5
REFUSED = 603
SECOND_THOUGHTS_S = 4.0
"""How long an agent whom the system made not ready takes to be ready again."""
RECONNECT_PAUSE_S = 0.5
"""How long a desk's program waits before it tries to connect again."""
PRESSES_AGAIN_S = 2.5
"""The daemon is back: by now the menu has begun anew, for those who were in it."""

_FOR_MISSES = frozenset(reason.value for reason in MISS_REASONS.values())
"""With these reasons the system made him not ready."""

log = structlog.get_logger(__name__)


class Callers:
    """Everybody outside, calling by the trunk."""

    def __init__(self, outside: Phone) -> None:
        self._outside = outside
        self.placed = 0
        self.known: set[str] = set()
        """Who called, as the call log calls them."""
        self.heard_agents = 0
        """Talks in which the caller heard the agent's voice."""
        self._anew = asyncio.Event()

    def menus_begin_anew(self) -> None:
        """The daemon is back: whoever was in a menu hears it from its beginning."""
        before, self._anew = self._anew, asyncio.Event()
        before.set()

    async def call(self, script: CallerScript) -> None:
        """
        Live through one call.

        Raises:
            CallFailedError, NothingCameError: it was not answered by the menu.
        """
        call = await self._outside.dial(
            SERVICE,
            within_s=PLACED_S_MAX,
            from_user=script.person.number,
            display_name=script.person.name or None,
        )
        self.placed += 1
        self.known.add(script.person.as_logged)
        try:
            await self._choose_and_talk(call, script)
        except CallOverError:
            return  # the other side was quicker
        finally:
            await call.hang_up()

    async def _choose_and_talk(self, call: OutgoingCall, script: CallerScript) -> None:
        for pause_s, key in script.keys:
            if await call.ends_within(pause_s):
                return
            await call.send_digit(key)
        pressing = asyncio.create_task(self._press_again(call, script))
        try:
            if not await _hears(call, AGENT_HZ, within_s=script.patience_s):
                return
        finally:
            pressing.cancel()
        self.heard_agents += 1
        call.send_tone(CALLER_HZ)
        await call.ends_within(script.talk_s)

    async def _press_again(self, call: OutgoingCall, script: CallerScript) -> None:
        """
        Choose once more whenever menus have begun anew; a key in a queue or a talk does nothing.

        A caller who never presses a key does not do it now either.
        """
        while script.keys:
            await self._anew.wait()
            await asyncio.sleep(PRESSES_AGAIN_S)
            with contextlib.suppress(CallOverError):
                await call.send_digit(script.keys[-1][1])


class AgentAtWork:
    """One agent at his phone and his desk; `direction` says what he does."""

    def __init__(self, site: Site, agent: str, phone: Phone, direction: Direction) -> None:
        self._site = site
        self._agent = agent
        self._phone = phone
        self._direction = direction
        self._desk: Desk | None = None
        self._wants_calls = True
        self.heard_callers = 0
        """Talks in which he heard the caller's voice."""

    async def take_calls(self) -> None:
        """Deal with whatever rings, one call after the other."""
        while True:
            call = await self._phone.next_call()
            try:
                await self._deal_with(call, self._direction.next_offer(self._agent))
            except PhoneError as error:
                log.info("demo_call_overtaken", agent_id=self._agent, problem=str(error))

    async def _deal_with(self, call: IncomingCall, script: AgentScript) -> None:
        call.ring()
        if script.dealing is Dealing.MISS:
            await call.ends()
            return
        if await call.ends_within(script.ring_s):
            return
        if script.dealing is Dealing.DECLINE:
            call.reject(REFUSED)
            return
        await call.answer()
        if await _hears(call, CALLER_HZ, within_s=script.talk_s):
            self.heard_callers += 1
        if not await call.ends_within(script.talk_s):
            await call.hang_up()

    async def go(self, *, ready: bool, why: str = "") -> None:
        """Want calls, or none for a while; where no daemon is there, when it is back."""
        self._wants_calls = ready
        if self._desk is None:
            return
        try:
            await (self._desk.ready() if ready else self._desk.not_ready(why))
        except (DeskError, TimeoutError) as error:
            log.info("demo_desk_refused", agent_id=self._agent, problem=str(error))

    async def keep_desk(self, desk: Desk) -> None:
        """End each wrap-up when the paperwork is done; come back when the connection is lost."""
        while True:
            self._desk = desk
            with contextlib.suppress(DeskClosedError, TimeoutError):
                await self._keep_desk(desk)
            self._desk = None
            desk = await self._come_back()

    async def _come_back(self) -> Desk:
        """Sign in again, as soon as there is a daemon to sign in at."""
        while True:
            try:
                desk = await self._site.desk(self._agent, ready=False)
                if self._wants_calls:
                    await desk.ready()
            except (DeskError, aiohttp.ClientError, OSError) as error:
                log.info("demo_desk_away", agent_id=self._agent, problem=str(error))
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                return desk

    async def _keep_desk(self, desk: Desk) -> None:
        if desk.state is not None and _needs_him(desk.state):
            await self._act(desk, desk.state)
        while True:
            seen = await desk.wait_for(
                "agent_state_changed", lambda event: _needs_him(event.data), timeout_s=None
            )
            del desk.events[: desk.events.index(seen) + 1]  # an endless show may not keep them all
            await self._act(desk, seen.event.data)

    async def _act(self, desk: Desk, state: object) -> None:
        try:
            await self._do_his_part(desk, state)
        except DeskRefusedError as refused:
            # Its time ran out, or the next call came, a moment before.
            log.info("demo_desk_refused", agent_id=self._agent, problem=str(refused))

    async def _do_his_part(self, desk: Desk, state: object) -> None:
        if isinstance(state, AgentState) and state.occupation == "wrapping_up":
            await asyncio.sleep(self._direction.paperwork_s(self._agent))
            pause_s = self._direction.break_s(self._agent)
            if pause_s > 0:
                await desk.not_ready("break")
            await desk.end_wrap_up()
            if pause_s > 0:
                await asyncio.sleep(pause_s)
                await desk.ready()
        else:
            await asyncio.sleep(SECOND_THOUGHTS_S)
            await desk.ready()


def _needs_him(state: object) -> bool:
    """Tell whether a state is one that the agent must do something about."""
    if not isinstance(state, AgentState):
        return False
    if state.occupation == "wrapping_up":
        return True
    return state.reason in _FOR_MISSES


async def _hears(call: Call, hz: int, *, within_s: float) -> bool:
    """Listen for the other's voice; False when the call ended or time was up first."""
    since = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - since < within_s:
        try:
            await call.hears(hz, within_s=LISTENS_S, for_s=VOICE_S, since=since)
        except NotHeardError:
            if call.ended.is_set():
                return False
        else:
            return True
    return False
