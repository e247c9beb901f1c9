"""
What can go wrong with a phone.

    PhoneError
    ├── SipSyntaxError            bytes that are not a SIP message
    ├── SdpSyntaxError            a session description that names no audio we can use
    ├── CallFailedError           a call that was not answered: status and reason say why
    ├── CallOverError             a verb on a call whose time for it is past
    ├── DigitsNotAgreedError      keys cannot be sent: the peer announced no telephone-event
    ├── RegistrationFailedError   the registrar said no
    ├── NotHeardError             also TimeoutError: the tone did not come, or did not stop
    └── NothingCameError          also TimeoutError: no call or no key came in time
"""


class PhoneError(Exception):
    """Anything a phone reports."""


class SipSyntaxError(PhoneError):
    """The bytes are not a SIP message, or a header is not what RFC 3261 lets it be."""


class SdpSyntaxError(PhoneError):
    """The session description cannot be read, or offers no G.711 mu-law audio."""


class CallFailedError(PhoneError):
    """
    A call ended before it was answered.

    Attributes:
        status: the final SIP status; 408 also when nobody replied at all.
        reason: the words that came with it.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class CallOverError(PhoneError):
    """The call has ended, or is past the point where this can be done to it."""


class DigitsNotAgreedError(PhoneError):
    """The peer's session description names no telephone-event (RFC 4733)."""


class RegistrationFailedError(PhoneError):
    """
    A REGISTER was refused or not answered.

    Attributes:
        status: the final SIP status; 408 when nobody replied.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status


class NotHeardError(PhoneError, TimeoutError):
    """A tone did not come, or did not stop, within the time given."""


class NothingCameError(PhoneError, TimeoutError):
    """What was waited for (a call, a key) did not come within the time given."""
