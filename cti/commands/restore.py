"""`cordboard restore`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from config.errors import ConfigError
from cti.backup.archives import archive_at, describe, told
from cti.backup.inspection import Archive
from cti.backup.progress import run_interruptibly, shown
from cti.backup.restore import Outcome, Wishes, restore
from cti.commands._common import INTERRUPTED, GivenPath, config_option, fail
from cti.language import _
from storage.errors import StorageError


@click.command(
    help=_(
        """Bring a site back from an archive that `cordboard backup` has made.

        The archive is verified first. The data folder and the database have to be empty, and no
        daemon may run. Configuration and prompts are put where there are none; those that are there
        are kept. Should it be broken off, run it again.
        """
    )
)
@config_option
@click.option(
    "--from",
    "source",
    required=True,
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help=_("The archive."),
)
@click.option("--dry-run", is_flag=True, help=_("Verify the archive only, and change nothing."))
@click.option(
    "--replace-files",
    is_flag=True,
    help=_("Replace configuration, prompts and secrets that are there by the archive's."),
)
@click.option(
    "--force",
    is_flag=True,
    help=_("Restore although there is something: say what, ask, and put it aside."),
)
@click.option(
    "--yes", is_flag=True, help=_("With --force: do not ask, as where nobody could answer.")
)
def command(
    *, folder: Path, source: Path, dry_run: bool, replace_files: bool, force: bool, yes: bool
) -> None:
    """Restore a site."""
    wishes = Wishes(
        force=force,
        replace_files=replace_files,
        dry_run=dry_run,
        agreed=None if yes else [],
    )
    try:
        with archive_at(source) as archive:
            outcome = _run(archive, folder, wishes)
            if outcome.there and _agreed(outcome.there):
                outcome = _run(archive, folder, replace(wishes, agreed=outcome.there))
            if outcome.there:
                fail(_("nothing was changed"))
            _tell(outcome, archive, source, dry_run=dry_run)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    except (StorageError, OSError) as error:
        fail(_("{path} was not restored: {reason}").format(path=source, reason=told(error)))


def _run(archive: Archive, folder: Path, wishes: Wishes) -> Outcome:
    with shown() as work:
        return run_interruptibly(
            lambda: restore(archive, folder.absolute(), os.environ, wishes, work)
        )


def _agreed(there: list[str]) -> bool:
    """Say what is there, and ask whether it may be put aside."""
    click.echo(_("This is there, and will be put aside:"), err=True)
    for line in there:
        click.echo(f"  {line}", err=True)
    nobody = _("nothing was changed, as nobody could be asked; --yes restores without asking")
    if sys.stdin is None:
        fail(nobody)
    try:
        return click.confirm(_("Restore the archive in its place?"), err=True)
    except click.Abort as error:
        click.echo("", err=True)  # the question's line is still open
        if isinstance(error.__context__, KeyboardInterrupt):
            click.echo(_("broken off; nothing was changed"), err=True)
            sys.exit(INTERRUPTED)
        fail(nobody)


def _tell(outcome: Outcome, archive: Archive, source: Path, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("{path}: in order; nothing was changed").format(path=source))
    else:
        click.echo(_("{path}: restored to {folder}").format(path=source, folder=outcome.site.data))
    click.echo(describe(archive.manifest))
    for note in outcome.notes:
        click.echo(note)
