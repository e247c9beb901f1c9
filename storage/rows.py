"""
Journal records and call records as rows of Postgres' tables.

Postgres' text and jsonb hold every character but NUL, which is replaced. Instants become
`timestamptz`; within jsonb they are text that casts to it.
"""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from enum import Enum

import orjson

from cti.instants import Time, as_datetime
from storage.call_record import CallRecord, OfferRecord, PathStep, QueueStay
from storage.journal_reader import Party, StoredRecord

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

JOURNAL_COLUMNS = (
    "journal",
    "position",
    "at",
    "kind",
    "name",
    "body",
    "core_version",
    "policy_version",
)
CALL_COLUMNS = (
    "call",
    "service",
    "party",
    "arrived_at",
    "answered_at",
    "talk_ended_at",
    "cleared_at",
    "outcome",
    "queue",
    "agent",
    "hung_up_by",
    "clear_reason",
    "cause",
    "waited",
    "talked",
    "path",
    "queues",
    "offers",
    "journal",
    "position",
)

_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""An escaped NUL in JSON: its backslash is not itself escaped."""
_CAUSE_MAX = 2**31 - 1

Step = PathStep | QueueStay | OfferRecord


def without_nul(text: str) -> str:
    """Return a text as Postgres can hold it."""
    return text.replace("\0", REPLACEMENT)


def journal_row(journal: str, record: StoredRecord) -> tuple[object, ...]:
    """
    Return a record as a row of `journal`.

    Raises:
        ValueError, OverflowError: its body is no JSON, or its time lies beyond the calendar.
    """
    orjson.loads(record.body)
    body = _ESCAPED_NUL.sub(rb"\1" + REPLACEMENT.encode(), record.body)
    return (
        journal,
        record.position,
        as_datetime(record.at),
        record.kind,
        without_nul(record.name),
        body.decode(),
        record.core_version,
        without_nul(record.policy_version),
    )


def call_row(journal: str, record: CallRecord) -> tuple[object, ...]:
    """
    Return a call's record as a row of `calls`.

    Raises:
        OverflowError: one of its times lies beyond the calendar.
    """
    return (
        without_nul(record.call),
        _text(record.service),
        _text(record.party),
        as_datetime(record.arrived_at),
        None if record.answered_at is None else as_datetime(record.answered_at),
        None if record.talk_ended_at is None else as_datetime(record.talk_ended_at),
        as_datetime(record.cleared_at),
        record.outcome.value,
        _text(record.queue),
        _text(record.agent),
        record.hung_up_by.value,
        None if record.clear_reason is None else record.clear_reason.value,
        min(max(record.cause, 0), _CAUSE_MAX),
        timedelta(microseconds=record.waited),
        timedelta(microseconds=record.talked),
        _steps(record.path),
        _steps(record.queues),
        _steps(record.offers),
        journal,
        record.position,
    )


def party_row(party: Party) -> tuple[str, str, str]:
    """Return a party as a row of `parties`."""
    return without_nul(party.key), without_nul(party.number), without_nul(party.name)


def _text(value: str | None) -> str | None:
    return None if value is None else without_nul(value)


def _steps(steps: Sequence[Step]) -> str:
    encoded = orjson.dumps([_step(step) for step in steps])
    return _ESCAPED_NUL.sub(rb"\1" + REPLACEMENT.encode(), encoded).decode()


def _step(step: Step) -> dict[str, object]:
    return {field.name: _plain(field.name, getattr(step, field.name)) for field in fields(step)}


def _plain(name: str, value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int) and (name == "at" or name.endswith("_at")):
        return as_datetime(Time(value)).isoformat(timespec="microseconds")
    return value
