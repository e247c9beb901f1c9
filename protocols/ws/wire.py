"""
Messages to and from the client's side of the wire: encoding for the server, reading for a client.

An event that goes to many is encoded once: its data becomes text a single time, and each
receiver's own number is put before it. Nothing here knows sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from cti.instants import Time, as_datetime
from protocols.ws.answers import Answer
from protocols.ws.events import EVENTS, Event, EventData

EventName = Literal[
    "snapshot",
    "agent_state_changed",
    "screen_pop",
    "screen_pop_updated",
    "screen_pop_withdrawn",
    "call_answered",
    "call_ended",
    "signed_out",
]
ServerMessage = Answer | Event
"""Everything that a server sends."""

_DATA_OF: Final[Mapping[str, object]] = MappingProxyType(
    {name: event.model_fields["data"].annotation for name, event in EVENTS.items()}
)
_SERVER_MESSAGE: Final[TypeAdapter[ServerMessage]] = TypeAdapter(
    Annotated[
        Annotated[Answer, Field(discriminator="type")]
        | Annotated[Event, Field(discriminator="event")],
        Field(union_mode="left_to_right"),
    ]
)


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """An event without number and time, as text: what all its receivers have in common."""

    _tail: bytes

    def numbered(self, seq: int, at: Time) -> bytes:
        """Return the whole message for one receiver."""
        return b'{"type":"event","seq":%d,"at":"%s"%s' % (seq, iso(at).encode(), self._tail)


def encode_event(name: EventName, data: EventData) -> EncodedEvent:
    """
    Encode an event once, for any number of receivers.

    Raises:
        TypeError: this event does not carry such data (a mistake of ours).
    """
    if _DATA_OF[name] is not type(data):
        raise TypeError(f"{name} does not carry {type(data).__name__}")
    return EncodedEvent(b',"event":"%s","data":%s}' % (name.encode(), _json(data)))


def encode_answer(answer: Answer) -> bytes:
    """Return an answer's text."""
    return _json(answer)


def read_server_message(text: str | bytes) -> ServerMessage:
    """
    Return what a server said, for clients written in Python.

    Raises:
        pydantic.ValidationError: the server speaks another protocol.
    """
    return _SERVER_MESSAGE.validate_json(text)


def iso(at: Time) -> str:
    """Return an instant as every message has it: UTC, six digits, `Z`."""
    moment: datetime = as_datetime(at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(model: Answer | EventData) -> bytes:
    return model.model_dump_json().encode()
