"""`cordboard doctor`."""

import logging
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import click
import structlog
from rich.console import Console

from config.errors import ConfigError, Severity
from config.load import load
from cti.backup.progress import run_interruptibly
from cti.commands._common import GivenPath, config_option
from cti.doctor.files import told
from cti.doctor.findings import Examination, Finding, Verdict
from cti.doctor.report import print_json, print_text, worst
from cti.doctor.visit import visit
from cti.language import _


@click.command(
    help=_(
        """Look at everything that the daemon and its PBX need, and say what to do about the rest.

        It works before the daemon has ever run, and while it runs; it disturbs no call and changes
        nothing, and takes a few seconds. Run it as the account that the daemon runs as, on its
        machine.

        Exit code 0: all is well, or there are warnings. 1: something is wrong.
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
    help=_("json: one object a line for each finding."),
)
@click.option(
    "--asterisk-etc",
    "etc",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_("Where Asterisk's own files are, if not where Asterisk says."),
)
def command(*, folder: Path, form: str, etc: Path | None) -> None:
    """Examine daemon and PBX."""
    # What the parts log is for the daemon's log; what matters of it becomes a finding.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger().addHandler(logging.NullHandler())
    findings = _examined(folder, etc)
    if form == "json":
        print_json(findings, sys.stdout)
    else:
        print_text(findings, sys.stdout)
    sys.exit(1 if worst(findings) is Verdict.WRONG else 0)


def _examined(folder: Path, etc: Path | None) -> list[Finding]:
    try:
        configuration = load(folder, os.environ)
    except ConfigError as error:
        return [
            Finding(
                check="configuration",
                verdict=(Verdict.WRONG if problem.severity is Severity.ERROR else Verdict.WARNING),
                sentence=told(problem),
            )
            for problem in error.problems
        ]
    examination = Examination(configuration=configuration, etc_option=etc)
    console = Console(stderr=True)
    waiting = (
        console.status(_("looking at daemon and PBX …")) if console.is_terminal else nullcontext()
    )
    with waiting:
        return run_interruptibly(lambda: visit(examination))
