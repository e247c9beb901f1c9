"""
Whether the journal tells the truth: its facts, replayed, bring forth the very commands in it.

The core decides by facts and times alone, and both are journalled. So a difference means that the
core was fed something else than what stands there, that its state was not restored whole, or that
this program decides otherwise than the one that wrote the journal.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.errors import AcdError, SnapshotRefusedError
from acd.facts import AcdFact
from cti.call_facts import CallFact
from cti.instants import Time
from cti.recovery import SavedState
from storage.codec import RecordCodec
from storage.errors import UndecodableRecordError
from storage.journal import JournalRecord, Snapshot
from storage.journal_history import JournalHistory
from storage.journal_reader import StoredRecord
from storage.records import TimersAdvanced

NOT_FOR_THE_CORE = frozenset(kind.__name__ for kind in CallFact.__args__)
"""Facts of calls that stand in the journal and that the core is not told."""
_ABSENT = object()
TELL_EVERY = 1_000
"""Progress is told after so many records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where replay and journal part: what the one decides at `position`, and the other holds."""

    position: int
    replayed: AcdCommand | None
    journalled: object | None


class Replay:
    """A journal's facts, taken into a core of our own one by one, and its commands compared."""

    def __init__(self) -> None:
        self.core = Distributor()
        self._decided: deque[AcdCommand] = deque()

    @property
    def decided(self) -> tuple[AcdCommand, ...]:
        """What was decided here and must stand in the journal next."""
        return tuple(self._decided)

    def take(self, position: int, at: Time, body: object) -> list[Difference]:
        """Take the next record; return where it parts from what was decided here."""
        if isinstance(body, AcdCommand):
            replayed = self._decided.popleft() if self._decided else None
            if replayed == body:
                return []
            return [Difference(position=position, replayed=replayed, journalled=body)]
        missing = self.missing(position)
        self._decided.clear()
        self._decided.extend(applied(self.core, at, body))
        return missing

    def missing(self, position: int) -> list[Difference]:
        """Return what was decided here and does not stand in the journal up to this position."""
        return [
            Difference(position=position, replayed=command, journalled=None)
            for command in self._decided
        ]


def first_difference(records: Iterable[JournalRecord]) -> Difference | None:
    """Replay a journal from its first record; None where all its commands come out the same."""
    replay = Replay()
    position = 0
    for record in records:
        position = record.position
        for difference in replay.take(position, record.at, record.body):
            return difference
    return next(iter(replay.missing(position)), None)


def applied(core: Distributor, at: Time, body: object) -> list[AcdCommand]:
    """Take a fact or a timer advance into a core, and return what it decides."""
    if isinstance(body, TimersAdvanced):
        return core.advance(body.to)
    return core.handle(body, at) if isinstance(body, AcdFact) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A core as it was after a record; `refused` says of later snapshots why they were passed."""

    core: Distributor
    position: int
    refused: tuple[tuple[int, str], ...] = ()


def begin(
    history: JournalHistory,
    codec: RecordCodec,
    position: int,
    *,
    first: int,
    restore: Callable[..., Distributor] = Distributor.restore,
    new: Callable[[], Distributor] = Distributor,
) -> Beginning | None:
    """
    Return the nearest core at a position or before: of a snapshot, or new where nothing was pruned.

    None where there is none: the records before were pruned, and no snapshot can be read.
    """
    refused = []
    for place in history.snapshots_by(position):
        snapshot = history.snapshot(place)
        if snapshot is None:
            continue
        try:
            core = restore(codec.unpack(SavedState, snapshot.data).core)
        except (UndecodableRecordError, SnapshotRefusedError) as error:
            refused.append((snapshot.position, str(error)))
        else:
            return Beginning(core=core, position=snapshot.position, refused=tuple(refused))
    return Beginning(core=new(), position=0, refused=tuple(refused)) if first == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A record as it stands in a journal, or as it would: its name and its bytes."""

    name: str
    body: bytes


def differing_fields(one: Line | None, other: Line | None) -> list[str]:
    """Return the paths of the fields in which two records of one name differ."""
    if one is None or other is None or one.name != other.name:
        return []
    try:
        fields, others = dict(_flat(orjson.loads(one.body))), dict(_flat(orjson.loads(other.body)))
    except orjson.JSONDecodeError:
        return []
    return sorted(
        path
        for path in fields.keys() | others.keys()
        if fields.get(path, _ABSENT) != others.get(path, _ABSENT)
    )


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """
    Where replay and journal part for the first time.

    `cause` is the fact or the timer advance that led to it. `replayed` is what this core decides at
    this place, `journalled` what stands there; None: nothing (more). Where a snapshot is what
    differs, both are None and `snapshot` is its position.
    """

    position: int
    at: Time
    core_version: str
    cause: StoredRecord | None
    replayed: Line | None
    journalled: Line | None
    snapshot: int | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """
    What a replay came to, from after position `began` to `ended`.

    `fault` is the first difference in what this very version wrote, beginning from the same state:
    a fault of the program, or of the file. `unreadable` says why it could not go on to the end.
    """

    began: int
    ended: int
    facts: int = 0
    advances: int = 0
    commands: int = 0
    snapshots: int = 0
    differences: int = 0
    first: Parting | None = None
    fault: Parting | None = None
    unreadable: str | None = None
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many records were gone through."""
        return self.ended - self.began


class ByteReplay:
    """
    The records of a journal, as they stand, taken into a core; its commands compared as bytes.

    After a difference the two states are different ones, and more differences follow from that:
    they are counted only, until a snapshot brings both together again.
    """

    def __init__(
        self, beginning: Beginning, codec: RecordCodec, until: int, *, core_version: str
    ) -> None:
        self._own_version = core_version
        self._together = True
        self._core = beginning.core
        self._codec = codec
        self._decided: deque[AcdCommand] = deque()
        self._cause: StoredRecord | None = None
        self._last: StoredRecord | None = None
        self.outcome = Outcome(began=beginning.position, ended=until)

    def take(self, record: StoredRecord) -> None:
        """
        Take the next record.

        Raises:
            UndecodableRecordError: it is a fact that this program does not know.
        """
        self._last = record
        versions = self.outcome.versions
        versions[record.core_version] = versions.get(record.core_version, 0) + 1
        if record.kind == "command":
            self.outcome.commands += 1
            replayed = self._line(self._decided.popleft()) if self._decided else None
            journalled = Line(name=record.name, body=record.body)
            if replayed != journalled:
                self._part(record, replayed, journalled)
            return
        self.end_step()
        self._cause = record
        if record.kind == "timer":
            self.outcome.advances += 1
        else:
            self.outcome.facts += 1
            if record.name in NOT_FOR_THE_CORE:
                return
        body = self._codec.decode(record.name, record.body, position=record.position)
        self._decided.extend(applied(self._core, record.at, body))

    def end_step(self) -> None:
        """Count what was decided here and does not stand in the journal."""
        while self._decided and self._last is not None:
            self._part(self._last, self._line(self._decided.popleft()), None)

    def compare(self, snapshot: Snapshot) -> None:
        """Compare the state with a snapshot that was taken after the last record; go on from it."""
        self.end_step()
        try:
            state = self._codec.unpack(SavedState, snapshot.data).core
            saved = Distributor.restore(state)
        except (UndecodableRecordError, SnapshotRefusedError):
            return  # of another version, and no witness
        self.outcome.snapshots += 1
        if self._together and self._last is not None and state != self._core.snapshot():
            self._part(self._last, None, None, snapshot=snapshot.position)
        if not self._together:
            self._core, self._together = saved, True

    def _part(
        self,
        record: StoredRecord,
        replayed: Line | None,
        journalled: Line | None,
        *,
        snapshot: int | None = None,
    ) -> None:
        self.outcome.differences += 1
        if self._together:
            self._together = False
            parting = Parting(
                position=record.position,
                at=record.at,
                core_version=record.core_version,
                cause=self._cause,
                replayed=replayed,
                journalled=journalled,
                snapshot=snapshot,
            )
            self.outcome.first = self.outcome.first or parting
            if record.core_version == self._own_version:
                self.outcome.fault = self.outcome.fault or parting

    def _line(self, command: AcdCommand) -> Line:
        name, body = self._codec.encode(command)
        return Line(name=name, body=body)


def replay_history(
    history: JournalHistory,
    codec: RecordCodec,
    beginning: Beginning,
    until: int,
    tell: Callable[[int], None],
    *,
    core_version: str,
) -> Outcome:
    """
    Replay a journal from a beginning to a position, by the program of this version.

    `tell` is told now and then how many records more are done.

    Raises:
        JournalError: it cannot be read.
    """
    replay = ByteReplay(beginning, codec, until, core_version=core_version)
    snapshots = frozenset(history.snapshots_by(until))
    for record in history.read(beginning.position, until):
        try:
            replay.take(record)
        except (UndecodableRecordError, AcdError) as error:
            replay.outcome.unreadable = str(error)
            replay.outcome.ended = record.position
            return replay.outcome
        if record.position in snapshots:
            snapshot = history.snapshot(record.position)
            if snapshot is not None:
                replay.compare(snapshot)
        if record.position % TELL_EVERY == 0:
            tell(TELL_EVERY)
    replay.end_step()
    return replay.outcome
