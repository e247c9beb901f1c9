"""What the commands share: how a folder is named, and how a command ends that cannot go on."""

import os
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from cti.language import _

INTERRUPTED: Final = 130
"""A shell's exit code for a program that Ctrl-C ended."""


class GivenPath(click.Path):
    """A path that is not empty: a shell's variable that is not set is not the current folder."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - click's own
        """Return the path."""
        if not os.fspath(value):
            self.fail(_("the path is empty; is a variable of the shell not set?"), param, ctx)
        return super().convert(value, param, ctx)


config_option = click.option(
    "--config",
    "folder",
    required=True,
    envvar="CORDBOARD_CONFIG",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_("The folder that holds the YAML files. Also taken from CORDBOARD_CONFIG."),
)


def fail(message: str) -> NoReturn:
    """Say in one line why the command cannot go on, and end with exit code 1."""
    click.echo(f"cordboard: {message}", err=True)
    sys.exit(1)
