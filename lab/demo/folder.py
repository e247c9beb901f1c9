"""
The folder that a show lives in: made for it, gone after it, kept only where something went wrong.

A show that was killed cannot remove its folder; the next one does, by the lock that nobody holds.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from cti.language import _
from lab.demo.errors import DemoError
from storage.embedded_place import find_account, reachable
from storage.errors import EmbeddedPostgresError

PREFIX = "cordboard-demo-"
LOCK = "lock"
KEPT = "kept"
REMOVE_S_MAX = 5.0
"""What a killed Postgres still writes while it ends is removed again for so long."""

_BASE_BYTES_MAX = 48
"""A socket's path has 107 bytes (unix(7)), and ours adds some fifty to this folder's."""
_FALLBACK = Path("/tmp")  # noqa: S108 - what is made there is private and has a name of its own


class ShowFolder:
    """
    A new folder, held by a lock until the context ends, and removed then unless `keep` was called.

    It is made in `base`, or where temporary files go.

    Raises:
        DemoError: it cannot be made, or Postgres has no account to run as.
    """

    def __init__(self, base: Path | None = None) -> None:
        base = base or _base()
        _sweep(base)
        try:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
            # To pass, not to list: the embedded Postgres of root runs as another account.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            said = _("no folder can be made in {folder}: {error}")
            raise DemoError(said.format(folder=base, error=error)) from error
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.kept = False

    def keep(self) -> None:
        """Leave the folder where it is: somebody will want to read the logs."""
        (self.path / KEPT).touch()
        self.kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.kept:
            _remove(self.path)
        os.close(self._lock)


def _base() -> Path:
    """Return where temporary files go, or /tmp where that is too deep or shut for Postgres."""
    try:
        account = find_account()
    except EmbeddedPostgresError as error:
        raise DemoError(str(error)) from error
    usual = Path(tempfile.gettempdir())
    short = len(os.fsencode(usual)) <= _BASE_BYTES_MAX
    return usual if short and reachable(usual, account) else _FALLBACK


def _sweep(base: Path) -> None:
    """Remove the folders of shows that were killed."""
    for folder in base.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid != os.geteuid() or (folder / KEPT).exists():
                continue
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + REMOVE_S_MAX
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(0.05)
