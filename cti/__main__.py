"""The command `cordboard`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NoReturn

import click
import structlog

from agents.auth import hash_password
from config.errors import ConfigError, Problem, Severity
from config.load import check, load
from cti.daemon import Daemon, StartError
from cti.logs import set_up_logs

PASSWORD_LENGTH_MIN = 8

log = structlog.get_logger(__name__)

_config_option = click.option(
    "--config",
    "folder",
    required=True,
    envvar="CORDBOARD_CONFIG",
    type=click.Path(path_type=Path),
    help="The folder that holds the YAML files. Also taken from CORDBOARD_CONFIG.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cordboard", message="cordboard %(version)s")
def main() -> None:
    """Route calls for Asterisk: IVR menus, queues, agents, and every decision explained."""


@main.command("check")
@_config_option
def check_command(folder: Path) -> None:
    """
    Check a configuration and say all that is wrong with it at once.

    Exit code 0: it can be used, perhaps with warnings. 1: it cannot.
    """
    problems = check(folder, os.environ)
    for problem in problems:
        click.echo(str(problem), err=problem.severity is Severity.ERROR)
    errors = _count(problems, Severity.ERROR)
    warnings = _count(problems, Severity.WARNING)
    if errors:
        click.echo(
            f"{folder}: {_plural(errors, 'error')}, {_plural(warnings, 'warning')}", err=True
        )
        sys.exit(1)
    click.echo(f"{folder}: in order" + (f", {_plural(warnings, 'warning')}" if warnings else ""))


@main.command()
@_config_option
def serve(folder: Path) -> None:
    """
    Run the daemon until it is told to stop (SIGTERM, SIGHUP or Ctrl-C).

    Exit code 0: stopped as told. 1: it could not start, and says why in one line.
    """
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
        asyncio.run(Daemon(configuration).run())
    except StartError as error:
        _fail(str(error))


@main.command("hash-password")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input.")
def hash_password_command(*, from_stdin: bool) -> None:
    """Turn a password into the text that belongs into agents.yaml as `password_hash`."""
    if from_stdin:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            _fail("the password is not UTF-8")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < PASSWORD_LENGTH_MIN:
        _fail(f"the password needs {PASSWORD_LENGTH_MIN} characters or more")
    click.echo(hash_password(password))


def _count(problems: list[Problem], severity: Severity) -> int:
    return sum(problem.severity is severity for problem in problems)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _fail(message: str) -> NoReturn:
    click.echo(f"cordboard: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
