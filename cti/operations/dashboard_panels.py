"""What the Grafana dashboard shows: its rows, and what each panel asks Prometheus for."""

from dataclasses import dataclass
from typing import Final, Literal

AT: Final = 'job=~"$job", instance=~"$instance"'
QUEUE: Final = f'{AT}, queue=~"$queue"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: what it asks, and how the answers are called."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"
    help: str = ""
    stacked: bool = False
    red_above: float | None = None
    red_below: float | None = None
    width: int = 8


def _rate(figure: str, by: str, at: str = AT) -> str:
    return f"sum by ({by}) (rate({figure}{{{at}}}[$__rate_interval]))"


def _increase(figure: str, by: str, at: str = AT) -> str:
    return f"sum by ({by}) (increase({figure}{{{at}}}[$__rate_interval]))"


def _quantile(share: float, figure: str, by: str = "", at: str = AT) -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {_rate(f'{figure}_bucket', labels, at)})"


def _service_level(seconds: int) -> str:
    """Return the share of callers whom an agent answered within so many seconds."""
    within = f'{QUEUE}, le="{seconds}.0"'
    answered = _rate("cordboard_queue_answered_wait_seconds_bucket", "queue", within)
    lost = f'{QUEUE}, exit=~"answered|abandoned"'
    return f"{answered} / {_rate('cordboard_queue_left_total', 'queue', lost)}"


_TALKED: Final = _rate("cordboard_queue_talk_seconds_sum", "queue", QUEUE)
_TALKS: Final = _rate("cordboard_queue_talk_seconds_count", "queue", QUEUE)
_POPS: Final = f"rate(cordboard_screen_pops_total{{{AT}}}[$__rate_interval])"
_KNOWN: Final = f'rate(cordboard_screen_pops_total{{{AT}, found="true"}}[$__rate_interval])'
_EXPIRES: Final = f"cordboard_tls_certificate_expiry_timestamp_seconds{{{AT}}}"

ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "Calls",
        (
            Panel(
                title="Calls now",
                kind="stat",
                queries=((f"sum(cordboard_live_calls{{{AT}}})", "calls"),),
                width=6,
            ),
            Panel(
                title="Waiting now",
                kind="stat",
                queries=((f"sum(cordboard_queue_waiting_calls{{{AT}}})", "callers"),),
                width=6,
            ),
            Panel(
                title="Longest wait now",
                kind="stat",
                unit="s",
                queries=((f"max(cordboard_queue_longest_wait_seconds{{{AT}}})", "wait"),),
                red_above=120,
                width=6,
            ),
            Panel(
                title="Agents ready",
                kind="stat",
                queries=((f'sum(cordboard_agents{{{AT}, state="ready"}})', "agents"),),
                red_below=1,
                width=6,
            ),
            Panel(
                title="Calls by place",
                queries=((f"sum by (place) (cordboard_live_calls{{{AT}}})", "{{place}}"),),
                stacked=True,
            ),
            Panel(
                title="Calls that came, by service",
                queries=((_increase("cordboard_calls_arrived_total", "service"), "{{service}}"),),
                help="Per interval of the graph.",
                stacked=True,
            ),
            Panel(
                title="Calls that ended, by outcome",
                queries=((_increase("cordboard_calls_total", "outcome"), "{{outcome}}"),),
                help="Per interval of the graph.",
                stacked=True,
            ),
        ),
    ),
    (
        "Queues",
        (
            Panel(
                title="Waiting",
                queries=(
                    (f"sum by (queue) (cordboard_queue_waiting_calls{{{QUEUE}}})", "{{queue}}"),
                ),
            ),
            Panel(
                title="Longest wait",
                unit="s",
                queries=(
                    (
                        f"max by (queue) (cordboard_queue_longest_wait_seconds{{{QUEUE}}})",
                        "{{queue}}",
                    ),
                ),
            ),
            Panel(
                title="Answered within 20 s",
                unit="percentunit",
                queries=((_service_level(20), "{{queue}}"),),
                help="Of those who were answered or gave up.",
            ),
            Panel(
                title="How callers left",
                queries=((_increase("cordboard_queue_left_total", "exit", QUEUE), "{{exit}}"),),
                stacked=True,
            ),
            Panel(
                title="Wait until answered: half and 95 % of callers",
                unit="s",
                queries=(
                    (
                        _quantile(0.5, "cordboard_queue_answered_wait_seconds", "queue", QUEUE),
                        "{{queue}} half",
                    ),
                    (
                        _quantile(0.95, "cordboard_queue_answered_wait_seconds", "queue", QUEUE),
                        "{{queue}} 95 %",
                    ),
                ),
            ),
            Panel(
                title="Patience of those who gave up",
                unit="s",
                queries=(
                    (
                        _quantile(0.5, "cordboard_queue_abandoned_wait_seconds", "queue", QUEUE),
                        "{{queue}} half",
                    ),
                ),
            ),
        ),
    ),
    (
        "Agents",
        (
            Panel(
                title="Agents by state",
                queries=((f"sum by (state) (cordboard_agents{{{AT}}})", "{{state}}"),),
                stacked=True,
            ),
            Panel(
                title="Ready, by queue",
                queries=(
                    (
                        f'sum by (queue) (cordboard_queue_agents{{{QUEUE}, state="ready"}})',
                        "{{queue}}",
                    ),
                ),
            ),
            Panel(
                title="Offers that came to nothing",
                queries=(
                    (
                        _increase("cordboard_queue_offers_ended_total", "outcome", QUEUE),
                        "{{outcome}}",
                    ),
                ),
                help="no_answer is what counts as missed.",
                stacked=True,
            ),
            Panel(
                title="Ringing",
                unit="s",
                queries=(
                    (_quantile(0.5, "cordboard_queue_ring_seconds", at=QUEUE), "half"),
                    (_quantile(0.95, "cordboard_queue_ring_seconds", at=QUEUE), "95 %"),
                ),
            ),
            Panel(
                title="Mean talk",
                unit="s",
                queries=(
                    (
                        f"{_TALKED} / {_TALKS}",
                        "{{queue}}",
                    ),
                ),
            ),
            Panel(
                title="Screen pops with a known customer",
                unit="percentunit",
                queries=(
                    (
                        f"sum({_KNOWN}) / sum({_POPS})",
                        "known",
                    ),
                ),
            ),
        ),
    ),
    (
        "Health",
        (
            Panel(
                title="Daemon up",
                kind="stat",
                queries=((f"min(up{{{AT}}})", "up"),),
                red_below=1,
                width=4,
            ),
            Panel(
                title="Link to Asterisk",
                kind="stat",
                queries=((f"min(cordboard_ami_up{{{AT}}})", "up"),),
                red_below=1,
                width=4,
            ),
            Panel(
                title="Database",
                kind="stat",
                queries=((f"min(cordboard_database_up{{{AT}}})", "up"),),
                red_below=1,
                width=4,
            ),
            Panel(
                title="Running since",
                kind="stat",
                unit="s",
                queries=((f"time() - max(process_start_time_seconds{{{AT}}})", "uptime"),),
                width=4,
            ),
            Panel(
                title="Certificate expires in",
                kind="stat",
                unit="s",
                queries=(
                    (
                        f"min({_EXPIRES}) - time()",
                        "left",
                    ),
                ),
                red_below=14 * 86_400,
                width=4,
            ),
            Panel(
                title="Longest loop lag of the last minute",
                kind="stat",
                unit="s",
                queries=((f"max(cordboard_loop_lag_max_seconds{{{AT}}})", "lag"),),
                red_above=0.5,
                width=4,
            ),
            Panel(
                title="Loop lag",
                unit="s",
                queries=(
                    (_quantile(0.5, "cordboard_loop_lag_seconds"), "half"),
                    (_quantile(0.99, "cordboard_loop_lag_seconds"), "99 %"),
                ),
            ),
            Panel(
                title="Journal: time of a commit",
                unit="s",
                queries=(
                    (_quantile(0.5, "cordboard_journal_write_seconds"), "half"),
                    (_quantile(0.99, "cordboard_journal_write_seconds"), "99 %"),
                ),
            ),
            Panel(
                title="Records not yet in Postgres",
                queries=(
                    (f"max(cordboard_journal_backlog_records{{{AT}}})", "not in Postgres"),
                    (f"max(cordboard_journal_unwritten_records{{{AT}}})", "not in the journal"),
                ),
            ),
            Panel(
                title="Asterisk: time of an action",
                unit="s",
                queries=(
                    (_quantile(0.5, "cordboard_ami_action_seconds"), "half"),
                    (_quantile(0.99, "cordboard_ami_action_seconds"), "99 %"),
                ),
            ),
            Panel(
                title="Events of Asterisk",
                unit="cps",
                queries=(
                    (_rate("cordboard_ami_events_total", "pbx"), "{{pbx}} received"),
                    (_rate("cordboard_ami_events_dropped_total", "why"), "{{why}}"),
                ),
            ),
            Panel(
                title="What Asterisk did not have",
                queries=((_increase("cordboard_switch_differences_total", "what"), "{{what}}"),),
            ),
            Panel(
                title="FastAGI",
                unit="cps",
                queries=(
                    (_rate("cordboard_agi_sessions_total", "pbx"), "sessions"),
                    (_rate("cordboard_agi_errors_total", "why"), "failed: {{why}}"),
                    (_rate("cordboard_agi_refused_total", "why"), "refused: {{why}}"),
                ),
            ),
            Panel(
                title="Memory",
                unit="bytes",
                queries=(
                    (f"max(process_resident_memory_bytes{{{AT}}})", "resident"),
                    (f"max(cordboard_journal_file_bytes{{{AT}}})", "journal on the disk"),
                ),
            ),
            Panel(
                title="Processor",
                unit="percentunit",
                queries=(
                    (f"sum(rate(process_cpu_seconds_total{{{AT}}}[$__rate_interval]))", "cores"),
                ),
            ),
            Panel(
                title="Connections",
                queries=(
                    (f"sum(cordboard_web_desks{{{AT}}})", "desks"),
                    (f"sum(cordboard_web_strangers{{{AT}}})", "not signed in"),
                    (f"sum(cordboard_agi_open_sessions{{{AT}}})", "FastAGI"),
                ),
            ),
        ),
    ),
)
