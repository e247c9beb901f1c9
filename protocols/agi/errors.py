"""
What can go wrong between a handler and Asterisk.

    AgiError
    ├── LocalProtocolError          our own mistake; nothing was written
    │   ├── CommandRefusedError     a name or value that no command line can carry safely
    │   │   └── CommandTooLongError the line is longer than Asterisk reads at once
    │   ├── CommandRunningError     another command runs and cannot be interrupted
    │   └── IllegalTransitionError  the conversation was asked for a step its table does not have
    ├── RemoteProtocolError         the other side broke the protocol; the session was aborted
    │   ├── BadEnvironmentError     the opening block is not what Asterisk writes, or is too long
    │   ├── LineTooLongError        a line beyond the limit
    │   ├── PeerTimeoutError        the opening block, or the answer to an interruption, never came
    │   └── UnexpectedLineError     a line that answers no command, or has no known form
    ├── SessionEndedError           no more commands here; says nothing about the call itself
    │   └── ChannelGoneError        the same, after Asterisk's HANGUP line
    └── CommandInterruptedError     `run` was waiting for a command that a later one interrupted

Messages never hold what came over the wire or what was to be written: either may be a caller's
number. `RemoteProtocolError.line` keeps the beginning of the offending line for the log.
"""

LINE_EXCERPT_BYTES_MAX = 80
"""How much of an offending line an error keeps."""


class AgiError(Exception):
    """Any failure of this package."""


class LocalProtocolError(AgiError):
    """Our own code asked for what the protocol does not allow; nothing was written."""


class CommandRefusedError(LocalProtocolError, ValueError):
    """A name or value cannot be written: it would end the line, or is not of the allowed form."""


class CommandTooLongError(CommandRefusedError):
    """The line is longer than Asterisk reads at once; it would run the rest as a next command."""


class CommandRunningError(LocalProtocolError):
    """A command is unanswered and cannot be interrupted; wait for its answer first."""


class IllegalTransitionError(LocalProtocolError):
    """The conversation has no such step: a defect of this package."""


class RemoteProtocolError(AgiError):
    """The other side broke the protocol. The session is over: its lines cannot be trusted."""

    def __init__(self, message: str, *, line: bytes = b"") -> None:
        super().__init__(message)
        self.line = line[:LINE_EXCERPT_BYTES_MAX]
        """The beginning of the offending line; may hold a number or a name."""


class BadEnvironmentError(RemoteProtocolError):
    """The opening block is not what Asterisk writes: forged, cut short, or beyond a limit."""


class LineTooLongError(RemoteProtocolError):
    """A line is longer than the limit."""


class PeerTimeoutError(RemoteProtocolError):
    """What the protocol owes us did not come in time."""


class UnexpectedLineError(RemoteProtocolError):
    """A line came that answers no command, or that has no known form."""


class SessionEndedError(AgiError):
    """The session is over. Whether the call is, only AMI can tell: a Redirect looks the same."""


class ChannelGoneError(SessionEndedError):
    """The session is over, and Asterisk said HANGUP: hung up, or redirected while alive."""


class CommandInterruptedError(AgiError):
    """The awaited command was interrupted by a later one of the same session."""
