"""What every section has in common, and the section that says where a secret is."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.config import JsonDict

from config.values import FilePath, Means, VariableName, rule
from cti.language import _


def one_of(*keys: str) -> JsonDict:
    """Return what editors can know of the rule that one of some keys is there, and not null."""
    return {
        "oneOf": [
            {"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in keys
        ]
    }


class Section(BaseModel):
    """A mapping of the configuration: its keys are known, and it is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SecretSource(Section):
    """Where a secret comes from: an environment variable or a file, never the configuration."""

    model_config = ConfigDict(json_schema_extra=one_of("env", "file"))

    env: VariableName | None = None
    """The name of the environment variable that holds it."""
    file: Annotated[FilePath, Means(_("a file's path"), secret=True)] | None = None
    """The file that holds it, in one line; relative to the configuration's folder."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise rule(_("needs one of the two: {env: NAME} or {file: PATH}"))
        return self
