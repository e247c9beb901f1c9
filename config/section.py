"""What every section has in common, and the section that says where a secret is."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, model_validator

from config.values import FilePath, Means, VariableName, rule
from cti.language import _


class Section(BaseModel):
    """A mapping of the configuration: its keys are known, and it is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SecretSource(Section):
    """Where a secret comes from: an environment variable or a file, never the configuration."""

    env: VariableName | None = None
    file: Annotated[FilePath, Means(_("a file's path"), secret=True)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise rule(_("needs one of the two: {env: NAME} or {file: PATH}"))
        return self
