"""`cordboard check`."""

import gc
import json
import os
import sys
from pathlib import Path

import click

from config.errors import Problem, Severity, harmless
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
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help=_("json: one object a line for each problem, for editors and pipelines."),
)
@click.option("--strict", is_flag=True, help=_("Warnings fail the check too."))
def command(folder: Path, *, form: str, strict: bool) -> None:
    """Check a configuration."""
    gc.disable()  # trees hold no circles; in very long files it would cost a third of the time
    try:
        problems = check(folder, os.environ)
    finally:
        gc.enable()
    errors = _count(problems, Severity.ERROR)
    warnings = _count(problems, Severity.WARNING)
    failed = errors > 0 or (strict and warnings > 0)
    if form == "json":
        for problem in problems:
            click.echo(_as_json(problem))
    else:
        for problem in problems:
            click.echo(str(problem), err=strict or problem.severity is Severity.ERROR)
        if any(problem.line for problem in problems) or not problems:
            _sum_up(harmless(str(folder)), errors, warnings, failed=failed)
    sys.exit(1 if failed else 0)


def _sum_up(folder: str, errors: int, warnings: int, *, failed: bool) -> None:
    """Say in one line how it stands."""
    told_errors = ngettext("{count} error", "{count} errors", errors).format(count=errors)
    told_warnings = ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings)
    if failed:
        told = _("{folder}: {errors}, {warnings}")
        click.echo(told.format(folder=folder, errors=told_errors, warnings=told_warnings), err=True)
    elif warnings:
        told = _("{folder}: in order, {warnings}")
        click.echo(told.format(folder=folder, warnings=told_warnings))
    else:
        click.echo(_("{folder}: in order").format(folder=folder))


def _as_json(problem: Problem) -> str:
    """Return a problem as one line; where a whole folder is meant, its line is 1 too."""
    return json.dumps(
        {
            "file": problem.file,
            "line": max(1, problem.line),
            "column": max(1, problem.column),
            "path": problem.path,
            "severity": problem.severity.value,
            "message": problem.message,
        }
    )


def _count(problems: list[Problem], severity: Severity) -> int:
    return sum(problem.severity is severity for problem in problems)
