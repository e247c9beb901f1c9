"""Reading a part of a journal for a rehearsal: up to where it begins, and then the part itself."""

from collections.abc import Callable
from typing import cast

from acd.commands import OfferCall
from acd.facts import AcdFact
from acd.snapshot import DistributorState
from cti.instants import Duration, Time
from cti.rehearsing.recorded import Recording
from cti.rehearsing.run import record
from cti.rehearsing.stays import WatchedCore
from cti.replay import NOT_FOR_THE_CORE, TELL_EVERY, Beginning, applied
from storage.codec import RecordCodec
from storage.journal_history import JournalHistory
from storage.journal_reader import StoredRecord
from storage.records import TimersAdvanced


class Reader:
    """Takes a journal's records from a beginning on; what comes after `first` is recorded."""

    def __init__(
        self, beginning: Beginning, codec: RecordCodec, *, first: int, level: Duration
    ) -> None:
        self._core = cast("WatchedCore", beginning.core)
        self._begins_at = beginning.position
        self._codec = codec
        self._first = max(first, beginning.position)
        self._level = level
        self._late = beginning.position > first
        self.state: DistributorState | None = None
        self.recording: Recording | None = None

    def read(
        self,
        history: JournalHistory,
        until: int,
        times: tuple[Time | None, Time],
        tell: Callable[[int], None],
    ) -> None:
        """
        Read up to a position; `times` are from when to when, the first record's where None.

        Raises:
            JournalError, UndecodableRecordError: the journal cannot be read.
            OtherDecisionsError: this program decides otherwise than the one that wrote it.
        """
        since, ended = times
        for stored in history.read(self._begins_at, until):
            if stored.position > self._first and self.recording is None:
                began = stored.at if since is None or self._late else since
                self.state = self._core.snapshot()
                self.recording = record(self._core, began, ended, self._level)
            self._take(stored)
            if stored.position % TELL_EVERY == 0:
                tell(TELL_EVERY)

    def _take(self, stored: StoredRecord) -> None:
        is_offer = stored.name == OfferCall.__name__
        if stored.name in NOT_FOR_THE_CORE or (stored.kind == "command" and not is_offer):
            return
        body = self._codec.decode(stored.name, stored.body, position=stored.position)
        if self.recording is None:
            applied(self._core, stored.at, body)
        elif isinstance(body, OfferCall):
            self.recording.compare(stored.position, body)
        elif isinstance(body, AcdFact | TimersAdvanced):
            self.recording.take(stored.position, stored.at, body)
