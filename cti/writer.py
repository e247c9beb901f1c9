"""
The one writer: the only task that touches the call model and the decision core.

It takes facts in the order in which they were posted, applies each to the call model and to the
core, journals the facts and the commands that came out, and only then hands the commands out: what
has been done to the switch is always in the journal. There is one timer, armed for the core's next
deadline. Nothing here waits for the switch, the clients or Postgres, and there are no locks.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import AcdFact
from cti.buckets import Buckets
from cti.call_facts import CallFact
from cti.calls import CallBook
from cti.clock import Clock
from cti.ids import PartyKey
from cti.instants import Time, as_seconds, later, seconds
from storage.errors import JournalUnavailableError
from storage.journal import Journal
from storage.journal_file import RecordKind
from storage.records import TimersAdvanced

CLIENT_FACTS_MAX = 1_000
"""Facts of agents' clients that may wait for the writer; more are shed, and the client is told."""
SWITCH_FACTS_MAX = 50_000
"""Facts of the switch that may wait; above it its AMI link is given up and made anew."""
BATCH_FACTS_MAX = 256
"""Facts that share one commit of the journal."""
APPEND_RECORDS_MAX = 1_000
"""Records that share one commit where more of them wait."""
UNWRITTEN_RECORDS_MAX = 100_000
"""Records kept in memory while the journal cannot be written; then the daemon ends itself."""
RETRY = seconds(1)
"""How long a journal that could not be written is left alone: trying costs time, too."""

APPEND_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)
"""For the time that the journal takes for one commit: some 0.1 ms when all is well."""

Fact = AcdFact | CallFact
_Record = tuple[Time, RecordKind, object]

log = structlog.get_logger(__name__)


class CommandSink(Protocol):
    """Who carries commands out, or shows them; it may not raise and may not wait."""

    def carry_out(self, command: AcdCommand) -> None:
        """Take the command; each sink knows which kinds concern it."""


class Writer:
    """
    Orders all facts and applies them.

    `watchers` learn every journalled record and its time; `sinks` then receive every command, one
    sink after the other for each command.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        distributor: Distributor,
        calls: CallBook,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._distributor = distributor
        self._calls = calls
        self.sinks: list[CommandSink] = []
        self.on_overfull: Callable[[], None] = lambda: None
        self.watchers: list[Callable[[Time, object], None]] = []
        self._inbox: deque[Fact] = deque()
        self._client_inbox: deque[Fact] = deque()
        self._awake = asyncio.Event()
        self._unwritten: list[_Record] = []
        self._parties: dict[PartyKey, tuple[str, str]] = {}
        self._retry_at: Time | None = None
        self.facts_handled = 0
        self.facts_shed = 0
        self.append_failures = 0
        self.append_s = Buckets(APPEND_BOUNDS_S)

    @property
    def journal_failing(self) -> bool:
        """Whether anything waits in memory because the journal cannot be written."""
        return bool(self._unwritten or self._parties)

    @property
    def facts_waiting(self) -> int:
        """How many facts wait to be handled."""
        return len(self._inbox) + len(self._client_inbox)

    @property
    def records_unwritten(self) -> int:
        """How many records wait in memory because the journal cannot be written."""
        return len(self._unwritten)

    def post(self, *facts: Fact) -> None:
        """
        Take facts of the switch, in this order and with nothing between them.

        None is ever shed. Above `SWITCH_FACTS_MAX` `on_overfull` is called: whoever tells so much
        is to stop, and to show by a snapshot how things stand when that is over.
        """
        self._inbox.extend(facts)
        self._awake.set()
        if len(self._inbox) > SWITCH_FACTS_MAX:
            self.on_overfull()

    def post_client(self, fact: Fact) -> bool:
        """Take a fact of an agent's client; False where too many wait and this one is shed."""
        if len(self._client_inbox) >= CLIENT_FACTS_MAX:
            self.facts_shed += 1
            return False
        self._client_inbox.append(fact)
        self._awake.set()
        return True

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        """Keep a caller's number and name in the journal, beside its records."""
        self._parties[key] = (number, name)
        self._write_if_due()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            self._awake.clear()
            while self._inbox or self._client_inbox or self._timer_due():
                self._turn()
                await asyncio.sleep(0)  # let the switch and the clients in between two batches
            try:
                async with asyncio.timeout(self._seconds_to_deadline()):
                    await self._awake.wait()
            except TimeoutError:
                self._write_if_due()

    def settle(self) -> None:
        """Handle everything that waits at once, before `run` begins and after it has ended."""
        while self._inbox or self._client_inbox or self._timer_due():
            self._turn()
        self._write()

    def _timer_due(self) -> bool:
        deadline = self._distributor.next_deadline()
        return deadline is not None and deadline <= self._clock.now()

    def _seconds_to_deadline(self) -> float | None:
        """Return how long nothing is to be done unless facts come; None: for ever."""
        deadlines = (self._distributor.next_deadline(), self._retry_at)
        due = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if due is None else max(0.0, as_seconds(due - self._clock.now()))

    def _turn(self) -> None:
        """Handle one batch: timers first, then the switch's facts, then the clients'."""
        records: list[_Record] = []
        commands: list[AcdCommand] = []
        if self._timer_due():
            now = self._clock.now()
            self._note(records, commands, now, TimersAdvanced(to=now))
        for inbox in (self._inbox, self._client_inbox):
            for _ in range(min(len(inbox), BATCH_FACTS_MAX)):
                self._note(records, commands, self._clock.now(), inbox.popleft())
        self._unwritten.extend(records)
        self._write_if_due()
        for at, _, body in records:
            for learn in self.watchers:
                learn(at, body)
        for command in commands:
            for sink in self.sinks:
                sink.carry_out(command)

    def _note(
        self,
        records: list[_Record],
        commands: list[AcdCommand],
        now: Time,
        fact: Fact | TimersAdvanced,
    ) -> None:
        """Apply one fact and note it with the commands that it brought forth."""
        if isinstance(fact, TimersAdvanced):
            records.append((now, "timer", fact))
            decided = self._distributor.advance(now)
        else:
            self.facts_handled += 1
            records.append((now, "fact", fact))
            if isinstance(fact, CallFact):
                self._calls.handle(fact, now)
                return
            decided = self._distributor.handle(fact, now)
        records.extend((now, "command", command) for command in decided)
        commands.extend(decided)

    def _write_if_due(self) -> None:
        """Write what waits, unless the journal has failed a moment ago."""
        overfull = len(self._unwritten) > UNWRITTEN_RECORDS_MAX
        if self._retry_at is None or self._retry_at <= self._clock.now() or overfull:
            self._write()

    def _write(self) -> None:
        """
        Journal the records that wait, in order; while that fails, calls go on and they wait on.

        Parties go first: whoever copies a call's records looks its party up at once.

        Raises:
            JournalUnavailableError: too many wait; the daemon ends rather than forget.
        """
        try:
            for key, (number, name) in tuple(self._parties.items()):
                self._journal.remember_party(key, number, name)
                del self._parties[key]
            while self._unwritten:
                began = time.perf_counter()
                self._journal.append(self._unwritten[:APPEND_RECORDS_MAX])
                self.append_s.observe(time.perf_counter() - began)
                del self._unwritten[:APPEND_RECORDS_MAX]
        except JournalUnavailableError as error:
            self.append_failures += 1
            log.exception("journal_unwritable", waiting=len(self._unwritten), reason=str(error))
            if len(self._unwritten) > UNWRITTEN_RECORDS_MAX:
                raise
            self._retry_at = later(self._clock.now(), RETRY)
        else:
            if self._retry_at is not None:
                log.info("journal_written_again")
            self._retry_at = None
