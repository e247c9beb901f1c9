"""An archive comes from outside: what is not exactly ours is refused, and nothing is touched."""

import hashlib
import io
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.archive import MANIFEST
from tests.cti.backup.conftest import Whole
from tests.cti.backup.machines import (
    Machine,
    backed_up,
    journal_files,
    members,
    restored,
    rows_of,
    run,
    written_anew,
)

GZIP = 16 + zlib.MAX_WBITS
JOURNAL = "journal.sqlite.gz"


@pytest.fixture
def archive(tmp_path: Path, whole: Whole) -> Path:
    path = tmp_path / "site.tar"
    path.write_bytes(whole.archive)
    return path


def packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def refused(machine: Machine, archive: Path) -> str:
    """See that an archive is refused in one line and nothing has come of it; return the line."""
    result = run(machine, "restore", "--from", str(archive))
    said = result.output

    assert result.exit_code == 1
    assert "restored to" not in said
    assert journal_files(machine.data) == {}
    assert not (machine.configuration / "cordboard.yaml").exists()
    assert rows_of(machine) == {"sequences": []}
    (line,) = [line for line in said.splitlines() if line.startswith("cordboard: ")]
    return line


def tar_with(archive: Path, *extra: tarfile.TarInfo, content: bytes = b"") -> None:
    """Write the archive anew with members before its own, as another program may write them."""
    old = members(archive)
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for header in extra:
            header.size = len(content) if header.isreg() else 0
            tar.addfile(header, io.BytesIO(content))
        for name, data in old.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))


def kind(name: str, what: bytes, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = what, target
    return header


@pytest.mark.parametrize(
    "extra",
    [
        kind("prompts/a.wav", tarfile.SYMTYPE, "/etc/passwd"),
        kind("prompts/a.wav", tarfile.LNKTYPE, "/etc/passwd"),
        kind("prompts/a.wav", tarfile.FIFOTYPE),
        kind("prompts/a.wav", tarfile.CHRTYPE),
        kind("prompts/a.wav", tarfile.BLKTYPE),
        kind("prompts", tarfile.DIRTYPE),
        kind("prompts/a.wav", tarfile.GNUTYPE_SPARSE),
        kind("prompts/a.wav", tarfile.CONTTYPE),
        kind("/var/canary", tarfile.REGTYPE),
        kind("prompts/../../../canary", tarfile.REGTYPE),
        kind("..", tarfile.REGTYPE),
        kind("prompts//a.wav", tarfile.REGTYPE),
        kind("./prompts/a.wav", tarfile.REGTYPE),
        kind("prompts/a\\..\\b", tarfile.REGTYPE),
        kind("prompts/a\x1b[2Jb", tarfile.REGTYPE),
        kind("prompts/a\nb", tarfile.REGTYPE),
        kind("prompts/" + "a" * 2_000, tarfile.REGTYPE),
        kind("config/stranger.yaml", tarfile.REGTYPE),
    ],
    ids=lambda member: repr(member.name[:40]),
)
def test_a_member_that_is_no_plain_file_in_its_place_is_refused(
    empty: Machine, archive: Path, extra: tarfile.TarInfo
) -> None:
    tar_with(archive, extra, content=b"x")

    assert "was not restored: " in refused(empty, archive)


def test_a_name_that_is_long_is_no_reason_to_refuse(
    site: Machine, empty: Machine, archive: Path
) -> None:
    prompt = f"{'陈' * 30}/{'ü' * 60}.wav"
    path = site.configuration / "prompts" / prompt
    path.parent.mkdir()
    path.write_bytes(b"sound")
    backed_up(site, archive, "--force")
    restored(empty, archive)

    assert (empty.configuration / "prompts" / prompt).read_bytes() == b"sound"


@pytest.mark.parametrize("part", [0, 100, 1_000, 0.3, 0.6, 0.9, -600, -1_024, -1_030, -5_000])
def test_an_archive_that_was_cut_off_is_refused(empty: Machine, archive: Path, part: float) -> None:
    whole = archive.read_bytes()
    end = int(part) if part == int(part) else int(len(whole) * part)
    archive.write_bytes(whole[:end])

    assert "was not restored: " in refused(empty, archive)


def test_a_changed_byte_anywhere_is_found(empty: Machine, archive: Path) -> None:
    """In each member's content and header: only what tar does not read may differ."""
    whole = archive.read_bytes()
    with tarfile.open(archive) as tar:
        places = [member.offset_data + member.size // 2 for member in tar.getmembers()]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 0x20
        archive.write_bytes(changed)
        result = run(empty, "restore", "--from", str(archive), "--dry-run")

        assert (result.exit_code, "was not restored" in result.stderr) == (1, True), place


def changed_manifest(archive: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = orjson.loads(members(archive)[MANIFEST])
    change(manifest)
    written_anew(archive, {}, **manifest)


def set_schema(manifest: dict[str, Any]) -> None:
    manifest["database"]["schema"] = 99


def set_journal_format(manifest: dict[str, Any]) -> None:
    manifest["journal"]["format"] = 99


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(format=2),
        lambda manifest: manifest.update(program="99.1.0"),
        lambda manifest: manifest["kinds"].append("recordings"),
        set_schema,
        set_journal_format,
    ],
    ids=["format", "program", "kind", "schema", "journal"],
)
def test_an_archive_of_a_newer_program_is_refused_with_what_to_do(
    empty: Machine, archive: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    changed_manifest(archive, change)
    line = refused(empty, archive)

    assert "it was made by " in line
    assert "restore it with that version" in line


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(members=[]),
        lambda manifest: manifest.update(format="one"),
        lambda manifest: manifest.update(surprise=1),
        lambda manifest: manifest.update(database=None),
        lambda manifest: manifest.update(members=manifest["members"] * 2),
        lambda manifest: manifest["members"][0].update(size=-1),
        lambda manifest: manifest["members"][0].update(kind="secrets"),
        lambda manifest: manifest["members"][-1].update(rows=7),
        lambda manifest: manifest["database"]["tables"].pop(),
        lambda manifest: manifest["database"]["tables"][0].update(member="config/queues.yaml"),
        lambda manifest: manifest["journal"].update(last_position=1),
        lambda manifest: manifest["journal"].update(member="prompts/welcome.wav"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    empty: Machine, archive: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    changed_manifest(archive, change)

    assert "was not restored: " in refused(empty, archive)


def of_nothing(manifest: dict[str, Any]) -> None:
    manifest["database"]["sequences"][0]["table"] = "nothing"


def twice(manifest: dict[str, Any]) -> None:
    manifest["database"]["sequences"] += manifest["database"]["sequences"][:1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda manifest: manifest.update(core="9.9.9"), "the core that it was made with is 9.9.9"),
        (lambda manifest: manifest.update(format=0), "its manifest has format 0, and there is "),
        (of_nothing, "its manifest tells of a sequence for 'nothing."),
        (twice, " twice"),
    ],
    ids=["core", "format", "sequence", "twice"],
)
def test_a_manifest_that_is_odd_is_refused_with_its_own_sentence(
    empty: Machine, archive: Path, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    changed_manifest(archive, change)

    assert reason in refused(empty, archive)


@pytest.mark.parametrize("zeros", [0, 512, 3 * 2**20])
def test_what_stands_behind_the_end_is_refused_however_far_behind(
    empty: Machine, archive: Path, zeros: int
) -> None:
    with archive.open("ab") as file:
        file.write(bytes(zeros) + b"junk")

    assert "something stands behind its end" in refused(empty, archive)


def replaced(archive: Path, name: str, content: bytes, unpacked: int) -> None:
    """Put another member in the place of one, with a manifest that says so."""
    manifest = orjson.loads(members(archive)[MANIFEST])
    for member in manifest["members"]:
        if member["name"] == name:
            digest = hashlib.sha256(content).hexdigest()
            member.update(size=len(content), sha256=digest, unpacked=unpacked)
    written_anew(archive, {name: content}, **manifest)


def test_a_bomb_is_not_unpacked_further_than_was_promised(empty: Machine, archive: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(300)) + packer.flush()
    replaced(archive, JOURNAL, bomb, unpacked=40_960)

    assert "unpacks to more than it should" in refused(empty, archive)


def test_a_journal_that_would_fill_the_disk_is_refused_before_it_is_unpacked(
    empty: Machine, archive: Path
) -> None:
    replaced(archive, JOURNAL, members(archive)[JOURNAL], unpacked=2**60)

    assert f"its journal needs {2**60} bytes" in refused(empty, archive)


def journal_with(archive: Path, room: Path, statement: str) -> None:
    """Change the journal in an archive by a statement, and let the manifest agree."""
    file = room / "changed"
    file.write_bytes(zlib.decompress(members(archive)[JOURNAL], GZIP))
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(statement)
    data = file.read_bytes()
    replaced(archive, JOURNAL, packed(data), unpacked=len(data))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM meta; END", "not a journal"),
        ("CREATE VIEW v AS SELECT 1", "not a journal"),
        ("PRAGMA application_id = 1", "not a journal"),
        ("DROP TABLE records", "no such table"),
        ("DELETE FROM meta", "no id"),
        ("DELETE FROM records WHERE position = 7", "lacks records"),
        ("UPDATE versions SET core = '99.0'", "written by Cordboard 99.0"),
    ],
)
def test_a_journal_that_is_none_of_ours_is_refused(
    empty: Machine, archive: Path, statement: str, reason: str
) -> None:
    journal_with(archive, archive.parent, statement)

    assert reason in refused(empty, archive)


@pytest.mark.parametrize(
    "rows",
    [
        b"1\tCarla\n2\tCarl\n",
        b"x\tCarla\t\t\t\t2026-01-01\n2\tCarl\t\t\t\t2026-01-01\n",
        b"1\tCarla\t\t\t\t2026-01-01\n1\tCarl\t\t\t\t2026-01-01\n",
        b"1\t\\x00\t\t\t\t2026-01-01\n2\tCarl\t\t\t\t2026-01-01\n",
        b"1\tCarla\t\t\t\t2026-01-01\n\\.\n",
        b"\xff\xff\n\xff\n",
    ],
)
def test_rows_that_do_not_fit_leave_the_database_as_it_was(
    empty: Machine, archive: Path, rows: bytes
) -> None:
    replaced(archive, "database/customers.copy.gz", packed(rows), unpacked=len(rows))

    assert "was not restored: " in refused(empty, archive)


def test_a_table_under_another_name_is_missed_and_its_name_is_not_run(
    empty: Machine, archive: Path
) -> None:
    manifest = orjson.loads(members(archive)[MANIFEST])
    table = next(table for table in manifest["database"]["tables"] if table["name"] == "calls")
    table["name"] = 'calls"; DROP TABLE customers; --'
    written_anew(archive, {}, **manifest)

    assert "it lacks the tables calls" in refused(empty, archive)


@pytest.mark.parametrize("place", ["pipe", "folder", "none", "link"])
def test_what_is_no_file_is_an_error_of_one_line(
    empty: Machine, tmp_path: Path, place: str
) -> None:
    path = tmp_path / place
    if place == "pipe":
        os.mkfifo(path)
    elif place == "folder":
        path.mkdir()
    elif place == "link":
        path.symlink_to(path)

    assert f"{path} was not restored: " in refused(empty, path)
