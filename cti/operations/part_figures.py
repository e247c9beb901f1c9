"""The figures of the daemon's parts: loop, journal and database, AMI, AGI, web server."""

import asyncio
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.server import WebState
from cti.database import Database
from cti.instants import Time, as_seconds
from cti.operations.figure import Sheet, counter, gauge, histogram
from cti.operations.loop_lag import LoopLag
from cti.switch.resync import DIFFERENCES
from cti.switch.switch import Switch
from cti.writer import Writer
from protocols.agi.server import AgiServer
from protocols.ami.client import AmiClient
from protocols.ami.link import LinkPhase
from storage.errors import StorageError
from storage.journal import Journal

BUILD = gauge(
    "cordboard_build_info", "1; the labels say what runs here.", *("version", "python", "policy")
)
LAG = histogram(
    "cordboard_loop_lag_seconds",
    "How much later than asked for the event loop woke a task that sleeps for 0.1 s.",
)
LAG_MAX = gauge("cordboard_loop_lag_max_seconds", "The longest such lag of the last minute.")
TASKS = gauge("cordboard_loop_tasks", "Tasks of the event loop that have not ended.")
WATCHDOG = gauge(
    "cordboard_watchdog_limit_seconds",
    "How long the event loop may stand still before the daemon ends itself.",
)
FACTS = counter("cordboard_facts_total", "Facts of switch and agents that were handled.")
FACTS_WAITING = gauge("cordboard_facts_waiting", "Facts that wait to be handled.")
FACTS_SHED = counter(
    "cordboard_facts_shed_total", "Agents' requests that were refused because too many waited."
)
JOURNAL_POSITION = counter(
    "cordboard_journal_records_total",
    "The last record's number in the journal; kept over restarts.",
)
JOURNAL_WRITES = histogram(
    "cordboard_journal_write_seconds", "How long the journal took to write a batch of records."
)
JOURNAL_FAILURES = counter(
    "cordboard_journal_write_failures_total", "Times that the journal could not be written."
)
JOURNAL_UNWRITTEN = gauge(
    "cordboard_journal_unwritten_records",
    "Records kept in memory because the journal cannot be written.",
)
JOURNAL_BYTES = gauge("cordboard_journal_file_bytes", "Size of the journal's files on the disk.")
BACKLOG = gauge(
    "cordboard_journal_backlog_records",
    "Records of the journal that are not in Postgres yet; no value before it was first reached.",
)
BACKLOG_AGE = gauge(
    "cordboard_journal_backlog_age_seconds",
    "Age of the oldest record that is not in Postgres yet; 0 where all are.",
)
DATABASE_UP = gauge(
    "cordboard_database_up", "1 while Postgres can be asked and gets the journal's records."
)
SET_ASIDE = gauge(
    "cordboard_database_records_set_aside",
    "Records that Postgres refused and that were set aside, since it was last brought up.",
)
AMI_UP = gauge("cordboard_ami_up", "1 while the link to Asterisk's manager interface is up.", "pbx")
AMI_CONNECTS = counter(
    "cordboard_ami_links_up_total",
    "Times that the link came up; more than 1 are reconnects.",
    "pbx",
)
AMI_LOST = counter(
    "cordboard_ami_links_lost_total", "Times that a link was lost that had been up.", "pbx"
)
AMI_EVENTS = counter("cordboard_ami_events_total", "Events received, wanted or not.", "pbx")
AMI_DROPPED = counter(
    "cordboard_ami_events_dropped_total",
    "Events not handed on: unwanted (dropped unread by name), before_up (the first live picture "
    "has them), malformed (messages too long, with too many headers, or none at all).",
    *("pbx", "why"),
)
AMI_LAST = gauge(
    "cordboard_ami_last_message_age_seconds",
    "How long ago something last came from Asterisk; no value before the first time.",
    "pbx",
)
AMI_ANSWERS = histogram(
    "cordboard_ami_action_seconds", "How long Asterisk took to answer actions.", "pbx"
)
AMI_TIMEOUTS = counter(
    "cordboard_ami_actions_timed_out_total", "Actions that were not answered in time.", "pbx"
)
DIFFERENCES_MET = counter(
    "cordboard_switch_differences_total",
    "Times that Asterisk did not have what we believed in, which was put right: call_gone (a call) "
    "or offer_gone (an offer to an agent); the log's switch_differs names it.",
    *("pbx", "what"),
)
AGI_SESSIONS = gauge("cordboard_agi_open_sessions", "FastAGI connections that are open now.", "pbx")
AGI_OPENED = counter("cordboard_agi_sessions_total", "FastAGI sessions that were opened.", "pbx")
AGI_REFUSED = counter(
    "cordboard_agi_refused_total",
    "FastAGI connections refused: peer (not one of pbx.agi.peers) or full (too many at once).",
    *("pbx", "why"),
)
AGI_ERRORS = counter(
    "cordboard_agi_errors_total",
    "FastAGI sessions that failed: protocol (the other side broke it) or handler (our defect).",
    *("pbx", "why"),
)
AGI_COMMANDS = counter("cordboard_agi_commands_total", "Commands given to Asterisk.", "pbx")
WEB_DESKS = gauge("cordboard_web_desks", "Agents' desks that are connected and signed in.")
WEB_STRANGERS = gauge("cordboard_web_strangers", "Connections that have not signed in.")
WEB_LET_IN = counter("cordboard_web_connections_total", "Connections that were let in.")
WEB_DROPPED = counter(
    "cordboard_web_dropped_total",
    "Connections ended by us: turned_away (too many strangers), handshake (TLS came to nothing), "
    "dismissed (broke the protocol or sent too much), too_slow (did not read).",
    "why",
)
CERTIFICATE_EXPIRES = gauge(
    "cordboard_tls_certificate_expiry_timestamp_seconds",
    "When the certificate expires that is shown now, in seconds since 1970; none without TLS.",
)
CERTIFICATE_REFUSED = gauge(
    "cordboard_tls_certificate_refused",
    "1 while certificate and key on the disk cannot be used and older ones are shown instead.",
)
CERTIFICATE_LOADS = counter(
    "cordboard_tls_certificate_loads_total", "Times that a certificate was taken over."
)

FIGURES: Final = (
    BUILD,
    LAG,
    LAG_MAX,
    TASKS,
    WATCHDOG,
    FACTS,
    FACTS_WAITING,
    FACTS_SHED,
    JOURNAL_POSITION,
    JOURNAL_WRITES,
    JOURNAL_FAILURES,
    JOURNAL_UNWRITTEN,
    JOURNAL_BYTES,
    BACKLOG,
    BACKLOG_AGE,
    DATABASE_UP,
    SET_ASIDE,
    AMI_UP,
    AMI_CONNECTS,
    AMI_LOST,
    AMI_EVENTS,
    AMI_DROPPED,
    AMI_LAST,
    AMI_ANSWERS,
    AMI_TIMEOUTS,
    DIFFERENCES_MET,
    AGI_SESSIONS,
    AGI_OPENED,
    AGI_REFUSED,
    AGI_ERRORS,
    AGI_COMMANDS,
    WEB_DESKS,
    WEB_STRANGERS,
    WEB_LET_IN,
    WEB_DROPPED,
    CERTIFICATE_EXPIRES,
    CERTIFICATE_REFUSED,
    CERTIFICATE_LOADS,
)


@dataclass(slots=True, kw_only=True)
class DaemonFigures:
    """Writes how the loop and the daemon as a whole are; `policy_version` is that in force."""

    version: str
    policy_version: str
    lag: LoopLag
    watchdog_limit_s: float

    def write(self, sheet: Sheet) -> None:
        """Write all of it."""
        sheet.write(BUILD, 1, self.version, platform.python_version(), self.policy_version)
        sheet.spread(LAG, self.lag.spread)
        sheet.write(LAG_MAX, self.lag.longest)
        sheet.write(TASKS, len(asyncio.all_tasks()))
        sheet.write(WATCHDOG, self.watchdog_limit_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFigures:
    """Writes how the journal and its copy in Postgres stand; `path` is the journal's file."""

    journal: Journal
    path: Path
    writer: Writer
    database: Database
    now: Callable[[], Time]

    def write(self, sheet: Sheet) -> None:
        """Write all of it."""
        writer = self.writer
        sheet.write(FACTS, writer.facts_handled)
        sheet.write(FACTS_WAITING, writer.facts_waiting)
        sheet.write(FACTS_SHED, writer.facts_shed)
        sheet.write(JOURNAL_POSITION, self.journal.last_position)
        sheet.spread(JOURNAL_WRITES, writer.append_s)
        sheet.write(JOURNAL_FAILURES, writer.append_failures)
        sheet.write(JOURNAL_UNWRITTEN, writer.records_unwritten)
        sheet.write(JOURNAL_BYTES, self._bytes())
        sheet.write(DATABASE_UP, self.database.up)
        sheet.write(SET_ASIDE, self.database.set_aside)
        shipped = self.database.shipped
        if shipped is not None:
            behind = max(0, self.journal.last_position - shipped)
            sheet.write(BACKLOG, behind)
            sheet.write(BACKLOG_AGE, self._age(shipped) if behind else 0)

    def _age(self, shipped: int) -> float:
        try:
            oldest = next(self.journal.read(shipped, 1), None)
        except StorageError:
            return float("nan")
        return 0.0 if oldest is None else max(0.0, as_seconds(self.now() - oldest.at))

    def _bytes(self) -> int:
        size = 0
        for name in ("", "-wal", "-shm"):
            try:
                size += self.path.with_name(self.path.name + name).stat().st_size
            except OSError:
                continue
        return size


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxFigures:
    """Writes how we stand with one Asterisk."""

    pbx: str
    ami: AmiClient
    agi: AgiServer
    switch: Switch

    def write(self, sheet: Sheet) -> None:
        """Write all of it."""
        counts = self.ami.counters
        malformed = (
            counts.noise
            + counts.messages_too_long
            + counts.messages_with_too_many_headers
            + counts.framing_lost
        )
        sheet.write(AMI_UP, self.ami.state.phase is LinkPhase.UP, self.pbx)
        sheet.write(AMI_CONNECTS, counts.links_up, self.pbx)
        sheet.write(AMI_LOST, counts.links_lost, self.pbx)
        sheet.write(AMI_EVENTS, counts.events, self.pbx)
        sheet.write(AMI_DROPPED, counts.events_dropped_by_name, self.pbx, "unwanted")
        sheet.write(AMI_DROPPED, counts.events_before_up, self.pbx, "before_up")
        sheet.write(AMI_DROPPED, malformed, self.pbx, "malformed")
        if counts.heard_at_s is not None:
            age_s = asyncio.get_running_loop().time() - counts.heard_at_s
            sheet.write(AMI_LAST, age_s, self.pbx)
        sheet.spread(AMI_ANSWERS, counts.answers_s, self.pbx)
        sheet.write(AMI_TIMEOUTS, counts.actions_timed_out, self.pbx)
        for what in DIFFERENCES:
            sheet.write(DIFFERENCES_MET, self.switch.differences.get(what, 0), self.pbx, what)
        agi = self.agi.counts
        sheet.write(AGI_SESSIONS, self.agi.connections, self.pbx)
        sheet.write(AGI_OPENED, agi.sessions, self.pbx)
        sheet.write(AGI_REFUSED, agi.refused_peers, self.pbx, "peer")
        sheet.write(AGI_REFUSED, agi.refused_full, self.pbx, "full")
        sheet.write(AGI_ERRORS, agi.broken, self.pbx, "protocol")
        sheet.write(AGI_ERRORS, agi.handler_failures, self.pbx, "handler")
        sheet.write(AGI_COMMANDS, agi.commands, self.pbx)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFigures:
    """Writes how the web server stands."""

    state: Callable[[], WebState]

    def write(self, sheet: Sheet) -> None:
        """Write all of it."""
        state = self.state()
        counts, certificate = state.counts, state.certificate
        sheet.write(WEB_DESKS, state.desks)
        sheet.write(WEB_STRANGERS, state.strangers)
        sheet.write(WEB_LET_IN, counts.let_in)
        sheet.write(WEB_DROPPED, counts.turned_away, "turned_away")
        sheet.write(WEB_DROPPED, counts.handshakes_failed, "handshake")
        sheet.write(WEB_DROPPED, counts.dismissed, "dismissed")
        sheet.write(WEB_DROPPED, counts.too_slow, "too_slow")
        if certificate is not None:
            sheet.write(CERTIFICATE_EXPIRES, certificate.expires.timestamp())
            sheet.write(CERTIFICATE_REFUSED, certificate.refused is not None)
            sheet.write(CERTIFICATE_LOADS, certificate.loads)
