"""
What a handler holds while Asterisk's `AGI()` waits for us: one caller's session.

Decides nothing; it is the narrow side of the connection that handlers may use.
"""

from protocols.agi.commands import AgiCommand
from protocols.agi.connection import AgiConnection, AgiFuture, SessionEnd
from protocols.agi.errors import CommandInterruptedError
from protocols.agi.replies import AgiReply, Interrupted
from protocols.agi.request import AgiRequest


class AgiSession:
    """One session. Use it from the event loop's thread only, from as many tasks as needed."""

    __slots__ = ("_connection", "request")

    def __init__(self, connection: AgiConnection, request: AgiRequest) -> None:
        self._connection = connection
        self.request = request
        """What Asterisk opened the session for."""

    @property
    def peer(self) -> str:
        """The address of Asterisk's host."""
        return self._connection.peer

    @property
    def hung_up(self) -> bool:
        """Whether Asterisk said HANGUP: hung up, or redirected while alive."""
        return self._connection.hung_up

    @property
    def ended(self) -> SessionEnd | None:
        """Why the session is over, or None while it is not. Says nothing about the call."""
        return self._connection.end

    async def run(self, command: AgiCommand) -> AgiReply:
        """
        Give a command and wait for its answer; a running interruptible command is interrupted.

        Cancelling leaves the command running: its answer is read and dropped.

        Raises:
            CommandRunningError: another command is unanswered; nothing was written.
            CommandInterruptedError: a later command interrupted this one.
            SessionEndedError: the session is over, or ended before the answer.
            RemoteProtocolError: Asterisk's side broke the protocol before the answer.
        """
        outcome = await self._connection.begin(command)
        if isinstance(outcome, Interrupted):
            raise CommandInterruptedError(f"{command.name} was interrupted by a later command")
        return outcome

    def begin(self, command: AgiCommand) -> AgiFuture:
        """
        Give a command and return its end: an `AgiReply`, or `Interrupted` by a later command.

        When another interruptible command runs, that one is interrupted first and this one is
        written when it has ended. Cancelling the future leaves the command running.

        Raises:
            CommandRunningError: another command is unanswered; nothing was written.
            SessionEndedError: the session is over.
        """
        return self._connection.begin(command)

    async def wait_ended(self) -> SessionEnd:
        """Wait until the session is over, and return why."""
        return await self._connection.wait_ended()

    async def close(self) -> None:
        """End the session: Asterisk goes on in the dialplan. Bounded by `close_s_max`."""
        self._connection.close()
        await self._connection.wait_lost()
