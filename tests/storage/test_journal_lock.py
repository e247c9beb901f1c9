"""The lock beside the journal is the one of its name, whoever removes it."""

import fcntl
import os
from pathlib import Path

import pytest

from storage.journal_file import lock


def test_who_gets_a_lock_that_was_just_removed_takes_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore that was refused removes its own; two daemons must not each hold one."""
    path = tmp_path / "journal.sqlite"
    name = tmp_path / "journal.sqlite.lock"
    taken: list[int] = []
    take = fcntl.flock

    def removed_meanwhile(descriptor: int, operation: int) -> None:
        if not taken:
            name.unlink()
        taken.append(descriptor)
        take(descriptor, operation)

    monkeypatch.setattr("storage.journal_file.fcntl.flock", removed_meanwhile)
    held = lock(path)

    assert len(taken) == 2
    assert os.path.samestat(os.fstat(held), name.stat())
    assert name.read_text() == f"{os.getpid()}\n"
    os.close(held)
