"""
The command `cordboard` and its subcommands: one module each, which is loaded when it is asked for.

`asterisk_config.py` is `cordboard asterisk-config`; it holds a click command called `command`. A
module whose name begins with `_` is none.
"""

import errno
import importlib
import os
import pkgutil
import sys
from typing import cast

import click

from cti.commands._common import INTERRUPTED
from cti.language import _

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""How a write fails where there is no room for it."""


class Commands(click.Group):
    """The modules of this package, as commands."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; Ctrl-C and a full disk end it without a traceback."""
        try:
            return cast("object", super().invoke(ctx))
        except KeyboardInterrupt:
            click.echo(err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            # what is left of the output would fail once more when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            said = _("cannot write any further: {reason}")
            click.echo(f"cordboard: {said.format(reason=error.strerror)}", err=True)
            raise click.exceptions.Exit(1) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None where there is none of this name."""
        del ctx
        module = _modules().get(cmd_name)
        if module is None:
            return None
        return cast("click.Command", importlib.import_module(f"{__name__}.{module}").command)


def _modules() -> dict[str, str]:
    """Return the name of each command, and its module's."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name.rstrip("_").replace("_", "-"): name for name in names if not name.startswith("_")}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("Route calls for Asterisk: IVR menus, queues, agents, and every decision explained."),
)
@click.version_option(package_name="cordboard", message="cordboard %(version)s")
def main() -> None:
    """Route calls for Asterisk."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character is no reason to end.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
