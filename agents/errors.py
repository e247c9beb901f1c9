"""
What agents and their clients can be refused, and what the operator can set wrongly.

    RequestRefusedError(code)          told to the client as `refused`
    ├── NotSignedInError
    ├── AlreadySignedInError
    ├── WrongCredentialsError
    ├── TooManyAttemptsError           says when to come back
    ├── RateLimitedError
    ├── IdReusedError
    ├── UnknownPhoneError
    ├── NotLoggedOnError
    ├── NotWrappingUpError
    ├── WrapUpAtMaxError
    └── ReasonReservedError
    OverloadedError                    told to the client as `failed`: try again
    PlainBeyondLoopbackError           the operator's: passwords could be read on their way
    CertificateError                   the operator's: certificate or key cannot be used
"""

from pathlib import Path
from typing import ClassVar

from protocols.ws.codes import RefusalCode


class RequestRefusedError(Exception):
    """A client's request is refused; never raised itself. Its text is for the client's eyes."""

    code: ClassVar[RefusalCode]
    retry_after_s: float | None = None


class NotSignedInError(RequestRefusedError):
    """The first command is `sign_in`."""

    code = RefusalCode.NOT_SIGNED_IN


class AlreadySignedInError(RequestRefusedError):
    """One connection serves one agent."""

    code = RefusalCode.ALREADY_SIGNED_IN


class WrongCredentialsError(RequestRefusedError):
    """No such agent, or not his password: the client is not told which."""

    code = RefusalCode.WRONG_CREDENTIALS


class TooManyAttemptsError(RequestRefusedError):
    """Too many wrong passwords for this agent or from this address."""

    code = RefusalCode.TOO_MANY_ATTEMPTS

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateLimitedError(RequestRefusedError):
    """More commands than a person or a good program sends."""

    code = RefusalCode.RATE_LIMITED


class IdReusedError(RequestRefusedError):
    """The id of one command came with another."""

    code = RefusalCode.ID_REUSED


class UnknownPhoneError(RequestRefusedError):
    """Not one of the agent's phones."""

    code = RefusalCode.UNKNOWN_PHONE


class NotLoggedOnError(RequestRefusedError):
    """Only an agent who works at a phone can do this."""

    code = RefusalCode.NOT_LOGGED_ON


class NotWrappingUpError(RequestRefusedError):
    """There is no wrap-up to end or to extend."""

    code = RefusalCode.NOT_WRAPPING_UP


class WrapUpAtMaxError(RequestRefusedError):
    """The wrap-up lasts as long already as the queue lets it."""

    code = RefusalCode.WRAP_UP_AT_MAX


class ReasonReservedError(RequestRefusedError):
    """Only the system gives this reason."""

    code = RefusalCode.REASON_RESERVED


class OverloadedError(Exception):
    """The daemon sheds clients' requests for now."""


class PlainBeyondLoopbackError(Exception):
    """Plain text was asked for on an address that other machines reach."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"web.listen {host} is reachable from other machines and no certificate is set: "
            "passwords would cross the network in the clear; set web.certificate and web.key, "
            "or web.allow_plain_beyond_loopback behind a proxy that speaks TLS"
        )
        self.host = host


class CertificateError(Exception):
    """Certificate or key cannot be read, or do not belong together."""

    def __init__(self, certificate: Path, why: str) -> None:
        super().__init__(f"web.certificate {certificate}: {why}")
        self.certificate = certificate
        self.why = why
