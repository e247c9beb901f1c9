"""`cordboard replay`."""

import importlib.metadata
import sys
from pathlib import Path

import click

from config.errors import harmless
from cti.commands._common import GivenPath, fail
from cti.commands._journals import (
    folder_option,
    journal_file,
    nearest_beginning,
    opened,
    progress,
    typed_moment,
)
from cti.explaining.moments import as_typed
from cti.instants import Time
from cti.language import _, ngettext
from cti.replay import (
    Beginning,
    Line,
    Outcome,
    Parting,
    differing_fields,
    replay_history,
)
from storage.records import journal_codec

SHOWN_BYTES_MAX = 2_000
"""Of each side of a difference."""


@click.command(
    help=_(
        """Feed a journal's facts through the decision core, and see whether the very same commands
        come out, byte for byte.

        FILE is a journal or a copy of one, such as out of a backup; without it, that of the
        configuration is read, which a daemon may be writing just now.

        Exit code 0: all is the same, or differs only where another version wrote it. 1: it
        differs, or the journal cannot be read.
        """
    )
)
@click.argument("file", required=False, type=GivenPath(path_type=Path))
@folder_option
@click.option(
    "--from",
    "since",
    callback=typed_moment,
    metavar="TIME",
    help=_("Begin with the last snapshot before this time, such as 14:05 or 2026-11-23T14:05Z."),
)
@click.option("--to", "until", callback=typed_moment, metavar="TIME", help=_("End at this time."))
def command(
    *, file: Path | None, folder: Path | None, since: Time | None, until: Time | None
) -> None:
    """Replay a journal."""
    if since is not None and until is not None and until < since:
        raise click.UsageError(_("--to is earlier than --from"))
    path = journal_file(file, folder)
    own_version = importlib.metadata.version("cordboard")
    with opened(path) as (history, span):
        end = span.last if until is None else history.last_by(until, span)
        beginning = nearest_beginning(history, span, since, end)
        with progress(_("records"), end - beginning.position) as tell:
            outcome = replay_history(
                history, journal_codec(), beginning, end, tell, core_version=own_version
            )
    if not outcome.facts and not outcome.advances and outcome.unreadable is None:
        fail(
            _(
                "nothing was compared: no fact stands between position {position}, where the replay"
                " begins, and the end at position {end}"
            ).format(position=beginning.position, end=end)
        )
    _report(outcome, beginning, own_version)
    foreign = any(version != own_version for version in outcome.versions)
    failed = outcome.fault is not None or (outcome.unreadable is not None and not foreign)
    sys.exit(1 if failed else 0)


def _report(outcome: Outcome, beginning: Beginning, own_version: str) -> None:
    for position, reason in beginning.refused:
        click.echo(
            _("The snapshot at position {position} was passed over: {reason}").format(
                position=position, reason=harmless(reason)
            )
        )
    click.echo(
        _("Replayed positions {first} to {last}: {facts}, {advances}, {commands}.").format(
            first=outcome.began + 1,
            last=outcome.ended,
            facts=ngettext("{count} fact", "{count} facts", outcome.facts).format(
                count=outcome.facts
            ),
            advances=ngettext(
                "{count} timer advance", "{count} timer advances", outcome.advances
            ).format(count=outcome.advances),
            commands=ngettext("{count} command", "{count} commands", outcome.commands).format(
                count=outcome.commands
            ),
        )
    )
    if outcome.snapshots:
        click.echo(
            ngettext(
                "{count} snapshot on the way was compared too.",
                "{count} snapshots on the way were compared too.",
                outcome.snapshots,
            ).format(count=outcome.snapshots)
        )
    for version in sorted(outcome.versions):
        if version != own_version:
            click.echo(
                _(
                    "{count} of these records were written by Cordboard {other}; this is {own}."
                ).format(count=outcome.versions[version], other=harmless(version), own=own_version)
            )
    if outcome.unreadable is not None:
        click.echo(
            _("It ends there, as this version cannot go on: {reason}").format(
                reason=harmless(outcome.unreadable)
            )
        )
    parting = outcome.fault or outcome.first
    if parting is None:
        if outcome.unreadable is None:
            click.echo(_("Every command is the same, byte for byte."))
        else:
            click.echo(_("Up to there, every command is the same, byte for byte."))
        return
    click.echo(
        ngettext(
            "{count} difference. It is this:",
            "{count} differences, most of which may follow from the first:",
            outcome.differences,
        ).format(count=outcome.differences)
    )
    for line in _parting_lines(parting):
        click.echo(harmless(line))


def _parting_lines(parting: Parting) -> list[str]:
    nothing = _("nothing")
    lines = [
        _("  at position  {position}, {time}, written by Cordboard {version}").format(
            position=parting.position, time=as_typed(parting.at), version=parting.core_version
        )
    ]
    cause = parting.cause
    if cause is not None:
        fact = f"{cause.name} {_shown(cause.body)}"
        lines.append(
            _("  caused by    position {position}: {fact}").format(
                position=cause.position, fact=fact
            )
        )
    if parting.snapshot is not None:
        lines.append(_("  the state that the facts lead to is not that of the snapshot taken here"))
        return lines
    differing = differing_fields(parting.replayed, parting.journalled)
    lines += [
        _("  this core    {decides}").format(decides=_line(parting.replayed, nothing)),
        _("  the journal  {holds}").format(holds=_line(parting.journalled, nothing)),
    ]
    if differing:
        lines.append(_("  differs in   {fields}").format(fields=", ".join(differing)))
    return lines


def _line(line: Line | None, nothing: str) -> str:
    return nothing if line is None else f"{line.name} {_shown(line.body)}"


def _shown(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= SHOWN_BYTES_MAX else f"{text[:SHOWN_BYTES_MAX]} …"
