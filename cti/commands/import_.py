"""`cordboard import`."""

import secrets
import shlex
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress

from agents.auth import hash_password
from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.proof import prove
from config.asterisk_import.render import MARK, yaml_files
from config.asterisk_import.setup import Sources, draft_configuration
from config.asterisk_import.summary import MARKED_FILES, contents, open_points, written_names
from config.asterisk_import.writing import refuse_files_of_others, refuse_folder, write_files
from config.values import Region
from cti.commands._common import INTERRUPTED, GivenPath, fail
from cti.language import _

HASHES_AT_ONCE = 2
"""Each takes some 35 ms of a core and 19 MiB of memory."""
PROGRESS_PAUSE_S = 5.0
"""Between two lines about progress where no terminal is."""
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without characters that are mistaken for one another."""
GROUPS, GROUP = 3, 4
"""A first password: abcd-efgh-jkmn, 59 bits."""

_FILE = GivenPath(path_type=Path)


def _country(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return str(TypeAdapter(Region).validate_python(value.upper()))
    except ValidationError:
        raise click.BadParameter(
            _("a country's two capital letters are needed, such as DE, CN or US")
        ) from None


@click.command(
    help=_(
        """Make a configuration from what an Asterisk has for app_queue.

        Reads QUEUES_CONF, and agents.conf and queuerules.conf where they stand beside it. Writes
        the five YAML files, first passwords, a chime as greeting, and IMPORT.md, which says of
        every line what became of it. Nothing of Asterisk's is changed or run.

        Exit code 0: all is written. 1: it cannot be, and nothing was written.
        """
    )
)
@click.argument("queues_conf", type=_FILE)
@click.option("--agents", type=_FILE, metavar="FILE", help=_("agents.conf, if it lies elsewhere."))
@click.option(
    "--queuerules", type=_FILE, metavar="FILE", help=_("queuerules.conf, if it lies elsewhere.")
)
@click.option(
    "--extensions",
    type=_FILE,
    metavar="FILE",
    help=_("extensions.conf: which numbers lead into which queue, and which phone Local rings."),
)
@click.option(
    "--country",
    metavar="CC",
    callback=_country,
    help=_("The country by which numbers are read, such as DE, CN or US."),
)
@click.option(
    "--out",
    required=True,
    type=_FILE,
    metavar="DIR",
    help=_("The folder to write into: a new one, or an empty one."),
)
@click.option("--force", is_flag=True, help=_("Write over the files of an earlier import."))
def command(
    *,
    queues_conf: Path,
    agents: Path | None,
    queuerules: Path | None,
    extensions: Path | None,
    country: str | None,
    out: Path,
    force: bool,
) -> None:
    """Make a configuration."""
    sources = Sources(queues=queues_conf, agents=agents, rules=queuerules, extensions=extensions)
    try:
        refuse_folder(out, force=force)
        refuse_files_of_others(out, MARKED_FILES, MARK)
        draft = draft_configuration(sources)
        # all that can be wrong is found before time goes into passwords
        sample = hash_password("")
        prove(yaml_files(draft, country, lambda _name: sample))
        passwords = {agent.name: _first_password() for agent in draft.agents}
        hashes = _hashes(passwords)
        files = yaml_files(draft, country, hashes.__getitem__)
        written = contents(draft, files, passwords, country)
        write_files(out, written)
    except ImportRefusedError as error:
        fail(str(error))
    except OSError as error:
        fail(
            _("{path} cannot be read or written: {error}").format(
                path=error.filename or out, error=error.strerror or error
            )
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    for line in draft.findings.lines():
        click.echo(line)
    for line in written_names(out, written):
        click.echo(line)
    click.echo("\n" + _("Still to be given by you:"))
    for point in open_points(draft, country):
        click.echo(f"  - {point}")
    click.echo(_("Then: cordboard check --config {folder}").format(folder=shlex.quote(str(out))))


def _first_password() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _at in range(GROUP)) for _at in range(GROUPS))
    return "-".join(groups)


def _hashes(passwords: Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each agent's password, and show how far it is."""
    hashes: dict[str, str] = {}
    console = Console(stderr=True)
    title = _("passwords")
    told = time.monotonic()
    threads = ThreadPoolExecutor(HASHES_AT_ONCE)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(title, total=len(passwords))
            made = zip(passwords, threads.map(hash_password, passwords.values()), strict=True)
            for agent, password_hash in made:
                hashes[agent] = password_hash
                progress.advance(task)
                if not console.is_terminal and time.monotonic() - told > PROGRESS_PAUSE_S:
                    told = time.monotonic()
                    click.echo(f"{title}: {len(hashes)}/{len(passwords)}", err=True)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    return hashes
