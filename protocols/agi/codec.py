"""
One conversation with Asterisk as bytes: pure, without a clock or a socket.

Decides what may be written now, and which command a line answers. It must not know who waits for
the answer, nor how long.

At most one command is unanswered, for Asterisk reads ahead into a buffer of its own but then waits
for the socket: a second line that arrives together with the first lies there until still more
bytes come, for ever if none do (measured). Only WAIT FOR DIGIT and STREAM FILE watch the socket
while they run; anything we write ends them at once. We always interrupt with a NOOP and write the
wanted command when it is answered, one round trip later, for three reasons:

* An interrupted STREAM FILE prints no line, but one that just ended by itself has printed its
  `endpos=` line already. A NOOP's answer cannot be taken for it; another STREAM FILE's could.
* The command to interrupt may still lie beside our NOOP in Asterisk's buffer, having arrived
  together with it; then it runs undisturbed. More NOOPs (`interrupt` again) get it out of there.
  They are harmless, as an EXEC or another interruptible command in their place would not be.
* When all NOOPs are answered, nothing of ours lies in any buffer, and the wanted command is alone.

A HANGUP line stands outside of all this: it answers nothing, may come in any phase, and closes the
conversation for further commands; what is unanswered may still be answered, or the stream ends.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocols.agi.commands import AgiCommand, AnswerForm, noop
from protocols.agi.errors import (
    ChannelGoneError,
    CommandRunningError,
    IllegalTransitionError,
    LineTooLongError,
    LocalProtocolError,
    RemoteProtocolError,
    SessionEndedError,
    UnexpectedLineError,
)
from protocols.agi.limits import AgiLimits
from protocols.agi.replies import SUCCESS, USAGE, AgiReply, Interrupted, read_reply
from protocols.agi.request import AgiRequest, EnvironmentReader


class Phase(Enum):
    """Where the conversation is."""

    ENVIRONMENT = "environment"
    IDLE = "idle"
    RUNNING = "running"
    INTERRUPTING = "interrupting"
    ENDED = "ended"

    # Members are singletons. Enum's own hash is a Python function, and taken four times a command.
    __hash__ = object.__hash__


# Python 3.11 looks a member up by a Python function, every time: a fifth of what a command cost.
_ENVIRONMENT: Final = Phase.ENVIRONMENT
_IDLE: Final = Phase.IDLE
_RUNNING: Final = Phase.RUNNING
_INTERRUPTING: Final = Phase.INTERRUPTING
_ENDED: Final = Phase.ENDED
_KEY: Final = AnswerForm.KEY
_PLAYBACK: Final = AnswerForm.PLAYBACK

TRANSITIONS: Final[dict[tuple[Phase, Phase], str]] = {
    (Phase.ENVIRONMENT, Phase.IDLE): "a blank line ended a good opening block",
    (Phase.IDLE, Phase.RUNNING): "a command was written",
    (Phase.RUNNING, Phase.IDLE): "its answer came",
    (Phase.RUNNING, Phase.INTERRUPTING): "a NOOP was written to interrupt it",
    (Phase.INTERRUPTING, Phase.IDLE): "it ended, and every NOOP is answered",
    (Phase.ENVIRONMENT, Phase.ENDED): "refused, closed, or too late",
    (Phase.IDLE, Phase.ENDED): "closed by either side, or a line that answers nothing",
    (Phase.RUNNING, Phase.ENDED): "closed with a command unanswered",
    (Phase.INTERRUPTING, Phase.ENDED): "closed with commands unanswered",
}
"""Every step the conversation can take, and why it takes it."""


@dataclass(frozen=True, slots=True)
class HangupSeen:
    """Asterisk said HANGUP: the caller hung up, or was redirected and lives."""


@dataclass(frozen=True, slots=True)
class ProtocolBroken:
    """The other side broke the protocol. Always the last event."""

    error: RemoteProtocolError


AgiEvent = AgiRequest | AgiReply | Interrupted | HangupSeen | ProtocolBroken
"""What came in. A reply or `Interrupted` is the end of the one command that was running."""

_NOOP: Final = noop()
_NOOP_ANSWER: Final = read_reply(b"200 result=0")
_USAGE_BEGINS: Final = b"520-"
_USAGE_ENDS: Final = b"520 "
_PROVISIONAL: Final = b"100 "


class AgiCodec:
    """Our side of one conversation. Feed it all that is read; write all that it returns."""

    __slots__ = (
        "_command",
        "_environment",
        "_line_bytes_max",
        "_noops_owed",
        "_partial",
        "_usage",
        "_usage_lines_max",
        "hung_up",
        "phase",
    )

    def __init__(self, limits: AgiLimits) -> None:
        self._line_bytes_max = limits.line_bytes_max
        self._usage_lines_max = limits.usage_lines_max
        self._environment = EnvironmentReader(limits)
        self._partial = b""
        self._command: AgiCommand | None = None
        self._noops_owed = 0
        self._usage: list[bytes] = []
        self.phase = _ENVIRONMENT
        self.hung_up = False
        """Whether the HANGUP line was seen."""

    def receive(self, data: bytes | bytearray) -> list[AgiEvent]:
        """
        Take what was read, in whatever pieces, and return what it means.

        Never raises for what the other side does: a breach of the protocol is the last event,
        `ProtocolBroken`, after which the caller must close and everything further is ignored.
        """
        events: list[AgiEvent] = []
        if self.phase is _ENDED:
            return events
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        try:
            for line in lines:
                if len(line) > self._line_bytes_max:
                    raise LineTooLongError("a line beyond the limit", line=line)
                self._receive_line(line, events)
            if len(self._partial) > self._line_bytes_max:
                raise LineTooLongError("a line beyond the limit", line=self._partial)
        except RemoteProtocolError as error:
            self.end()
            events.append(ProtocolBroken(error))
        return events

    def send(self, command: AgiCommand) -> bytes:
        """
        Note that a command runs, and return what to write for it.

        Raises:
            CommandRunningError: another command is unanswered.
            ChannelGoneError: the HANGUP line was seen.
            SessionEndedError: the conversation is over.
        """
        if self.phase is not _IDLE or self.hung_up:
            raise self._refusal(command)
        self._become(_RUNNING)
        self._command = command
        return command.wire

    def interrupt(self) -> bytes:
        """
        Return what to write to interrupt the running command; once more if nothing happens.

        Raises:
            CommandRunningError: the running command cannot be interrupted.
            LocalProtocolError: no command runs.
            ChannelGoneError: the HANGUP line was seen.
            SessionEndedError: the conversation is over.
        """
        if self.hung_up or self.phase not in (_RUNNING, _INTERRUPTING):
            raise self._refusal(_NOOP)
        if self.phase is _RUNNING:
            if self._command is None or not self._command.interruptible:
                raise self._refusal(_NOOP)
            self._become(_INTERRUPTING)
        self._noops_owed += 1
        return _NOOP.wire

    def end(self) -> None:
        """Note that the conversation is over, by whichever side."""
        if self.phase is not _ENDED:
            self._become(_ENDED)
            self._partial = b""

    def _receive_line(self, line: bytes, events: list[AgiEvent]) -> None:
        if self.phase is _ENVIRONMENT:
            request = self._environment.feed(line)
            if request is not None:
                self._become(_IDLE)
                events.append(request)
        elif self._usage:
            self._receive_usage(line, events)
        elif line == b"HANGUP":
            # Asterisk writes it once or twice; the second says nothing new.
            if not self.hung_up:
                self.hung_up = True
                events.append(HangupSeen())
        elif self.phase is _IDLE:
            # Also what is left of a value with line feeds in it, or of an opening block that a
            # caller ended early: the next answer could be forged, so the session must end.
            raise UnexpectedLineError("a line that answers no command", line=line)
        elif line.startswith(_USAGE_BEGINS):
            self._usage.append(line)
        elif not line.startswith(_PROVISIONAL):
            self._attribute(read_reply(line), line, events)

    def _receive_usage(self, line: bytes, events: list[AgiEvent]) -> None:
        self._usage.append(line)
        if line.startswith(_USAGE_ENDS):
            text = b"\n".join(self._usage).decode("utf-8", errors="replace")
            self._usage = []
            self._attribute(AgiReply(code=USAGE, text=text), line, events)
        elif len(self._usage) > self._usage_lines_max:
            raise UnexpectedLineError("a usage text without end", line=line)

    def _attribute(self, reply: AgiReply, line: bytes, events: list[AgiEvent]) -> None:
        """Find out whose answer this is: the running command's, or a NOOP's behind it."""
        command = self._command
        if self.phase is _INTERRUPTING and _answers_noop(reply, command):
            if command is not None:  # a STREAM FILE that ended without a line
                self._command = None
                events.append(Interrupted())
            self._noops_owed -= 1
            if not self._noops_owed:
                self._become(_IDLE)
            return
        if command is None or not _answers(reply, command):
            raise UnexpectedLineError("an answer of another form than the command's", line=line)
        self._command = None
        if self.phase is _RUNNING:
            self._become(_IDLE)
        interrupted = command.answer_form is _KEY and reply.result == "1"
        events.append(Interrupted() if interrupted else reply)

    def _refusal(self, command: AgiCommand) -> LocalProtocolError | SessionEndedError:
        if self.phase is _ENDED:
            return SessionEndedError(f"{command.name}: the session is over")
        if self.hung_up:
            return ChannelGoneError(f"{command.name}: Asterisk said HANGUP")
        if self._command is not None or self._noops_owed:
            return CommandRunningError(f"{command.name}: another command is unanswered")
        return LocalProtocolError(f"{command.name}: not in the phase {self.phase.value}")

    def _become(self, phase: Phase) -> None:
        if (self.phase, phase) not in TRANSITIONS:
            raise IllegalTransitionError(f"no step from {self.phase.value} to {phase.value}")
        self.phase = phase


def _answers(reply: AgiReply, command: AgiCommand) -> bool:
    """Tell whether a reply has the form of this command's. Failures have one form for all."""
    if reply.code != SUCCESS:
        return True
    return (reply.endpos is not None) is (command.answer_form is _PLAYBACK)


def _answers_noop(reply: AgiReply, interrupted: AgiCommand | None) -> bool:
    """Tell whether a reply is a NOOP's, with this command, if any, still without its own."""
    if interrupted is not None and interrupted.answer_form is _KEY:
        return False  # WAIT FOR DIGIT always prints its line first
    return reply == _NOOP_ANSWER
