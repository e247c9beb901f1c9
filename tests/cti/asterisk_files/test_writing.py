"""Files are put in place whole, only where they changed, and none but ours."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import EXTENSIONS, MANAGER, PHONES, README, SECRET_FILES
from cti.asterisk_files.values import UnfitValueError
from cti.asterisk_files.writing import write_files, write_music
from tests.cti.asterisk_files.plans import PLAN, plan

FILES = asterisk_files(PLAN)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def changed(out: Path, **changes: object) -> list[str]:
    written = write_files(out, asterisk_files(plan(**changes)))
    return [file.name for file in written if file.changed]


def test_the_folder_is_made_and_files_with_secrets_are_for_their_owner_alone(
    tmp_path: Path,
) -> None:
    out = tmp_path / "new" / "folder"
    old = os.umask(0)
    try:
        write_files(out, FILES)
    finally:
        os.umask(old)

    assert {path.name: path.read_text() for path in out.iterdir()} == dict(FILES)
    for name in FILES:
        assert mode_of(out / name) == (0o600 if name in SECRET_FILES else 0o644)
    assert mode_of(out) == 0o755


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    before = {path: path.stat().st_ino for path in tmp_path.iterdir()}

    assert changed(tmp_path) == []
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == before


def test_what_changed_is_replaced_and_said(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)

    assert changed(tmp_path, phones=()) == [PHONES, "cordboard-http.conf", "cordboard-rtp.conf"]
    assert (tmp_path / EXTENSIONS).read_text() == FILES[EXTENSIONS]


def test_a_file_with_secrets_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    (tmp_path / MANAGER).chmod(0o644)

    assert changed(tmp_path) == [MANAGER]
    assert mode_of(tmp_path / MANAGER) == 0o600


@pytest.mark.parametrize("name", [README, EXTENSIONS])
def test_a_file_that_is_not_ours_is_left_alone_and_so_is_all_the_rest(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("# My own notes\n")

    with pytest.raises(UnfitValueError, match="is not one of Cordboard's files: move it away"):
        write_files(tmp_path, FILES)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "# My own notes\n"


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(FILES[MANAGER])
    out = tmp_path / "out"
    out.mkdir()
    (out / MANAGER).symlink_to(elsewhere)
    write_files(out, asterisk_files(plan(trunks=())))

    assert not (out / MANAGER).is_symlink()
    assert elsewhere.read_text() == FILES[MANAGER]


@pytest.mark.parametrize("failing", ["fsync", "fchmod"])
def test_a_failure_leaves_the_old_file_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_files(tmp_path, FILES)
    names = sorted(path.name for path in tmp_path.iterdir())

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        changed(tmp_path, phones=())

    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert (tmp_path / PHONES).read_text() == FILES[PHONES]


def test_files_of_root_belong_to_whom_those_before_them_or_the_folder_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[bool, int, int]] = []

    def give(path: Path, user: int, group: int) -> None:
        given.append((path.is_dir(), user, group))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", give)
    write_files(tmp_path, FILES)
    owner = tmp_path.stat()

    assert given == [(False, owner.st_uid, owner.st_gid)] * len(FILES)


def test_music_is_written_once_and_never_beside_the_administrators_own(tmp_path: Path) -> None:
    first, second = write_music(tmp_path), write_music(tmp_path)
    folder = tmp_path / "cordboard-music"
    (folder / "cordboard.wav").rename(folder / "mine.wav")
    third = write_music(tmp_path)

    assert [first.changed, second.changed, third.changed] == [True, False, False]
    assert [path.name for path in folder.iterdir()] == ["mine.wav"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / PHONES)

    with pytest.raises(UnfitValueError, match="is not one of Cordboard's files"):
        write_files(tmp_path, FILES)

    assert [path.name for path in tmp_path.iterdir()] == [PHONES]
