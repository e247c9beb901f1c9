"""
Keys that are pressed while the picture is shown: read one by one, and not echoed into it.

Ctrl-C stays the signal that it is. Where there is no keyboard, or the show runs in the background,
nothing is read and the terminal's settings are left alone.
"""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

READ_BYTES_MAX = 64


class Keyboard:
    """Calls what belongs to a key when it is pressed; a context manager, in an event loop."""

    def __init__(self, keys: Mapping[str, Callable[[], None]]) -> None:
        self._keys = keys
        self._before: list[Any] | None = None

    @property
    def there(self) -> bool:
        """Whether keys are read."""
        return self._before is not None

    def __enter__(self) -> Self:
        # Who is in the background and sets the terminal is stopped for it (SIGTTOU).
        with suppress(OSError, ValueError, termios.error):
            self._file = sys.stdin.fileno()
            if os.isatty(self._file) and os.tcgetpgrp(self._file) == os.getpgrp():
                before = termios.tcgetattr(self._file)
                tty.setcbreak(self._file, termios.TCSANOW)
                self._before = before
                asyncio.get_running_loop().add_reader(self._file, self._read)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            asyncio.get_running_loop().remove_reader(self._file)
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._file, termios.TCSANOW, self._before)

    def _read(self) -> None:
        try:
            pressed = os.read(self._file, READ_BYTES_MAX)
        except OSError:
            pressed = b""
        if not pressed:  # the terminal is gone; SIGHUP says so to others
            asyncio.get_running_loop().remove_reader(self._file)
        if pressed.startswith(b"\x1b"):
            return  # an arrow or a function key, whose letters are not meant
        for key in pressed.decode(errors="replace").lower():
            if key in self._keys:
                self._keys[key]()
