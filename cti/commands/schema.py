"""`cordboard schema`."""

import sys
from pathlib import Path

import click

from config.load import FILES
from config.schema import SCHEMAS_FOLDER, schema_text, schemas
from cti.commands._common import GivenPath, fail
from cti.language import _


@click.command(
    help=_(
        """Write the JSON Schemas by which editors complete and check the YAML files.

        FILE is one of them, such as queues.yaml: its schema is printed. With --out all of them
        are written into DIR/.schemas, where the first lines of the examples look for them.
        """
    )
)
@click.argument("file", required=False, type=click.Choice(list(FILES)), metavar="[FILE]")
@click.option(
    "--out",
    "folder",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_("The folder that holds the YAML files."),
)
def command(file: str | None, folder: Path | None) -> None:
    """Write the JSON Schemas."""
    if (file is None) == (folder is None):
        raise click.UsageError(_("name one file, such as queues.yaml, or --out DIR for all"))
    if file is not None:
        sys.stdout.write(schema_text(file))
        return
    place = Path(folder or "") / SCHEMAS_FOLDER
    try:
        place.mkdir(exist_ok=True)
        for name, text in schemas().items():
            _replace(place / name, text)
    except OSError as error:
        fail(
            _("{folder} cannot be written: {reason}; name a folder that you may write into").format(
                folder=place, reason=error.strerror
            )
        )
    click.echo(_("{folder}: written").format(folder=place))


def _replace(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
