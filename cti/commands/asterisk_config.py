"""`cordboard asterisk-config`."""

import os
import pwd
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import click

from config.errors import ConfigError, Severity
from config.load import load
from config.settings import Configuration
from cti.asterisk_files.notes import RELOADS, SECRET_FILES
from cti.asterisk_files.values import SECRET, UnfitValueError
from cti.asterisk_files.writing import Written, join
from cti.commands._common import INTERRUPTED, GivenPath, config_option, fail
from cti.language import _


@click.command(
    help=_(
        """Write what an administrator adds to his Asterisk 22.

        The dialplan that keeps callers while no daemon is there, the daemon's AMI user, music,
        phones, trunks; and a README.md that says where each file goes and how Asterisk takes it up.
        Run it again after each change of the configuration: phones keep their passwords, and it
        says what to reload.

        Exit code 0: all is written. 1: it cannot be, and nothing was changed.
        """
    )
)
@config_option
@click.option(
    "--out",
    required=True,
    type=GivenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help=_("The folder to write into; it is made if it is not there."),
)
@click.option(
    "--on-pbx",
    type=GivenPath(),
    metavar="DIR",
    help=_("Where that folder will lie on the PBX, if this is another machine."),
)
def command(folder: Path, out: Path, on_pbx: str | None) -> None:
    """Write the files."""
    try:
        configuration = load(folder, os.environ)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    if out.is_symlink() and not out.exists():
        fail(
            _("{path} is a link to {target}, which is not there: make that folder first").format(
                path=out, target=out.readlink()
            )
        )
    _refuse_secret(configuration)
    try:
        written = join(configuration, out, on_pbx)
    except UnfitValueError as error:
        fail(str(error))
    except OSError as error:
        fail(
            _("{path} cannot be read or written: {error}").format(
                path=error.filename or out, error=error.strerror or error
            )
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    _tell(written, out, on_pbx)


def _refuse_secret(configuration: Configuration) -> None:
    """End if the AMI user's secret cannot stand in manager.conf, and say where it comes from."""
    (pbx,) = configuration.pbxs.values()
    if SECRET.fullmatch(pbx.ami.secret.reveal()):
        return
    for problem in configuration.warnings:
        if ".ami.secret." in problem.path:
            click.echo(str(replace(problem, severity=Severity.ERROR)), err=True)
    sys.exit(1)


def _tell(written: list[Written], out: Path, on_pbx: str | None) -> None:
    for file in written:
        template = _("written    {path}") if file.changed else _("unchanged  {path}")
        click.echo(template.format(path=out / file.name))
    changed = [file.name for file in written if file.changed]
    reloads = dict.fromkeys(RELOADS[name] for name in changed if name in RELOADS)
    if not reloads:
        click.echo(_("Asterisk has nothing to read again."))
        return
    # whose they will be on another machine, nobody knows here
    if on_pbx is not None or any(
        name in SECRET_FILES and not _is_asterisks(out / name) for name in changed
    ):
        there = Path(on_pbx or out.absolute())
        click.echo(_("Files with passwords must belong to the account that Asterisk runs as:"))
        click.echo(f"  chown -R asterisk:asterisk {shlex.quote(str(there))}")
    click.echo(_("On the PBX, once README.md there is followed, let Asterisk read them:"))
    for reload in reloads:
        click.echo(f"  asterisk -rx {shlex.quote(reload)}")


def _is_asterisks(path: Path) -> bool:
    """Tell whether a file belongs to the account that Asterisk runs as."""
    try:
        return path.stat().st_uid == pwd.getpwnam("asterisk").pw_uid
    except KeyError:
        return False
