"""`cordboard explain`."""

import json
from pathlib import Path

import click

from acd.explaining import Witness
from config.errors import harmless
from cti.commands._common import GivenPath, fail
from cti.commands._journals import folder_option, journal_file, opened, progress, typed_moment
from cti.explaining.moments import as_iso, as_typed
from cti.explaining.moments_words import caller_lines, doing_lines
from cti.explaining.plain import plain
from cti.explaining.story import Replayed, Tell, tell
from cti.explaining.words import not_rebuilt, story_lines
from cti.ids import AgentId, CallId
from cti.instants import Time
from cti.language import _
from storage.journal_history import HistorySpan, JournalHistory
from storage.records import journal_codec

CALLS_SHOWN_MAX = 10
AGENTS_SHOWN_MAX = 50


@click.command(
    help=_(
        """Say in plain sentences why a call went where it went; or why an agent had no call, or a
        caller waited, at some time.

        CALL is a call's id, or a beginning of it that no other call has. All is rebuilt from the
        journal, which a daemon may be writing just now: from the nearest snapshot before.

        Exit code 0: it is told. 1: it cannot be, and why.
        """
    )
)
@click.argument("call", required=False)
@click.option("--agent", metavar="AGENT", help=_("Why did this agent have no call at that time?"))
@click.option("--caller", metavar="CALL", help=_("Why did this caller wait at that time?"))
@click.option(
    "--at",
    "at",
    callback=typed_moment,
    metavar="TIME",
    help=_("Local time or ISO 8601: 14:05, 14:05:30, 2026-11-23 14:05, 2026-11-23T14:05:30Z."),
)
@folder_option
@click.option(
    "--journal",
    "file",
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help=_("Read this journal, such as a copy out of a backup, instead of the configuration's."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object instead."))
def command(
    *,
    call: str | None,
    agent: str | None,
    caller: str | None,
    at: Time | None,
    folder: Path | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Explain a call, an agent or a caller."""
    if sum(given is not None for given in (call, agent, caller)) != 1:
        raise click.UsageError(_("name one of CALL, --agent AGENT and --caller CALL"))
    if (call is None) != (at is not None):
        raise click.UsageError(_("--at TIME goes with --agent and --caller, and with these only"))
    path = journal_file(file, folder)
    with opened(path) as (history, span), progress(_("records"), span.last - span.first + 1) as go:
        if call is not None:
            value, lines = _call(history, span, call, go)
        elif at is None:
            raise click.UsageError(_("--at TIME is needed"))
        elif agent is not None:
            value, lines = _agent(history, span, AgentId(agent), at, go)
        else:
            value, lines = _caller(history, span, caller or "", at, go)
    if at is not None and at > span.last_at:
        lines.insert(0, _unwritten(span))
    lines = [harmless(line) for line in lines]
    if as_json:
        moment = None if at is None else as_iso(at)
        click.echo(json.dumps({"at": moment, "told": lines, "found": plain(value)}, indent=1))
        return
    for line in lines:
        click.echo(line)


def _call(
    history: JournalHistory, span: HistorySpan, typed: str, go: Tell
) -> tuple[object, list[str]]:
    story = tell(history, journal_codec(), _meant(history, typed), span, progress=go)
    return story, story_lines(story)


def _agent(
    history: JournalHistory, span: HistorySpan, agent: AgentId, at: Time, go: Tell
) -> tuple[object, list[str]]:
    witness = _state(history, span, at, go)
    doing = witness.doing(agent)
    if doing is None:
        known = witness.agents()
        fail(
            _("there was no agent {agent} then; the agents were {known}").format(
                agent=harmless(agent),
                known=harmless(", ".join(known[:AGENTS_SHOWN_MAX]))
                + (" …" if len(known) > AGENTS_SHOWN_MAX else ""),
            )
        )
    return doing, doing_lines(doing, at)


def _caller(
    history: JournalHistory, span: HistorySpan, typed: str, at: Time, go: Tell
) -> tuple[object, list[str]]:
    call = _meant(history, typed)
    stay = _state(history, span, at, go).stay(call)
    if stay is not None:
        return stay, caller_lines(stay, at)
    story = tell(history, journal_codec(), call, span, until=history.last_by(at, span), progress=go)
    lines = [_("He was in no queue at {time}.").format(time=as_typed(at))]
    if not story.happenings:
        return story, [*lines, _("He had not come yet.")]
    return story, [*lines, _("What the journal has of him up to then:"), *story_lines(story)]


def _unwritten(span: HistorySpan) -> str:
    return _(
        "The last record of the journal is of {last}: what follows is how things stood then, and"
        " holds on only if nothing has happened since."
    ).format(last=as_typed(span.last_at))


def _state(history: JournalHistory, span: HistorySpan, at: Time, go: Tell) -> Witness:
    """Return the core as it was at a moment."""
    if at < span.first_at:
        fail(
            _("the journal begins at {first}: what was before is not in it").format(
                first=as_typed(span.first_at)
            )
        )
    replayed = Replayed(history, journal_codec(), go)
    replayed.go_to(history.last_by(at, span), span)
    if replayed.witness is None:
        why = replayed.not_rebuilt
        fail(not_rebuilt(why) if why is not None else "")
    return replayed.witness


def _meant(history: JournalHistory, typed: str) -> CallId:
    """Return the call whose id begins as typed."""
    typed = typed.strip().lower()
    found = history.calls(typed, CALLS_SHOWN_MAX + 1) if typed else []
    if any(call == typed for call, _at in found):
        return CallId(typed)
    if not found:
        fail(_("the journal has no call {call}").format(call=harmless(repr(typed))))
    if len(found) > 1:
        shown = "".join(
            f"\n  {harmless(call)}  {as_typed(at)}" for call, at in found[:CALLS_SHOWN_MAX]
        )
        more = "\n  …" if len(found) > CALLS_SHOWN_MAX else ""
        fail(_("several calls begin so; which is meant?") + shown + more)
    return found[0][0]
