"""
Lines of the screen in columns: each as wide as asked for, some growing with the terminal.

Widths are cells, not characters: a Chinese one has two. Knows nothing of what stands in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from lab.demo.terminal import Signs

HEADING: Final = "bold"
FAINT: Final = "dim"
GAP: Final = "  "

Cell = tuple[str, str]
"""A text and its style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One column: its heading, its least cells, and whether it grows where the terminal is wider.

    Where there is not even room for the least, the columns that grow give way, down to nothing.
    """

    cells: int
    head: str = ""
    right: bool = False
    grows: bool = False


class Columns:
    """Columns fitted to a width."""

    def __init__(self, columns: Sequence[Column], *, width: int, signs: Signs) -> None:
        self._columns = columns
        self._signs = signs
        self._width = width
        least = [max(column.cells, cell_len(signs.shown(column.head))) for column in columns]
        left = width - sum(least) - len(GAP) * (len(columns) - 1)
        growing = [index for index, column in enumerate(columns) if column.grows]
        for place, index in enumerate(reversed(growing) if left < 0 else growing):
            share = left // (len(growing) - place)
            grown = max(0, least[index] + share)
            left -= grown - least[index]
            least[index] = grown
        self._cells = least

    def line(self, cells: Sequence[Cell]) -> Text:
        """Return one line; cells that are missing at its end stay empty."""
        line = Text(no_wrap=True, overflow="crop")
        for index, (column, width) in enumerate(zip(self._columns, self._cells, strict=True)):
            text, style = cells[index] if index < len(cells) else ("", "")
            if width == 0:
                continue
            line.append(GAP if index else "")
            # A background colour is the text's, not the column's.
            shown = self._signs.cut(text, width)
            padding = " " * (width - cell_len(shown))
            line.append(padding if column.right else "").append(shown, style)
            line.append("" if column.right else padding)
        return fit(line, self._width, self._signs)

    def last_heads(self, count: int) -> Text:
        """Return the headings of the last columns, to stand at the end of a rule."""
        line = Text(style=FAINT)
        columns = list(zip(self._columns, self._cells, strict=True))[-count:]
        for index, (column, width) in enumerate(columns):
            line.append(GAP if index else "")
            line.append(self._signs.fitted(column.head, width, right=column.right))
        return line


def rule(title: str, note: Text | None, width: int, signs: Signs) -> Text:
    """Return the line above a section: its title, a rule, and at its end what there is to note."""
    line = Text(no_wrap=True).append(f"{signs.shown(title)} ", HEADING)
    end = Text() if note is None else note
    if line.cell_len + end.cell_len + 1 > width:
        end = Text()
    rest = width - line.cell_len - end.cell_len - bool(end.plain)
    line.append(signs.rule * max(0, rest), FAINT)
    if end.plain:
        line.append(" ").append_text(end)
    return fit(line, width, signs)


def ends(left: Text, right: Text, width: int, signs: Signs) -> Text:
    """Return one line with a text at each end; the right one goes where there is no room."""
    room = width - left.cell_len - right.cell_len
    line = left.copy()
    if room < 1:
        return fit(line, width, signs)
    return line.append(" " * room).append_text(right)


def fit(line: Text, width: int, signs: Signs) -> Text:
    """Shorten a line that is too long, and show that it was."""
    if line.cell_len > width:
        line.truncate(max(0, width - cell_len(signs.ellipsis)))
        line.rstrip()
        line.append(signs.ellipsis[: max(0, width)])
    return line
