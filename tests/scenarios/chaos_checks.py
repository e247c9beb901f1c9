"""
What must hold after any round of chaos, as sentences about what does not.

Each check stands on what callers heard, on what Asterisk and the phones have, or on what is
journalled; none believes what the daemon says of itself.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import asyncpg

from acd.commands import Occupation, OfferCall, ShowAgentState
from acd.facts import CallQueued
from cti.call_facts import CallArrived, CallCleared
from cti.ids import CallId
from cti.replay import first_difference
from lab.phone.outgoing import OutgoingCall
from lab.site import Site
from storage.journal import Journal, JournalRecord
from storage.records import journal_codec

SETTLED_S_MAX = 20.0
"""Within this after the last call, everything has ended and stands in the database."""
SILENCE_S_MAX = 3.5
"""A menu waits for a key in silence for a second; a daemon frozen just then makes it longer."""
POLL_S = 0.1


class Caller(Protocol):
    """What a caller can tell."""

    number: str
    call: OutgoingCall
    patient: bool
    answered: bool
    sent_away: bool


async def what_does_not_hold(site: Site, callers: Sequence[Caller]) -> list[str]:
    """Wait until all has settled, end the daemon in order, and return what does not hold."""
    broken = [*_callers_kept(callers), *_phones_rung_once(site)]
    broken += await _all_settled(site)
    broken += await _records_match(site, callers)
    await site.daemon.stop()
    with Journal.open(site.data / "journal.sqlite", journal_codec()) as journal:
        records = list(journal.read())
    broken += _journal_is_whole(records)
    broken += _order_kept(records)
    broken += _agents_idle(records)
    return broken


def _callers_kept(callers: Sequence[Caller]) -> list[str]:
    broken = [f"{caller.number} was sent away" for caller in callers if caller.sent_away]
    broken += [
        f"{caller.number} was never answered"
        for caller in callers
        if caller.patient and not caller.answered and not caller.sent_away
    ]
    for caller in callers:
        ending = caller.call.ending
        ended_at = None if ending is None else ending.at.monotonic_s
        if silences := caller.call.heard.silence_gaps(SILENCE_S_MAX, until=ended_at):
            seconds = ", ".join(f"{silence.length_s:.1f} s" for silence in silences)
            broken.append(f"{caller.number} heard nothing for {seconds}")
    return broken


def _phones_rung_once(site: Site) -> list[str]:
    return [
        f"{name} was rung by {invite.caller_number} while it had a call"
        for name, phone in site.phones.items()
        for invite in phone.invites
        if invite.turned_away
    ]


async def _all_settled(site: Site) -> list[str]:
    """Wait for all calls to end, in Asterisk and in the call log; say what has not."""
    left = ["nothing was asked"]
    try:
        async with asyncio.timeout(SETTLED_S_MAX):
            while left:
                await asyncio.sleep(POLL_S)
                left = await _unsettled(site)
    except TimeoutError:
        return left
    return []


async def _unsettled(site: Site) -> list[str]:
    left = []
    channels = await site.asterisk.console("core show channels count")
    if "0 active channels" not in channels:
        left.append(f"channels left in Asterisk: {channels.splitlines()[0]}")
    try:
        (row,) = await site.query(
            "SELECT (SELECT count(DISTINCT body->>'call') FROM journal WHERE name = 'CallArrived')"
            " AS arrived, (SELECT count(*) FROM calls) AS ended"
        )
        busy = await site.query(
            "SELECT DISTINCT ON (body->>'agent')"
            " body->>'agent' AS agent, body->>'occupation' AS what FROM journal"
            " WHERE name = 'ShowAgentState' ORDER BY body->>'agent', position DESC"
        )
    except (OSError, asyncpg.PostgresError) as error:
        return [*left, f"Postgres is away: {error!r}"]
    if row["arrived"] != row["ended"]:
        left.append(f"{row['arrived']} calls came, {row['ended']} have ended in the call log")
    left += [f"{one['agent']} is {one['what']}" for one in busy if one["what"] != "idle"]
    return left


async def _records_match(site: Site, callers: Sequence[Caller]) -> list[str]:
    """Compare the call log with what the callers know."""
    rows = await site.query(
        "SELECT number, outcome FROM calls JOIN parties ON parties.key = calls.party"
    )
    records = Counter(row["number"] for row in rows)
    broken = [f"{number} has {count} records" for number, count in records.items() if count > 1]
    broken += [
        f"{caller.number} was answered and has no record"
        for caller in callers
        if caller.answered and records[caller.number] == 0
    ]
    known = {caller.number for caller in callers}
    return broken + [f"nobody called as {number}" for number in records if number not in known]


def _journal_is_whole(records: Sequence[JournalRecord]) -> list[str]:
    broken = []
    difference = first_difference(records)
    if difference is not None:
        broken.append(f"the journal does not replay to itself: {difference}")
    arrived = Counter(_calls(records, CallArrived))
    cleared = Counter(_calls(records, CallCleared))
    broken += [f"call {call} arrived {count} times" for call, count in arrived.items() if count > 1]
    broken += [f"call {call} ended {cleared[call]} times" for call in arrived if cleared[call] != 1]
    return broken


def _calls(
    records: Iterable[JournalRecord], kind: type[CallArrived | CallCleared]
) -> Iterable[CallId]:
    return (record.body.call for record in records if isinstance(record.body, kind))


def _order_kept(records: Iterable[JournalRecord]) -> list[str]:
    """
    Say who was offered for the first time before somebody who had come earlier.

    All agents serve all queues, so whoever has never been offered is before all who came later.
    """
    came: dict[CallId, int] = {}
    first_offers: list[CallId] = []
    for record in records:
        body = record.body
        if isinstance(body, CallQueued):
            came.setdefault(body.call, record.position)
        elif isinstance(body, OfferCall) and body.call not in first_offers:
            first_offers.append(body.call)
    return [
        f"call {later} was offered before call {earlier}, who had come before it"
        for later, earlier in pairwise(first_offers)
        if came[earlier] < came[later]
    ]


def _agents_idle(records: Iterable[JournalRecord]) -> list[str]:
    shown = {
        record.body.agent: record.body
        for record in records
        if isinstance(record.body, ShowAgentState)
    }
    return [
        f"{agent} is left {state.occupation.value}"
        for agent, state in shown.items()
        if state.occupation is not Occupation.IDLE
    ]
