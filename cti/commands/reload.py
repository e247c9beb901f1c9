"""`cordboard reload`."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NoReturn

import click

from config.errors import ConfigError, Severity
from config.load import find_data
from cti.commands._common import config_option, fail
from cti.control import NoDaemonError, ask_to_reload
from cti.language import _, ngettext
from cti.reload import FLOWS, HOURS, POLICY, SERVICES, SIGN_IN, Reloaded

_PARTS: Final[Mapping[str, str]] = {
    POLICY: _("queues and agents"),
    HOURS: _("opening hours"),
    SIGN_IN: _("names, passwords and phones"),
    SERVICES: _("services"),
    FLOWS: _("flows"),
}


@click.command(
    help=_(
        """Have the running daemon read its configuration again; no call and no desk is disturbed.

        The configuration is checked first: an error changes nothing. What takes a restart stays as
        it is and is named.

        Exit code 0: what is in the files is in force, as far as that needs no restart. 1: it is
        not, and says why.
        """
    )
)
@config_option
def command(folder: Path) -> None:
    """Reload the configuration."""
    try:
        data = find_data(folder, os.environ)
    except ConfigError as error:
        _refuse(str(one) for one in error.problems if one.severity is Severity.ERROR)
    try:
        answer = ask_to_reload(data)
    except NoDaemonError as error:
        fail(
            _(
                "no daemon of yours answers in {data} ({reason}): ask as the user that it runs as, "
                "or as root; is it running?"
            ).format(data=data, reason=error)
        )
    if answer.problems:
        _refuse(answer.problems)
    _tell(answer, folder)


def _refuse(problems: Iterable[str]) -> NoReturn:
    """Say what is wrong, and end."""
    told = list(problems)
    for problem in told:
        click.echo(problem, err=True)
    count = len(told)
    message = ngettext(
        "nothing has changed: {count} error", "nothing has changed: {count} errors", count
    )
    click.echo(message.format(count=count), err=True)
    sys.exit(1)


def _tell(answer: Reloaded, folder: Path) -> None:
    if Path(answer.folder) != folder.resolve():
        click.echo(
            _("the daemon's configuration is another one: {folder}").format(folder=answer.folder)
        )
    if answer.changed:
        changed = ", ".join(_PARTS.get(part, part) for part in answer.changed)
        click.echo(
            _("in force, policy {version}: {changed}").format(
                version=answer.version, changed=changed
            )
        )
    else:
        click.echo(_("nothing has changed, policy {version}").format(version=answer.version))
    if answer.restart:
        keys = ", ".join(answer.restart)
        click.echo(_("these take a restart of the daemon: {keys}").format(keys=keys))
    if answer.asterisk:
        click.echo(_("Asterisk's files are to be written anew: cordboard asterisk-config"))
