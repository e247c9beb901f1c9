"""`cordboard backup`."""

import asyncio
import os
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from config.errors import ConfigError
from cti.backup.archives import describe, told, verified
from cti.backup.progress import Work, run_interruptibly, shown
from cti.backup.rooms import BACKUP_ROOM, room_in
from cti.backup.site import Site, check_owner, find_site
from cti.backup.take import back_up
from cti.commands._common import GivenPath, config_option, fail
from cti.language import _
from storage.archive import sync_folder
from storage.archive_manifest import Manifest
from storage.errors import StorageError

STDOUT = "-"


def _verify(ctx: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Check an archive and end: no other option is needed for that."""
    if path is None or ctx.resilient_parsing:
        return
    try:
        with shown() as work:
            manifest = run_interruptibly(partial(verified, path, work))
    except (StorageError, OSError) as error:
        fail(_("the archive {path} cannot be used: {reason}").format(path=path, reason=told(error)))
    click.echo(_("{path}: in order").format(path=path))
    click.echo(describe(manifest))
    ctx.exit()


@click.command(
    help=_(
        """Put everything that a site cannot do without into one file, while its daemon runs or not:
        database, journal, prompts and the YAML files.

        The file is a tar archive; its last member, manifest.json, says what is in it. It holds
        callers' numbers: it is made readable by you alone, and belongs where only you can read it.
        """
    )
)
@config_option
@click.option(
    "--out",
    "out",
    required=True,
    type=GivenPath(path_type=Path, allow_dash=True),
    metavar="FILE",
    help=_("The archive to write; - writes it to standard output."),
)
@click.option("--force", is_flag=True, help=_("Replace FILE if it is there."))
@click.option(
    "--with-secrets",
    is_flag=True,
    help=_("Put in the files of secrets, certificate and key too, if they are in DIR."),
)
@click.option(
    "--verify",
    "verify",
    type=GivenPath(path_type=Path),
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_verify,
    help=_("Check an archive, say what is in it, and make none."),
)
def command(*, folder: Path, out: Path, force: bool, with_secrets: bool) -> None:
    """Back a site up."""
    to_stdout = str(out) == STDOUT
    if not to_stdout:
        _check_out(out, force=force)
    try:
        site = find_site(folder, os.environ)
        check_owner(site)
        with shown() as work:
            make = partial(
                _to_stdout if to_stdout else _to_file, site, out.absolute(), work, with_secrets
            )
            run_interruptibly(make)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    except (StorageError, OSError) as error:
        fail(_("no backup was made: {reason}").format(reason=told(error)))


def _check_out(out: Path, *, force: bool) -> None:
    """End where an archive cannot be put."""
    if out.is_symlink() and (out.is_file() or not out.exists()):
        # a rename would put the archive in the link's place; and who made the link is not known
        words = _("{path} is a symbolic link: name the file itself, {target}")
        fail(words.format(path=out, target=os.path.realpath(out)))
    if os.path.lexists(out) and not out.is_file():
        # a rename would put the archive in its place: root has no /dev/null then
        fail(_("{path} is no file: name one, or - for standard output").format(path=out))
    if not force and os.path.lexists(out):
        fail(_("{path} is there already; --force replaces it").format(path=out))
    if not out.absolute().parent.is_dir():
        words = _("there is no folder {folder} for the archive: make it first, with mode 0700")
        fail(words.format(folder=out.absolute().parent))


async def _to_file(site: Site, out: Path, work: Work, with_secrets: bool) -> None:  # noqa: FBT001 - given by partial
    """Write beside the place, and move there what is whole and on the disk."""
    with room_in(out.parent, BACKUP_ROOM) as room:
        unfinished = room / "archive"
        with unfinished.open("xb") as file:
            unfinished.chmod(0o600)
            try:
                manifest = await back_up(site, file, room, work, with_secrets=with_secrets)
            except asyncio.CancelledError:
                work.note(_("broken off; no backup was made"))
                raise
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(out)
        sync_folder(out.parent)
    _tell(manifest, out)


async def _to_stdout(site: Site, _out: Path, work: Work, with_secrets: bool) -> None:  # noqa: FBT001 - given by partial
    with room_in(Path(tempfile.gettempdir()), BACKUP_ROOM) as room:
        out = sys.stdout.buffer
        try:
            manifest = await back_up(site, out, room, work, with_secrets=with_secrets)
        except asyncio.CancelledError:
            work.note(_("broken off; what was written is no archive"))
            raise
        with suppress(BrokenPipeError):
            out.flush()
    _tell(manifest, None)


def _tell(manifest: Manifest, out: Path | None) -> None:
    if out is not None:
        size = out.stat().st_size
        click.echo(_("{path}: {size} bytes").format(path=out, size=f"{size:,}"), err=True)
    click.echo(describe(manifest), err=True)
    for name in manifest.left_out:
        click.echo(_("not in it, as it is a secret: {name}").format(name=name), err=True)
