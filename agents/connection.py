"""
One agent's websocket, from the handshake to its end.

Reads one message after the other and answers each; hands to the transport what the sessions show.
Nothing that is sent waits for the client: writing goes straight to the transport's bounded buffer.
It decides nothing about agents.
"""

import asyncio
from typing import assert_never

import structlog
from aiohttp import WSMessage, WSMsgType, web

from agents.auth import Authenticator
from agents.door import Visitor
from agents.errors import (
    AlreadySignedInError,
    NotSignedInError,
    RateLimitedError,
    RequestRefusedError,
)
from agents.ports import AgentEntry, Timers
from agents.rates import TokenBucket
from agents.requests import refusal
from agents.sessions import AgentSessions
from agents.settings import ConnectionSettings
from cti.ids import AgentId
from protocols.ws.answers import Answer, Done, Failed, Refused
from protocols.ws.codes import CloseCode, FailureCode
from protocols.ws.commands import (
    Command,
    EndWrapUp,
    ExtendWrapUp,
    LogOff,
    LogOn,
    NotReady,
    Ready,
    SignIn,
    SignOut,
    read_command,
)
from protocols.ws.errors import MessageError
from protocols.ws.frames import text_frame
from protocols.ws.wire import encode_answer

log = structlog.get_logger(__name__)


class Connection:
    """A desk (`agents.sessions.Desk`) at the other end of a websocket."""

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        visitor: Visitor,
        *,
        address: str,
        sessions: AgentSessions,
        authenticator: Authenticator,
        settings: ConnectionSettings,
        timers: Timers,
    ) -> None:
        self._websocket = websocket
        self._visitor = visitor
        self._address = address
        self._sessions = sessions
        self._authenticator = authenticator
        self._settings = settings
        self._timers = timers
        self._commands = TokenBucket(
            rate_per_s=settings.command_rate_per_s,
            burst=settings.command_burst,
            now=timers.time(),
        )
        self._entry: AgentEntry | None = None
        self._told_to_close: asyncio.Future[tuple[CloseCode, str]] = (
            asyncio.get_running_loop().create_future()
        )

    async def serve(self) -> None:
        """Serve the client until the connection ends, for whatever reason."""
        async with asyncio.TaskGroup() as tasks:
            closer = tasks.create_task(self._close_when_told())
            try:
                async for message in self._websocket:
                    await self._receive(message)
            except ConnectionError as error:
                # A ping could not be answered any more.
                log.debug("websocket_lost", address=self._address, error=str(error))
            finally:
                if self._entry is not None:
                    self._sessions.leave(self._entry.agent, self)
                if not self._told_to_close.done():
                    closer.cancel()
        # Closing a transport waits until all is sent: for ever, where the client does not read.
        self._visitor.wind_up()

    def send(self, message: bytes) -> bool:
        """Hand a message to the transport at once; False where the client is gone."""
        # aiohttp writes nothing but whole control frames to the same transport, never between two
        # writes of ours; after its close frame nothing may follow.
        if self._websocket.closed or self._told_to_close.done():
            return False
        return self._visitor.send(text_frame(message))

    def close(self, code: CloseCode, reason: str) -> None:
        """Have the websocket closed in its own time, after what was sent."""
        if not self._told_to_close.done():
            self._told_to_close.set_result((code, reason))

    async def _close_when_told(self) -> None:
        code, reason = await self._told_to_close
        try:
            # aiohttp waits for the answer for `close_s`, but for its own writing without limit.
            async with asyncio.timeout(self._settings.close_s):
                await self._websocket.close(code=code, message=reason.encode())
        except TimeoutError:
            # He does not read: the close frame stands behind what he has not read.
            self._visitor.abort()

    async def _receive(self, message: WSMessage) -> None:
        if self._told_to_close.done():
            return
        if message.type is WSMsgType.TEXT:
            await self._answer(message.data)
        elif message.type is WSMsgType.BINARY:
            self.close(CloseCode.UNSUPPORTED_DATA, "messages are text")
        else:
            log.debug("websocket_broken", address=self._address, error=str(message.data))

    async def _answer(self, text: str) -> None:
        try:
            command = read_command(text)
        except MessageError as error:
            self._commands.take(self._timers.time())
            self._say(Refused(id=error.command_id, code=error.code, message=error.message))
            return
        try:
            self._count()
            await self._carry_out(command)
        except RequestRefusedError as error:
            self._say(refusal(command.id, error))
        except Exception:  # a mistake of ours must cost this client one command, no more
            log.exception("command_failed", command=command.type)
            self._say(Failed(id=command.id, code=FailureCode.INTERNAL, message="our mistake"))

    def _count(self) -> None:
        if not self._commands.take(self._timers.time()):
            raise RateLimitedError(
                f"at most {self._settings.command_rate_per_s:g} commands a second"
            )

    async def _carry_out(self, command: Command) -> None:
        match command:
            case SignIn():
                await self._sign_in(command)
            case SignOut():
                entry = self._signed_in()
                self._say(Done(id=command.id))
                self._sessions.sign_out(entry.agent, self)
                self.close(CloseCode.NORMAL, "signed out")
            case LogOn() | Ready() | NotReady() | EndWrapUp() | ExtendWrapUp() | LogOff():
                entry = self._signed_in()
                self._say(self._sessions.obey(entry.agent, command))
            case _ as unreachable:
                assert_never(unreachable)

    async def _sign_in(self, command: SignIn) -> None:
        if self._entry is not None:
            raise AlreadySignedInError("sign out first")
        entry = await self._authenticator.sign_in(
            AgentId(command.data.agent), command.data.password, self._address
        )
        if not self._visitor.admit():
            return
        self._entry = entry
        self._say(Done(id=command.id))
        self._sessions.join(entry, self)

    def _signed_in(self) -> AgentEntry:
        if self._entry is None:
            raise NotSignedInError("sign in first")
        return self._entry

    def _say(self, answer: Answer) -> None:
        self.send(encode_answer(answer))
