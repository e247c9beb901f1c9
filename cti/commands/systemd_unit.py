"""`cordboard systemd-unit`."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from config.errors import ConfigError
from config.load import load
from config.settings import Configuration
from cti.commands._common import GivenPath, config_option, fail
from cti.instants import as_seconds
from cti.language import _
from cti.operations.unit import Installation, UnfitTextError, unit

_STAND_IN = "postgresql://cordboard@localhost/stand-in"
"""For secrets that are not here now: they are for the service, and no part of its unit."""


@click.command(
    help=_(
        """Print a systemd unit for this installation.

        It runs this very program with this configuration, restarts it whenever it ends, and lets it
        reach nothing that it does not need. Write it to /etc/systemd/system/cordboard.service.

        Exit code 0: printed. 1: it cannot be made, and says why.
        """
    )
)
@config_option
@click.option(
    "--user",
    default="cordboard",
    show_default=True,
    metavar="NAME",
    help=_("The account that the daemon runs as."),
)
@click.option(
    "--secrets",
    default="/etc/cordboard/cordboard.env",
    show_default=True,
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help=_("Where the environment variables stand that hold secrets."),
)
def command(folder: Path, user: str, secrets: Path) -> None:
    """Print the unit."""
    environment = _Environment(os.environ)
    try:
        configuration = load(folder.absolute(), environment)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    try:
        text = unit(_installation(configuration, environment, user, secrets.absolute()))
    except UnfitTextError as error:
        fail(str(error))
    click.echo(text, nl=False)


def _installation(
    configuration: Configuration, environment: "_Environment", user: str, secrets: Path
) -> Installation:
    web = configuration.web
    pair = [path for path in (web.certificate, web.key) if path is not None]
    command = _our_command()
    return Installation(
        command=command,
        config=configuration.folder,
        data=configuration.data,
        reads=(Path(command[0]), Path(sys.prefix), Path(sys.base_prefix), *pair),
        user=user,
        variables=tuple(environment.asked),
        secrets_file=secrets,
        watchdog_limit_s=as_seconds(configuration.watchdog_limit),
        web_port=web.port,
        embedded_database=configuration.database_url is None,
    )


def _our_command() -> tuple[str, ...]:
    """Return what runs this program again, from any folder."""
    script = Path(sys.executable).with_name("cordboard")
    if script.is_file() and os.access(script, os.X_OK):
        return (str(script),)
    return (sys.executable, "-m", "cti")


class _Environment(Mapping[str, str]):
    """An environment in which every variable is set, and which knows what was asked for."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.asked: dict[str, None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = None
        return self._known.get(name) or _STAND_IN

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
