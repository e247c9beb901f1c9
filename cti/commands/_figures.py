"""The figures of a simulation as a table."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cti.language import _


def show_figures(columns: Mapping[str, dict[str, Any]]) -> None:
    """Print figures side by side, each column under its title."""
    table = Table(title=_("How callers fared, with 99 % intervals"))
    table.add_column("")
    for name in columns:
        table.add_column(Text(name), justify="right")
    level = next(iter(next(iter(columns.values()))["service_level"]))
    rows: list[tuple[str, tuple[str, ...]]] = [
        (_("calls"), ("arrivals",)),
        (_("answered"), ("answered",)),
        (_("abandoned"), ("abandoned",)),
        (_("blocked, no line free"), ("blocked",)),
        (_("turned away, queue full or closed"), ("turned_away",)),
        (_("sent elsewhere than to a queue"), ("diverted",)),
        (_("called back"), ("called_back",)),
        (_("promised a call, and not called in time"), ("lapsed",)),
        (_("moved on by a rule"), ("overflowed",)),
        (_("in the system at the end, not answered"), ("waiting",)),
        (_("share that had to wait"), ("wait_probability",)),
        (_("share answered within {level} s").format(level=level), ("service_level", level)),
        (_("mean wait of the answered, s"), ("asa_s",)),
        (_("half of them waited at most, s"), ("wait_s", "p50")),
        (_("90 % of them waited at most, s"), ("wait_s", "p90")),
        (_("99 % of them waited at most, s"), ("wait_s", "p99")),
        (_("agents' occupancy"), ("occupancy",)),
        (_("offers to agents"), ("decisions",)),
    ]
    for title, path in rows:
        table.add_row(title, *(_cell(column, path) for column in columns.values()))
    show_table(table, width=60 + 40 * len(columns))


def show_table(table: Table, *, width: int) -> None:
    """Print a table; into a pipe no line is cut to the width that a terminal happens to have."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=width, no_color=True)
    console.print(table)


def _cell(column: dict[str, Any], path: tuple[str, ...]) -> str:
    value: Any = column
    spread: Any = column["interval_99"]
    for step in path:
        value = value[step]
        spread = spread.get(step) if isinstance(spread, dict) else None
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    shown = f"{value:.3f}"
    return shown if spread is None else f"{shown} ({spread[0]:.3f} – {spread[1]:.3f})"
