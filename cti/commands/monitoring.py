"""`cordboard monitoring`."""

import importlib.resources
import os
import tempfile
from pathlib import Path

import click

from cti.commands._common import GivenPath, fail
from cti.language import _

FILES = ("grafana-dashboard.json", "prometheus-alerts.yaml")
READABLE = 0o644


@click.command(
    help=_(
        """Write the Grafana dashboard and the alert rules for Prometheus.

        Import grafana-dashboard.json into Grafana; name prometheus-alerts.yaml in Prometheus'
        rule_files. The figures themselves are at /metrics of the daemon's web server.

        Exit code 0: both are written. 1: they cannot be.
        """
    )
)
@click.option(
    "--out",
    required=True,
    type=GivenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help=_("The folder to write into; it is made if it is not there."),
)
def command(out: Path) -> None:
    """Write the files."""
    folder = importlib.resources.files("cti.operations")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            _write(out / name, (folder / name).read_bytes())
    except OSError as error:
        fail(
            _("{path} cannot be written: {error}").format(
                path=error.filename or out, error=error.strerror or error
            )
        )
    for name in FILES:
        click.echo(_("written    {path}").format(path=out / name))


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), READABLE)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
