"""
The terminal while the picture is on it: only lines that changed are written, in one go.

What stands still is not written again, so nothing flickers, and an idle show is as good as silent.
The cursor is hidden and the terminal's other page is used; both come back when it is closed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from rich.text import Text

from lab.demo.terminal import ReaderGoneError, Terminal

_ALTERNATE: Final = "\x1b[?1049h"
_MAIN: Final = "\x1b[?1049l"
_HIDE_CURSOR: Final = "\x1b[?25l"
_SHOW_CURSOR: Final = "\x1b[?25h"
_TO_LINE: Final = "\x1b[{line};1H"
_ERASE_LINE: Final = "\x1b[0m\x1b[2K"
_CLEAR: Final = "\x1b[0m\x1b[2J"
_NO_WRAP: Final = "\x1b[?7l"
_WRAP: Final = "\x1b[?7h"
"""A terminal that was made narrower a moment ago cuts lines instead of scrolling (DECAWM)."""


class Canvas:
    """
    Lines on a terminal; a context manager.

    Every method may raise `ReaderGoneError`.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._shown: list[Text] = []
        self._size = (0, 0)

    def __enter__(self) -> Self:
        self._write(_ALTERNATE + _HIDE_CURSOR + _NO_WRAP)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, ReaderGoneError):
            self._write(_WRAP + _SHOW_CURSOR + _MAIN)

    @property
    def size(self) -> tuple[int, int]:
        """The terminal's columns and lines, as they are now."""
        return self._terminal.width, self._terminal.height

    def paint(self, lines: Sequence[Text]) -> None:
        """Show these lines, as many as there are; whatever else stood there goes."""
        size = self.size
        lines = list(lines[: size[1]])
        parts = []
        if size != self._size:
            self._size, self._shown = size, []
            parts.append(_CLEAR)
        gone = [Text()] * (len(self._shown) - len(lines))
        for index, line in enumerate([*lines, *gone]):
            if index >= len(self._shown) or self._shown[index] != line:
                parts += [_TO_LINE.format(line=index + 1), _ERASE_LINE, self._rendered(line)]
        self._shown = lines
        if parts:
            self._write("".join(parts))

    def _rendered(self, line: Text) -> str:
        """Return a line with its colours as this terminal has them, if it has any."""
        with self._gone_is_told(), self._terminal.capture() as captured:
            self._terminal.print(line, end="", no_wrap=True, overflow="crop", crop=True)
        return captured.get()

    def _write(self, text: str) -> None:
        with self._gone_is_told():
            self._terminal.file.write(text)
            self._terminal.file.flush()

    @contextmanager
    def _gone_is_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._terminal.quiet = True
            raise ReaderGoneError from error
