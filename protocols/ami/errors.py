"""
What can go wrong on a manager link.

    AmiError
    ├── LocalProtocolError        we were asked to send what the protocol cannot carry: nothing sent
    │   ├── HeaderRefusedError    a name that is no token, or a value that would break the framing
    │   ├── LineTooLongError      Asterisk would discard the whole action
    │   └── TooManyHeadersError   the same
    ├── RemoteProtocolError       the other side does not speak as Asterisk does
    ├── SwitchUnavailableError    the link is not up (or is clogged): nothing was sent
    │   └── LinkLostError         sent, and the link was lost before the answer: fate unknown
    ├── ActionTimeoutError        sent, and no answer within the deadline: fate unknown
    └── ActionRejectedError       Asterisk answered with an error

No message holds a header's value: values are numbers, names and secrets.
"""


class AmiError(Exception):
    """The root of everything raised by `protocols.ami`."""


class LocalProtocolError(AmiError):
    """Our own side asked for what the protocol cannot carry; nothing was sent."""


class HeaderRefusedError(LocalProtocolError):
    """A header's name or value would change the meaning of the action; `header` names it."""

    def __init__(self, header: str, why: str) -> None:
        super().__init__(f"header {header[:40]!r}: {why}")
        self.header = header
        self.why = why


class LineTooLongError(LocalProtocolError):
    """A line is longer than Asterisk's line buffer; `length` is in bytes with the line's end."""

    def __init__(self, header: str, length: int, limit: int) -> None:
        super().__init__(f"header {header[:40]!r}: the line has {length} bytes, {limit} at most")
        self.header = header
        self.length = length


class TooManyHeadersError(LocalProtocolError):
    """An action has more headers than Asterisk keeps; `count` includes Action and ActionID."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"the action has {count} headers, {limit} at most")
        self.count = count


class RemoteProtocolError(AmiError):
    """The other side does not speak as Asterisk does."""


class SwitchUnavailableError(AmiError):
    """The link is not up, so nothing was sent; the caller may ask again when it is up."""


class LinkLostError(SwitchUnavailableError):
    """
    The link was lost after the action was sent and before its answer.

    Asterisk may have done it or not; it is never sent again by us. Look at the live picture.
    """

    def __init__(self, action: str, action_id: str) -> None:
        super().__init__(f"the link was lost before {action} ({action_id}) was answered")
        self.action = action
        self.action_id = action_id


class ActionTimeoutError(AmiError):
    """No answer within the deadline. Asterisk may have done it or not."""

    def __init__(self, action: str, action_id: str, deadline_s: float) -> None:
        super().__init__(f"{action} ({action_id}) was not answered within {deadline_s:g} s")
        self.action = action
        self.action_id = action_id


class ActionRejectedError(AmiError):
    """Asterisk answered the action with an error; `message` is Asterisk's text."""

    def __init__(self, action_id: str, message: str) -> None:
        super().__init__(f"rejected: {message} ({action_id})")
        self.action_id = action_id
        self.message = message
