"""
A batch for Postgres, made from journal records: rows, ended calls, and what had to be refused.

A record that cannot be read, folded or written as a row is refused alone, with the reason; the
others of its batch are not the worse for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cti.call_facts import CallArrived
from cti.ids import PartyKey
from storage.call_log import CallLog
from storage.codec import RecordCodec
from storage.errors import UndecodableRecordError
from storage.journal_reader import StoredRecord
from storage.rows import call_row, journal_row

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record that is set aside, and why."""

    record: StoredRecord
    reason: str


@dataclass(slots=True, kw_only=True)
class Batch:
    """What one transaction brings to Postgres. `parties` are those whom its calls name."""

    journal_rows: list[Row] = field(default_factory=list)
    call_rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    parties: set[PartyKey] = field(default_factory=set)


def prepare(
    batch: Batch, journal: str, records: Sequence[StoredRecord], codec: RecordCodec, log: CallLog
) -> None:
    """Add these records to a batch, and fold them into the log."""
    for record in records:
        try:
            batch.journal_rows.append(journal_row(journal, record))
            body = codec.decode(record.name, record.body, position=record.position)
            if isinstance(body, CallArrived):
                batch.parties.add(body.party)
            for ended in log.fold(record.position, record.at, body, record.policy_version):
                batch.call_rows.append(call_row(journal, ended))
                if ended.party is not None:
                    # Again: on arrival the party may not have been remembered yet.
                    batch.parties.add(ended.party)
        except (UndecodableRecordError, ValueError, TypeError, LookupError, OverflowError) as error:
            batch.refusals.append(Refusal(record=record, reason=f"{type(error).__name__}: {error}"))


def refold(records: Sequence[StoredRecord], codec: RecordCodec, log: CallLog) -> None:
    """Fold records that were shipped already, so that the log knows the calls still open."""
    prepare(Batch(), "", records, codec, log)
