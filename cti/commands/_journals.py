"""What those share that read a journal: which one is meant, and how far the reading is."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from acd.distributor import Distributor
from config.errors import ConfigError, harmless
from config.explain import explain
from config.load import FILES, MAIN_FILE
from config.nodes import plain as values_of
from config.yaml_reader import read_document
from cti.backup.site import JOURNAL_FILE
from cti.commands._common import GivenPath, fail
from cti.explaining.moments import NoMomentError, as_typed, moment
from cti.explaining.story import Tell
from cti.instants import Time
from cti.language import _
from cti.replay import Beginning, begin
from storage.errors import JournalError, UndecodableRecordError
from storage.journal_history import HistorySpan, JournalHistory
from storage.records import journal_codec

PROGRESS_PAUSE_S = 5.0
"""Between two lines about progress where no terminal is."""

_TAR_AT, _HEAD = 257, 262
"""Where a tar archive says what it is."""

folder_option = click.option(
    "--config",
    "folder",
    envvar="CORDBOARD_CONFIG",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_("The folder that holds the YAML files. Also taken from CORDBOARD_CONFIG."),
)


def typed_moment(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> Time | None:
    """Return the moment that was typed, for an option."""
    if value is None:
        return None
    try:
        return moment(value, datetime.now().astimezone())
    except NoMomentError as error:
        raise click.BadParameter(str(error)) from None


def journal_file(file: Path | None, folder: Path | None) -> Path:
    """Return the journal that is meant: the one named, or that of a configuration."""
    if file is not None:
        return file
    if folder is None:
        raise click.UsageError(_("name a journal, or the configuration's folder by --config DIR"))
    try:
        return _data_of(folder) / JOURNAL_FILE
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)


def _data_of(folder: Path) -> Path:
    """Return the data folder of a site: for that, no secret and no other file is needed."""
    document = read_document(folder.absolute(), MAIN_FILE)
    if document.node is None:
        raise ConfigError(document.problems)
    try:
        checked = FILES[MAIN_FILE].model_validate(values_of(document.node))
    except ValidationError as error:
        raise ConfigError(explain(error, FILES[MAIN_FILE], MAIN_FILE, document.node)) from error
    # Without warnings: a union of text and source is dumped as what it is.
    return Path(folder.absolute() / checked.model_dump(warnings=False)["data"])


@contextmanager
def opened(path: Path) -> Iterator[tuple[JournalHistory, HistorySpan]]:
    """Lend a journal that holds something; one that cannot be read ends the command."""
    _refuse_packed(path)
    try:
        with JournalHistory.open(path) as history:
            span = history.span()
            if span is None:
                fail(_("the journal {path} holds no record yet").format(path=harmless(str(path))))
            yield history, span
    except (JournalError, UndecodableRecordError) as error:
        fail(harmless(str(error)))


def nearest_beginning(
    history: JournalHistory,
    span: HistorySpan,
    since: Time | None,
    end: int,
    *,
    must_be_before: bool = True,
    restore: Callable[..., Distributor] = Distributor.restore,
    new: Callable[[], Distributor] = Distributor,
) -> Beginning:
    """
    Return where to begin: at a snapshot, or with a journal's very first record.

    Where `since` is named it lies before that, unless it need not: then it may be the first that
    the journal still has after it. A time of which the journal holds nothing ends the command.
    """
    wanted = 0 if since is None else history.last_by(since, span)
    if end < span.first or wanted >= span.last > 0:
        fail(
            _("the journal holds nothing of that time: it goes from {first} to {last}").format(
                first=as_typed(span.first_at), last=as_typed(span.last_at)
            )
        )
    makers = {"restore": restore, "new": new}
    found = begin(history, journal_codec(), wanted, first=span.first, **makers)
    if found is None and (since is None or not must_be_before):
        # The journal's own beginning is pruned: the first snapshot is where it can begin.
        for place in reversed(history.snapshots_by(end)):
            found = begin(history, journal_codec(), place, first=span.first, **makers)
            if found is not None:
                break
    if found is None:
        fail(
            _(
                "it cannot be replayed from there: the journal begins at {first}, its earlier"
                " records were pruned, and no snapshot before that time can be read by this version"
            ).format(first=as_typed(span.first_at))
        )
    return found


def _refuse_packed(path: Path) -> None:
    """Say how to take a journal out of what it is packed in."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return  # it is told when it is opened
    shown = harmless(str(path))
    if head.startswith(b"\x1f\x8b"):
        fail(_("{path} is packed: unpack it with gunzip first").format(path=shown))
    if head[_TAR_AT:].startswith(b"ustar"):
        fail(
            _(
                "{path} is an archive: take the journal out of it first, with"
                " tar -xOf {path} journal.sqlite.gz | gunzip > journal.sqlite"
            ).format(path=shown)
        )


@contextmanager
def progress(title: str, total: int) -> Iterator[Tell]:
    """Lend something to tell how many records more are done: a bar, or now and then a line."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    told, done = time.monotonic(), 0
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task(title, total=total)

        def tell(count: int) -> None:
            nonlocal told, done
            done += count
            shown.advance(task, count)
            if not console.is_terminal and time.monotonic() - told > PROGRESS_PAUSE_S:
                told = time.monotonic()
                click.echo(f"{title}: {done}/{total}", err=True)

        yield tell
