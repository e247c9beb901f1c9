"""
Lines of the screen in columns: each as wide as asked for, some growing with the terminal.

Knows nothing of what stands in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from lab.demo.terminal import Signs

HEADING = "bold cyan"
FAINT = "dim"
GAP = "  "

Cell = tuple[str, str]
"""A text and its style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, its cells at 80 columns, and whether it grows beyond."""

    head: str
    cells: int
    right: bool = False
    grows: bool = False


class Columns:
    """Columns fitted to a width; the first one's heading is the title of them all."""

    def __init__(self, columns: Sequence[Column], *, width: int, signs: Signs) -> None:
        self._columns = columns
        self._signs = signs
        taken = sum(column.cells for column in columns) + len(GAP) * (len(columns) - 1)
        share, rest = divmod(max(0, width - taken), sum(column.grows for column in columns) or 1)
        self._cells = []
        for column in columns:
            more = share + rest if column.grows else 0
            rest = 0 if column.grows else rest
            self._cells.append(column.cells + more)

    def heading(self) -> Text:
        """Return the line above the others."""
        title, *heads = [column.head for column in self._columns]
        return self.line([(title, HEADING), *((head, FAINT) for head in heads)])

    def line(self, cells: Sequence[Cell]) -> Text:
        """Return one line; cells that are missing at its end stay empty."""
        line = Text(no_wrap=True, overflow="crop")
        for index, (column, width) in enumerate(zip(self._columns, self._cells, strict=True)):
            text, style = cells[index] if index < len(cells) else ("", "")
            line.append(GAP if index else "")
            line.append(self._signs.fitted(text, width, right=column.right), style)
        return line
