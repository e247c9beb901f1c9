"""
How a command is answered: done, refused or failed, exactly once, with the client's id.

`done` says that the command was accepted and passed on. What it changes is told by an event. A
`refused` command was looked at and not done; a `failed` one was not done for the server's reasons.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from protocols.ws.codes import FailureCode, RefusalCode


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=False)


class Done(_Model):
    """The command was accepted and passed on."""

    type: Literal["done"] = "done"
    id: str


class Refused(_Model):
    """
    The command was not done, and would not be if it came again.

    `id` is null where the client's id could not be read. `retry_after_s` is there where waiting
    helps.
    """

    type: Literal["refused"] = "refused"
    id: str | None
    code: RefusalCode
    message: str
    retry_after_s: float | None = None


class Failed(_Model):
    """The command was not done for no fault of its own; the same id may be sent again."""

    type: Literal["failed"] = "failed"
    id: str
    code: FailureCode
    message: str


Answer = Done | Refused | Failed
"""One of these answers every command."""
