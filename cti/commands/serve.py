"""`cordboard serve`."""

import asyncio
import os
import sys
from pathlib import Path

import click
import structlog

from config.errors import ConfigError
from config.load import load
from cti.commands._common import config_option, fail
from cti.daemon import Daemon, StartError
from cti.language import _
from cti.logs import set_up_logs

log = structlog.get_logger(__name__)


@click.command(
    help=_(
        """Run the daemon until it is told to stop (SIGTERM or Ctrl-C).

        SIGHUP has it read its configuration again (as cordboard reload does) and look at the
        certificate; where it was started in a terminal, it stops when that is closed.

        Exit code 0: stopped as told. 1: it could not start, and says why in one line.
        """
    )
)
@config_option
@click.option(
    "--watch", is_flag=True, help=_("Read the configuration again whenever a file is saved.")
)
def command(folder: Path, *, watch: bool) -> None:
    """Run the daemon."""
    try:
        configuration = load(folder, os.environ)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    set_up_logs(configuration.log.format, configuration.log.level)
    for warning in configuration.warnings:
        log.warning("configuration_doubtful", problem=str(warning))
    try:
        daemon = Daemon(configuration, os.environ, in_terminal=_in_terminal(), watch=watch)
        asyncio.run(daemon.run())
    except StartError as error:
        fail(str(error))


def _in_terminal() -> bool:
    """Tell whether somebody started us in a terminal, in the foreground or not."""
    try:
        return os.isatty(0)
    except OSError:  # no standard input at all
        return False
