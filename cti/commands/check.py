"""`cordboard check`."""

import os
import sys
from pathlib import Path

import click

from config.errors import Problem, Severity
from config.load import check
from cti.commands._common import config_option
from cti.language import _, ngettext


@click.command(
    help=_(
        """Check a configuration and say all that is wrong with it at once.

        Exit code 0: it can be used, perhaps with warnings. 1: it cannot.
        """
    )
)
@config_option
def command(folder: Path) -> None:
    """Check a configuration."""
    problems = check(folder, os.environ)
    for problem in problems:
        click.echo(str(problem), err=problem.severity is Severity.ERROR)
    errors = _count(problems, Severity.ERROR)
    warnings = _count(problems, Severity.WARNING)
    told_errors = ngettext("{count} error", "{count} errors", errors).format(count=errors)
    told_warnings = ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings)
    if errors:
        click.echo(f"{folder}: {told_errors}, {told_warnings}", err=True)
        sys.exit(1)
    in_order = _("{folder}: in order").format(folder=folder)
    click.echo(f"{in_order}, {told_warnings}" if warnings else in_order)


def _count(problems: list[Problem], severity: Severity) -> int:
    return sum(problem.severity is severity for problem in problems)
