"""
What a client may ask for: one model for each command, one table of them all.

A command is `{"id": ..., "type": ..., "data": {...}}`. The id is the client's own; the same id
again is the same command, so that a client may repeat what it got no answer to. Nothing beyond the
fields named here is taken.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from protocols.ws.codes import RefusalCode
from protocols.ws.errors import MessageError
from protocols.ws.fields import PASSWORD_CHARS_MAX, CommandId, Name, ReasonText
from protocols.ws.strict_json import StrictJsonError, parse

MESSAGE_BYTES_MAX: Final = 64 * 1024
"""The longest message that a client may send."""
EXPLANATION_CHARS_MAX: Final = 300
EXTENSION_S_MAX: Final = 3_600
"""So much more time for paperwork may be asked for at once."""


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=False
    )


class NoData(_Model):
    """An empty object."""


class SignInData(_Model):
    """Who signs in. The password is checked against the agent's argon2 hash."""

    agent: Name
    password: Annotated[SecretStr, Field(min_length=1, max_length=PASSWORD_CHARS_MAX)]


class LogOnData(_Model):
    """The phone to work at, one of the agent's own; without it, the first of his list."""

    phone: Name | None = None


class NotReadyData(_Model):
    """Why the agent wants no calls, in his own words or his company's."""

    reason: ReasonText


class ExtendWrapUpData(_Model):
    """How many seconds are asked for beyond what is left."""

    by_s: Annotated[int, Field(ge=1, le=EXTENSION_S_MAX)]


class SignIn(_Model):
    """Sign in to the system; answered by `done` and a `snapshot` event."""

    id: CommandId
    type: Literal["sign_in"]
    data: SignInData


class LogOn(_Model):
    """Log on to work at a phone: not ready until `ready` is asked for."""

    id: CommandId
    type: Literal["log_on"]
    data: LogOnData = LogOnData()


class Ready(_Model):
    """Ask for calls; during a call it takes effect after it."""

    id: CommandId
    type: Literal["ready"]
    data: NoData = NoData()


class NotReady(_Model):
    """Ask for no more calls; during a call it takes effect after it."""

    id: CommandId
    type: Literal["not_ready"]
    data: NotReadyData


class EndWrapUp(_Model):
    """End the paperwork after a call before its time runs out."""

    id: CommandId
    type: Literal["end_wrap_up"]
    data: NoData = NoData()


class ExtendWrapUp(_Model):
    """
    Ask for more time for the paperwork after a call.

    It is granted as far as `until_max` of the agent's state; the state that follows tells `until`.
    """

    id: CommandId
    type: Literal["extend_wrap_up"]
    data: ExtendWrapUpData


class LogOff(_Model):
    """Stop working at the phone; during a call it takes effect after it."""

    id: CommandId
    type: Literal["log_off"]
    data: NoData = NoData()


class SignOut(_Model):
    """Leave the system; an agent who is still logged on is made not ready at once."""

    id: CommandId
    type: Literal["sign_out"]
    data: NoData = NoData()


AgentCommand = LogOn | Ready | NotReady | EndWrapUp | ExtendWrapUp | LogOff
"""What an agent asks for about his work."""
Command = SignIn | AgentCommand | SignOut

COMMANDS: Final[Mapping[str, type[Command]]] = MappingProxyType(
    {
        "sign_in": SignIn,
        "log_on": LogOn,
        "ready": Ready,
        "not_ready": NotReady,
        "end_wrap_up": EndWrapUp,
        "extend_wrap_up": ExtendWrapUp,
        "log_off": LogOff,
        "sign_out": SignOut,
    }
)
"""Every command by its type: what routes messages, and what the documents are made from."""

_COMMAND: Final[TypeAdapter[Command]] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
_COMMAND_ID: Final[TypeAdapter[str]] = TypeAdapter(CommandId, config=ConfigDict(strict=True))


def read_command(text: str) -> Command:
    """
    Return the command that a client's message holds.

    Raises:
        MessageError: it holds none; to be answered by a refusal, which may name the client's id.
    """
    try:
        message = parse(text)
    except StrictJsonError as error:
        raise MessageError(RefusalCode.MALFORMED, str(error)) from None
    if not isinstance(message, dict):
        raise MessageError(RefusalCode.MALFORMED, "a message is a JSON object")
    command_id = _readable_id(message.get("id"))
    try:
        return _COMMAND.validate_python(message)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _explained(first, command_id) from None


def _readable_id(value: object) -> str | None:
    try:
        return _COMMAND_ID.validate_python(value)
    except ValidationError:
        return None


def _explained(error: ErrorDetails, command_id: str | None) -> MessageError:
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        known = ", ".join(COMMANDS)
        return MessageError(RefusalCode.UNKNOWN_TYPE, f"type must be one of {known}", command_id)
    # The first step of the way is the union's tag, which the client knows as the type. The names
    # of unknown members are the client's own text: they go back to nobody but him, made ASCII.
    place = ".".join(ascii(step).strip("'") for step in error["loc"][1:])
    sentence = f"{place}: {error['msg']}"[:EXPLANATION_CHARS_MAX]
    return MessageError(RefusalCode.INVALID, sentence, command_id)
