"""
The closed lists of the protocol's codes: why a command was not done, why a connection was closed.

Clients branch on codes and show messages: a code is never renamed, a message may be.
"""

from enum import IntEnum, StrEnum


class RefusalCode(StrEnum):
    """Why a command was refused: asking again in the same way would be refused again."""

    MALFORMED = "malformed"
    """Not a JSON object that this protocol could hold."""
    UNKNOWN_TYPE = "unknown_type"
    """There is no command of this type."""
    INVALID = "invalid"
    """A field is missing, of the wrong kind, too long, or not known."""
    ID_REUSED = "id_reused"
    """This id was used for a different command."""
    RATE_LIMITED = "rate_limited"
    """Too many commands in a short time; nothing was done, and the id may be used again."""
    NOT_SIGNED_IN = "not_signed_in"
    ALREADY_SIGNED_IN = "already_signed_in"
    WRONG_CREDENTIALS = "wrong_credentials"
    """Agent or password is wrong; which of the two is not told."""
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    """Too many wrong passwords for this agent or from this address: wait."""
    UNKNOWN_PHONE = "unknown_phone"
    NOT_LOGGED_ON = "not_logged_on"
    NOT_WRAPPING_UP = "not_wrapping_up"
    WRAP_UP_AT_MAX = "wrap_up_at_max"
    """The paperwork lasts as long already as it may."""
    REASON_RESERVED = "reason_reserved"
    """Only the system gives this reason for being not ready."""


class FailureCode(StrEnum):
    """Why a command was not done although nothing is wrong with it: try again, the id is free."""

    OVERLOADED = "overloaded"
    INTERNAL = "internal"


class SignOutReason(StrEnum):
    """Why the system signs a client out."""

    SIGNED_IN_ELSEWHERE = "signed_in_elsewhere"
    SIGNED_OUT = "signed_out"
    SERVER_STOPPING = "server_stopping"
    REMOVED = "removed"
    """The agent is not in the configuration any more."""


class WithdrawReason(StrEnum):
    """Why a screen pop is no longer of use to this agent."""

    CALLER_LEFT = "caller_left"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class CloseCode(IntEnum):
    """Websocket close codes: RFC 6455 section 7.4.1, and from 4000 on our own."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    """Too many frames; wait before you come back."""
    MESSAGE_TOO_BIG = 1009
    SIGNED_IN_ELSEWHERE = 4001
    """The same agent signed in at another desk: do not reconnect by yourself."""
    SIGN_IN_OVERDUE = 4002
    """No sign-in within the time allowed for it."""
    REMOVED = 4003
    """There is no agent of this name any more: do not reconnect by yourself."""
