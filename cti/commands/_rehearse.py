"""`cordboard simulate --journal`."""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from acd.errors import AcdError
from acd.policy import Policy
from acd.snapshot import DistributorState
from config.errors import ConfigError, harmless
from config.load import Rules, load_rules
from cti.commands._common import fail
from cti.commands._figures import show_figures, show_table
from cti.commands._journals import journal_file, nearest_beginning, opened, progress
from cti.explaining.moments import as_iso, as_typed
from cti.instants import Duration, Time, as_seconds, from_datetime, seconds
from cti.language import _, ngettext
from cti.rehearsing.fates import Kind
from cti.rehearsing.figures import both, changed, summary
from cti.rehearsing.reading import Reader
from cti.rehearsing.recorded import OtherDecisionsError, Recording
from cti.rehearsing.rehearsal import Settings
from cti.rehearsing.run import Rehearsed, rehearse, restored
from cti.rehearsing.stays import WatchedCore
from cti.rehearsing.words import assumptions, fate_in_words, kind_in_words
from cti.simulation.figures import DIGITS
from storage.records import journal_codec

BOUND_S = 5.0
"""By how many seconds a wait must change for a call to be listed, where nothing else is said."""
BOUND_MAX_S = 86_400.0
LEVEL = seconds(20)
"""Within which an answer is in time, as in a scenario that says nothing else."""
SHOWN_MAX = 50
"""Changed fates that are printed for people; JSON has them all."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be rehearsed: a day or a file, from when to when, and how."""

    journal: str
    folder: Path | None
    since: Time | None
    until: Time | None
    bound: Duration
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The part of a journal that is rehearsed; `since` is None where it begins with the journal."""

    path: Path
    since: Time | None
    until: Time | None
    is_day: bool


def rehearse_journal(asked: Asked, *, as_json: bool) -> None:
    """Rehearse, and print what comes of it."""
    began = time.monotonic()
    part = _part(asked)
    rules = _rules(asked.folder)
    policy = None if rules is None else rules.policy
    recording, state = _recorded(part)
    _refuse_missing_queues(recording, policy)
    hours = {} if rules is None else {name: of.times for name, of in rules.hours.items()}
    settings = Settings(policy=policy, hours=hours, seed=asked.seed, level=LEVEL, bound=asked.bound)
    length = as_seconds(Duration(recording.ended - recording.began))
    with progress(_("seconds of the record"), round(length)) as tell:
        done = rehearse(recording, state, settings, _seconds_told(recording.began, tell))
    result: dict[str, Any] = {
        "journal": str(part.path),
        "from": as_iso(recording.began),
        "to": as_iso(recording.ended),
        "policy_version": {
            "recorded": list(dict.fromkeys(recording.policy_versions)),
            "rehearsed": recording.policy_versions[-1:] if policy is None else [policy.version],
        },
        "seed": asked.seed,
        "bound_s": as_seconds(asked.bound),
        "assumptions": assumptions(done, changed=policy is not None),
        "changed": summary(done),
        "changes": [changed(one) for one in done.changes],
        **both(done, LEVEL),
        "virtual_s": length,
        "wall_s": round(time.monotonic() - began, DIGITS),
    }
    if as_json:
        click.echo(json.dumps(result, indent=2))
    else:
        _show(result, done)


def _part(asked: Asked) -> _Part:
    """Return which journal is meant, and which part of it."""
    if asked.since is not None and asked.until is not None and asked.until <= asked.since:
        raise click.UsageError(_("--to is not later than --from"))
    if not _DAY.fullmatch(asked.journal):
        return _Part(path=Path(asked.journal), since=asked.since, until=asked.until, is_day=False)
    if asked.since is not None or asked.until is not None:
        raise click.UsageError(_("--from and --to belong to a journal's file, and not to a day"))
    if asked.folder is None:
        raise click.UsageError(
            _(
                "whose day {day}? Name the configuration by --config DIR, or a journal's file"
            ).format(day=asked.journal)
        )
    try:
        day = date.fromisoformat(asked.journal)
        since, until = _midnight(day), _midnight(day + timedelta(days=1))
    except (ValueError, OverflowError):
        raise click.UsageError(
            _("there is no day {day}; a day is typed as 2026-11-22").format(day=asked.journal)
        ) from None
    path = journal_file(None, asked.folder)
    return _Part(path=path, since=since, until=Time(until - 1), is_day=True)


def _midnight(day: date) -> Time:
    return from_datetime(datetime.combine(day, datetime.min.time()).astimezone())


def _rules(folder: Path | None) -> Rules | None:
    try:
        return None if folder is None else load_rules(folder, os.environ)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        fail(_("the configuration cannot be rehearsed; put right what stands above"))


def _recorded(part: _Part) -> tuple[Recording, DistributorState]:
    """Return the part of the journal, put in order, and the core's state in which it began."""
    with opened(part.path) as (history, span):
        end = span.last if part.until is None else history.last_by(part.until, span)
        beginning = nearest_beginning(
            history,
            span,
            part.since,
            end,
            must_be_before=not part.is_day,
            restore=restored,
            new=WatchedCore,
        )
        # a fact at the very instant at which the part begins belongs to it
        first = 0 if part.since is None else history.last_by(Time(part.since - 1), span)
        reader = Reader(beginning, journal_codec(), first=first, level=LEVEL)
        ended = span.last_at if part.until is None else min(part.until, span.last_at)
        try:
            with progress(_("records"), end - beginning.position) as tell:
                reader.read(history, end, (part.since, ended), tell)
        except AcdError as error:
            fail(harmless(str(error)))
        except OtherDecisionsError as error:
            fail(
                _(
                    "this version of Cordboard decides otherwise than the one that wrote the"
                    " journal, at position {position}: see cordboard replay; --from begins later"
                ).format(position=error.position)
            )
    if reader.recording is None or reader.state is None or not reader.recording.traces:
        fail(_("no call came into a queue in that time"))
    return reader.recording, reader.state


def _refuse_missing_queues(recording: Recording, policy: Policy | None) -> None:
    """Refuse a configuration without a queue into which calls came."""
    known = set(recording.queues if policy is None else (queue.name for queue in policy.queues))
    missing = sorted(recording.queues.keys() - known)
    if missing:
        fail(
            _(
                "the configuration lacks queues into which calls came: {queues}; a rehearsal needs"
                " them, if only to send the calls on"
            ).format(queues=", ".join(f"{name} ({recording.queues[name]})" for name in missing))
        )


def _seconds_told(began: Time, tell: Callable[[int], None]) -> Callable[[Time], None]:
    told = 0

    def tell_time(now: Time) -> None:
        nonlocal told
        passed = int(as_seconds(Duration(now - began)))
        tell(passed - told)
        told = passed

    return tell_time


def _show(result: dict[str, Any], done: Rehearsed) -> None:
    began, ended = done.recording.began, done.recording.ended
    said = _("Rehearsed {first} to {last}; what was assumed:")
    click.echo(said.format(first=as_typed(began), last=as_typed(ended)))
    for line in result["assumptions"]:
        click.echo(f"- {harmless(line)}")
    columns: dict[str, dict[str, Any]] = {}
    for title, name in ((_("recorded"), "recorded"), (_("rehearsed"), "rehearsed")):
        columns[_("in total, {which}").format(which=title)] = result[name]
    if len(result["recorded"]["queues"]) > 1:
        for queue in result["recorded"]["queues"]:
            for title, name in ((_("recorded"), "recorded"), (_("rehearsed"), "rehearsed")):
                columns[f"{queue}, {title}"] = result[name]["queues"][queue]
    show_figures(columns)
    _show_changes(done)
    sys.stdout.flush()


def _show_changes(done: Rehearsed) -> None:
    count = len(done.changes)
    if not count:
        click.echo(_("No call fares otherwise."))
        return
    click.echo(
        ngettext("{count} fate changes:", "{count} fates change:", count).format(count=count)
    )
    counts = summary(done)
    for kind in Kind:
        if counts[kind.value]:
            click.echo(f"  {counts[kind.value]:>6,}  {kind_in_words(kind)}")
    table = Table()
    titles = (_("came"), _("call"), _("queue"), _("change"), _("recorded"), _("rehearsed"))
    for title in titles:
        table.add_column(title)
    for change in done.changes[:SHOWN_MAX]:
        cells = (
            as_typed(change.came),
            change.call,
            change.queue,
            kind_in_words(change.kind),
            fate_in_words(change.recorded),
            fate_in_words(change.rehearsed),
        )
        table.add_row(*(Text(harmless(cell)) for cell in cells))
    show_table(table, width=200)
    if count > SHOWN_MAX:
        more = count - SHOWN_MAX
        click.echo(
            ngettext(
                "{count} more is listed by --json.", "{count} more are listed by --json.", more
            ).format(count=more)
        )
