"""What a killed backup leaves is removed by the next one, and what a living one has is not."""

import signal
from pathlib import Path

import pytest

from cti.backup import rooms as rooms_module
from cti.backup.rooms import room_in, sweep
from tests.cti.backup.conftest import Whole
from tests.cti.backup.machines import Machine, done, program

PREFIX = ".cordboard-backup-"
KILLED = """
import os
import signal
import cti.backup.take as take
async def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
take._add_table = kill
"""


KILLED_AT_VERIFYING = """
import os
import signal
import cti.backup.inspection as inspection
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
inspection._check_journal = kill
"""
DRY = {"restore": ("--dry-run",), "backup": ()}


def rooms(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*"))


def test_what_a_killed_backup_left_is_removed_by_the_next_which_says_so(
    site: Machine, archive: Path
) -> None:
    process = program(site, "backup", "--out", str(archive), first=KILLED)
    process.communicate(timeout=60)
    left = [(room / "archive").exists() for room in rooms(archive.parent)]
    code, said = done(site, "backup", "--out", str(archive))

    assert process.returncode == -signal.SIGKILL
    assert left == [True]
    assert code == 0
    assert "what 1 command that was killed had left there" in said
    assert rooms(archive.parent) == []


@pytest.mark.parametrize("arguments", [("restore", "--from"), ("backup", "--verify")])
def test_what_a_killed_look_into_an_archive_left_is_removed_by_the_next_which_says_so(
    whole: Whole, empty: Machine, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    (archive := tmp_path / "site.tar").write_bytes(whole.archive)
    (temporary := tmp_path / "temporary").mkdir()
    process = program(
        empty,
        *arguments,
        str(archive),
        *DRY[arguments[0]],
        first=KILLED_AT_VERIFYING,
        TMPDIR=str(temporary),
    )
    process.communicate(timeout=60)
    left = [path.name for path in temporary.rglob("journal.sqlite")]
    code, said = done(empty, *arguments, str(archive), *DRY[arguments[0]], TMPDIR=str(temporary))

    assert process.returncode == -signal.SIGKILL
    assert left == ["journal.sqlite"]
    assert "what 1 command that was killed had left there" in said
    assert (code, list(temporary.iterdir())) == (0, [])


def test_a_room_with_a_living_owner_is_left_alone(tmp_path: Path) -> None:
    with room_in(tmp_path, PREFIX) as room:
        (room / "journal").write_bytes(b"on its way")
        swept = sweep(tmp_path, PREFIX)

        assert swept == 0
        assert (room / "journal").read_bytes() == b"on its way"
    assert rooms(tmp_path) == []


def test_a_room_has_its_lock_before_it_can_be_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two commands at a time must not take each other's new room for a killed one's."""
    locked: list[int] = []
    lock = rooms_module._lock

    def swept_meanwhile(room: Path) -> int | None:
        if not locked:
            locked.append(sweep(tmp_path, PREFIX))
        return lock(room)

    monkeypatch.setattr(rooms_module, "_lock", swept_meanwhile)
    with room_in(tmp_path, PREFIX) as room:
        assert (locked, room.name.startswith(PREFIX), sweep(tmp_path, PREFIX)) == ([0], True, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_is_called_like_a_room_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(other)

    assert sweep(tmp_path, PREFIX) == 0
    assert (other / "file").exists()
