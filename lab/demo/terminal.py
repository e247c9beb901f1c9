"""
What the terminal can show, and the set-up's progress on it.

A terminal that is none (a pipe, a CI log), or a dumb one, gets plain lines and nothing that moves.
One whose encoding lacks our signs gets ASCII ones.
"""

import io
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from cti.language import _

WIDTH_WITHOUT_TERMINAL = 100


class ReaderGoneError(Exception):
    """Nobody reads what we print any more: the pipe is closed, or the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The signs beyond ASCII that are used, or what stands for them; `encoding` is the output's."""

    encoding: str = "utf-8"
    arrow: str = "→"
    dot: str = "·"
    ellipsis: str = "…"
    tick: str = "✓"
    none: str = "–"
    rule: str = "─"
    mark: str = "●"

    def shown(self, text: str) -> str:
        """Return a text with what the encoding cannot say replaced by question marks."""
        return text.encode(self.encoding, "replace").decode(self.encoding)

    def cut(self, text: str, width: int) -> str:
        """Return a text in so many cells at most, cut with an ellipsis where it is too long."""
        text = self.shown(text)
        if cell_len(text) <= width:
            return text
        room = max(0, width - cell_len(self.ellipsis))
        return set_cell_size(set_cell_size(text, room).rstrip() + self.ellipsis, width)

    def fitted(self, text: str, width: int, *, right: bool = False) -> str:
        """Return a text in exactly so many cells, cut with an ellipsis where it is too long."""
        text = self.cut(text, width)
        padding = " " * (width - cell_len(text))
        return padding + text if right else text + padding


ASCII_SIGNS = Signs(
    encoding="ascii", arrow=">", dot="-", ellipsis="..", tick="*", none="-", rule="-", mark="*"
)


def signs_of(encoding: str) -> Signs:
    """Return the signs that an encoding has."""
    wanted = Signs(encoding=encoding)
    try:
        "→·…✓–─●".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII_SIGNS
    return wanted


class Terminal(Console):
    """
    Standard output; `live` where pictures can be shown on it.

    Every method that prints may raise `ReaderGoneError`.
    """

    def __init__(self, stream: TextIO | None = None, *, plain: bool = False) -> None:
        stream = stream or sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
        super().__init__(file=stream, highlight=False, markup=False, emoji=False)
        if not self.is_terminal:
            self.width = WIDTH_WITHOUT_TERMINAL
        self.live = self.is_terminal and not self.is_dumb_terminal and not plain
        self.signs = signs_of(self.encoding)

    def on_broken_pipe(self) -> None:
        """Say so, instead of ending the program here and now."""
        self.quiet = True
        raise ReaderGoneError

    def say(self, text: str, style: str | None = None) -> None:
        """Print one line, as long as it is; it stands there at once, also in a pipe."""
        try:
            self.print(self.signs.shown(text), style=style, soft_wrap=True)
            self.file.flush()
        except OSError as error:
            self.quiet = True
            raise ReaderGoneError from error


class _BarOfFigures(ProgressColumn):
    """A bar only where there are figures, and only while they grow."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = BarColumn(bar_width=16)

    def render(self, task: Task) -> RenderableType:
        """Return the bar, or nothing."""
        return Text() if task.total is None or task.finished else self._bar.render(task)


class Steps:
    """
    The set-up's progress: one step at a time, each with what came of it and how long it took.

    On a terminal steps move while they last; elsewhere each is one line when it is done.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._title = ""
        self._began = self._first_began = time.monotonic()
        if terminal.live:
            self._bars = Progress(
                SpinnerColumn("line", finished_text=f"[green]{terminal.signs.tick}[/]"),
                TextColumn("{task.description}", table_column=Column(min_width=24)),
                _BarOfFigures(),
                TextColumn("{task.fields[note]}", markup=False),
                console=terminal,
            )

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def finish(self, text: str) -> None:
        """End the set-up, and say how long all of it took."""
        self._stop()
        took = time.monotonic() - self._first_began
        self._terminal.say(_("Up in {seconds:.1f} s.").format(seconds=took) + f" {text}")

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, title: str) -> None:
        """Begin a step."""
        self._title, self._began = title, time.monotonic()
        if self._bars is not None:
            self._task = self._bars.add_task(title, total=None, note="")

    def advance(self, done: int, total: int, note: str) -> None:
        """Show how far the present step is."""
        if self._bars is not None and self._task is not None:
            # Not the end of the step yet, also where all of this part is done.
            self._bars.update(self._task, completed=done, total=total * 1.01 or None, note=note)

    def done(self, result: str) -> None:
        """End the present step."""
        took = f"{time.monotonic() - self._began:.1f} s"
        if self._bars is not None and self._task is not None:
            note = f"{self._terminal.signs.shown(result)}  {took}"
            self._bars.update(self._task, completed=1, total=1, note=note)
            self._task = None
        else:
            self._terminal.say(f"{self._title}: {result} ({took})")
