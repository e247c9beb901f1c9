"""`cordboard hash-password`."""

import sys
import warnings
from getpass import GetPassWarning

import click

from agents.auth import hash_password
from cti.commands._common import fail
from cti.language import _

PASSWORD_LENGTH_MIN = 8


@click.command(
    help=_("Turn a password into the text that belongs into agents.yaml as `password_hash`.")
)
@click.option(
    "--stdin", "from_stdin", is_flag=True, help=_("Read the password from standard input.")
)
def command(*, from_stdin: bool) -> None:
    """Turn a password into its hash."""
    if from_stdin:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            fail(_("the password is not UTF-8"))
    else:
        password = _asked_for()
    if len(password) < PASSWORD_LENGTH_MIN:
        fail(_("the password needs {count} characters or more").format(count=PASSWORD_LENGTH_MIN))
    click.echo(hash_password(password))


def _asked_for() -> str:
    """Ask twice at the terminal; where there is none, nothing is read that would be shown."""
    try:
        with warnings.catch_warnings(action="error", category=GetPassWarning):
            return str(
                click.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)
            )
    except GetPassWarning:
        fail(_("there is no terminal to ask at; --stdin reads the password from standard input"))
