"""
What can be wrong with a client's bytes.

    WsProtocolError
    ├── MessageError       one message cannot be understood: it is refused, the connection lives on
    └── FrameError         the stream breaks RFC 6455 or a limit: the connection is closed
"""

from protocols.ws.codes import CloseCode, RefusalCode


class WsProtocolError(Exception):
    """The other side broke the protocol; never raised itself."""


class MessageError(WsProtocolError):
    """
    A message that cannot be understood.

    `command_id` is the client's id where it could be read, so that the refusal can name it.
    """

    def __init__(self, code: RefusalCode, message: str, command_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.command_id = command_id


class FrameError(WsProtocolError):
    """A stream that cannot go on; `code` tells the shell with what to close it."""

    def __init__(self, code: CloseCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
