"""How far a long piece of work is: a bar on a terminal, plain lines into a pipe."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")

_EXIT_CODES = {signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGTERM: 143}
"""As a shell has it: 128 and the signal's number."""


class Work(Protocol):
    """Is told what is being done."""

    def begin(self, title: str, total: int | None = None) -> None:
        """Begin a step, of so many bytes if that is known."""

    def advance(self, count: int) -> None:
        """So many bytes more are done."""

    def note(self, text: str) -> None:
        """Say something that is worth knowing."""


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, title: str, total: int | None = None) -> None:
        del total
        print(title, file=self._stream, flush=True)

    def advance(self, count: int) -> None:
        del count

    def note(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def begin(self, title: str, total: int | None = None) -> None:
        self._progress.reset(self._task, description=title, total=total)

    def advance(self, count: int) -> None:
        self._progress.advance(self._task, count)

    def note(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Work]:
    """Lend something that shows how far the work is; the bar is gone when it ends."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield _Lines(stream)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        yield _Bar(progress)


def run_interruptibly(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """
    Run a piece of work and return its result; Ctrl-C, SIGTERM and SIGHUP end it in order.

    Then the process ends with the exit code that a shell expects after such a signal.
    """
    received: list[signal.Signals] = []

    async def work() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def end(number: signal.Signals) -> None:
            received.append(number)
            if task is not None:
                task.cancel()

        for number in _EXIT_CODES:
            loop.add_signal_handler(number, end, number)
        return await make()

    try:
        return asyncio.run(work())
    except asyncio.CancelledError:
        if not received:
            raise
        sys.exit(_EXIT_CODES[received[0]])
