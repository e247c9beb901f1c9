"""
An agent's desk without a screen: a small client of `/ws/v1`, and an agent who works by script.

What an integrator would write first. It keeps every event it got with the moment it came, so that
tests can compare the order of a screen pop with the ringing of a phone.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Final, Self

import aiohttp

from protocols.ws.answers import Answer, Done
from protocols.ws.events import AgentState, Event, Snapshot
from protocols.ws.wire import EventName, read_server_message

ANSWER_S: Final = 10.0


class DeskError(Exception):
    """The daemon did not do what the desk asked for; never raised itself."""


class DeskRefusedError(DeskError):
    """A command was refused or failed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(repr(answer))
        self.answer = answer


class DeskClosedError(DeskError):
    """The connection is closed; `code` is the websocket's close code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """An event, and the moment it was read, in nanoseconds of `time.monotonic_ns`."""

    event: Event
    seen_ns: int


class Desk:
    """
    A connection to the daemon; an asynchronous context manager.

    `url` is the server's (`http://127.0.0.1:8400`). `events` holds everything told so far. A desk
    that is `deaf` throws away what comes, unread: one of hundreds, under load.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._url = f"{url}/ws/v1"
        self._tls = tls
        self._open = AsyncExitStack()
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = count(1)
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._news = asyncio.Event()
        self.events: list[SeenEvent] = []
        self.closed_with: int | None = None
        self.deaf = False

    async def __aenter__(self) -> Self:
        """Connect; nobody is signed in yet."""
        async with AsyncExitStack() as begun:
            http = await begun.enter_async_context(aiohttp.ClientSession())
            self._websocket = await http.ws_connect(self._url, ssl=self._tls or True)
            self._reader = asyncio.create_task(self._read(self._websocket))
            self._open = begun.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection, as a lost one would be: nobody is signed out."""
        if self._websocket is not None:
            await self._websocket.close()
        if self._reader is not None:
            await self._reader
        await self._open.aclose()

    async def sign_in(self, agent: str, password: str) -> Snapshot:
        """Sign in and return the snapshot."""
        await self.ask("sign_in", agent=agent, password=password)
        snapshot = await self.wait_for("snapshot")
        if not isinstance(snapshot.event.data, Snapshot):
            raise TypeError("a snapshot event carries a snapshot")
        return snapshot.event.data

    async def log_on(self, phone: str | None = None) -> None:
        """Log on at a phone, or at the agent's usual one."""
        await self.ask("log_on", phone=phone)

    async def ready(self) -> None:
        """Ask for calls."""
        await self.ask("ready")

    async def not_ready(self, reason: str) -> None:
        """Ask for no more calls."""
        await self.ask("not_ready", reason=reason)

    async def end_wrap_up(self) -> None:
        """End the wrap-up."""
        await self.ask("end_wrap_up")

    async def extend_wrap_up(self, by_s: int) -> None:
        """Ask for more time for the wrap-up."""
        await self.ask("extend_wrap_up", by_s=by_s)

    async def log_off(self) -> None:
        """Log off from the phone."""
        await self.ask("log_off")

    async def sign_out(self) -> None:
        """Leave."""
        await self.ask("sign_out")

    async def ask(self, kind: str, **data: str | int | None) -> None:
        """
        Send a command and wait until it is done.

        Raises:
            DeskRefusedError: it was refused or failed.
            DeskClosedError: the connection ended before its answer.
            TimeoutError: no answer came.
        """
        command_id = str(next(self._ids))
        answered = asyncio.get_running_loop().create_future()
        self._asked[command_id] = answered
        try:
            await self.send_json({"id": command_id, "type": kind, "data": data})
            async with asyncio.timeout(ANSWER_S):
                answer: Answer = await answered
        finally:
            del self._asked[command_id]
        if not isinstance(answer, Done):
            raise DeskRefusedError(answer)

    async def send_json(self, message: object) -> None:
        """Send any message as it is."""
        if self._websocket is None or self._websocket.closed:
            raise DeskClosedError(self.closed_with)
        await self._websocket.send_json(message)

    async def wait_for(
        self,
        name: EventName,
        matches: Callable[[Event], bool] = lambda _event: True,
        *,
        after: int = 0,
        timeout_s: float | None = 10.0,
    ) -> SeenEvent:
        """
        Return the first event of this name that matches, past the first `after` events.

        Raises:
            TimeoutError: none came in time.
            DeskClosedError: the connection ended without one.
        """
        position = after
        async with asyncio.timeout(timeout_s):
            while True:
                for seen in self.events[position:]:
                    position += 1
                    if seen.event.event == name and matches(seen.event):
                        return seen
                if self._reader is None or self._reader.done():
                    raise DeskClosedError(self.closed_with)
                self._news.clear()
                await self._news.wait()

    async def wait_state(
        self, *, wish: str | None = None, occupation: str | None = None, timeout_s: float = 10.0
    ) -> AgentState:
        """Return the agent's state once its newest one is this."""
        async with asyncio.timeout(timeout_s):
            while True:
                state = self.state
                if (
                    state is not None
                    and wish in (None, state.wish)
                    and occupation in (None, state.occupation)
                ):
                    return state
                if self._reader is None or self._reader.done():
                    raise DeskClosedError(self.closed_with)
                self._news.clear()
                await self._news.wait()

    @property
    def state(self) -> AgentState | None:
        """The newest state that was told."""
        for seen in reversed(self.events):
            data = seen.event.data
            if isinstance(data, AgentState):
                return data
            if isinstance(data, Snapshot):
                return data.state
        return None

    async def wait_closed(self) -> int | None:
        """Wait until the server has closed the connection, and return its close code."""
        if self._reader is not None:
            await asyncio.wait([self._reader])
        return self.closed_with

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in websocket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self.closed_with = websocket.close_code
            for answered in self._asked.values():
                if not answered.done():
                    answered.set_exception(DeskClosedError(self.closed_with))
            self._news.set()

    def _take(self, text: str) -> None:
        if self.deaf:
            return
        seen_ns = time.monotonic_ns()
        message = read_server_message(text)
        if message.type == "event":
            self.events.append(SeenEvent(event=message, seen_ns=seen_ns))
            self._news.set()
            return
        answered = None if message.id is None else self._asked.get(message.id)
        if answered is not None and not answered.done():
            answered.set_result(message)


class ScriptedAgent:
    """An agent who signs in, logs on, is ready, and ends each wrap-up after `paperwork_s`."""

    def __init__(
        self,
        url: str,
        *,
        agent: str,
        password: str,
        phone: str | None = None,
        paperwork_s: float = 0.0,
    ) -> None:
        self.desk = Desk(url)
        self._agent = agent
        self._password = password
        self._phone = phone
        self._paperwork_s = paperwork_s

    async def work(self) -> None:
        """Work until cancelled, or until the connection ends by `DeskClosedError`."""
        async with self.desk as desk:
            await desk.sign_in(self._agent, self._password)
            await desk.log_on(self._phone)
            await desk.wait_state(wish="not_ready")
            await desk.ready()
            await self._paperwork(desk)

    async def _paperwork(self, desk: Desk) -> None:
        position = 0
        while True:
            await desk.wait_for(
                "agent_state_changed",
                lambda event: (
                    isinstance(event.data, AgentState) and event.data.occupation == "wrapping_up"
                ),
                after=position,
                timeout_s=None,
            )
            position = len(desk.events)
            await asyncio.sleep(self._paperwork_s)
            try:
                await desk.end_wrap_up()
            except DeskRefusedError:
                continue  # Its time ran out a moment before.
