"""What the commands share: how a folder is named, and how a command ends that cannot go on."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from cti.language import _

config_option = click.option(
    "--config",
    "folder",
    required=True,
    envvar="CORDBOARD_CONFIG",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("The folder that holds the YAML files. Also taken from CORDBOARD_CONFIG."),
)


def fail(message: str) -> NoReturn:
    """Say in one line why the command cannot go on, and end with exit code 1."""
    click.echo(f"cordboard: {message}", err=True)
    sys.exit(1)
