"""`cordboard replay`: the same commands, or the first difference with its cause."""

import shutil
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.commands import main
from tests.config.folders import Folder
from tests.cti.explaining.life import Life, lived

OWN = version("cordboard")
ZULU = "2023-11-14T22:13:{}Z"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["replay", *arguments], catch_exceptions=False)

    assert "Traceback" not in result.output
    return result


def changed(path: Path, query: str, *arguments: object) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(query, arguments)
    connection.close()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = lived(tmp_path, version=OWN)
    yield life
    life.journal.close()


def offer_record(life: Life) -> int:
    return next(
        record.position
        for record in life.journal.read()
        if type(record.body).__name__ == "OfferCall"
    )


def test_a_journal_that_a_daemon_has_open_comes_out_the_same(life: Life) -> None:
    replayed = run(str(life.path))

    assert (replayed.exit_code, replayed.stderr) == (0, "")
    assert "Every command is the same, byte for byte." in replayed.stdout
    assert "1 snapshot on the way was compared too." in replayed.stdout


def test_it_begins_with_the_last_snapshot_before_a_time_and_ends_at_another(life: Life) -> None:
    replayed = run(str(life.path), "--from", ZULU.format(46), "--to", ZULU.format(50))

    assert replayed.exit_code == 0
    assert "Replayed positions 22 to 33: 5 facts, 0 timer advances, 7 commands." in replayed.stdout


def test_one_byte_that_differs_is_shown_with_the_fact_that_led_to_it(life: Life) -> None:
    position = offer_record(life)
    changed(
        life.path,
        "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), 'PJSIP/ann', 'PJSIP/anx')"
        " AS BLOB) WHERE position = ?",
        position,
    )
    replayed = run(str(life.path))

    assert replayed.exit_code == 1
    assert "1 difference. It is this:" in replayed.stdout
    assert f"  at position  {position}, " in replayed.stdout
    assert f"  caused by    position {position - 2}: CallQueued" in replayed.stdout
    assert "  differs in   device.name\n" in replayed.stdout
    (ours,) = [line for line in replayed.stdout.splitlines() if line.startswith("  this core")]
    (theirs,) = [line for line in replayed.stdout.splitlines() if line.startswith("  the journal")]
    assert ("PJSIP/ann" in ours, "PJSIP/anx" in theirs) == (True, True)


def test_a_command_that_nothing_led_to_and_one_that_lacks_are_shown(life: Life) -> None:
    position = offer_record(life)
    changed(
        life.path,
        "UPDATE records SET kind = 'fact', name = 'CallerLeft', body = ? WHERE position = ?",
        b'{"call":"c9"}',
        position,
    )
    replayed = run(str(life.path))

    assert replayed.exit_code == 1
    assert "  the journal  nothing" in replayed.stdout


def test_a_state_that_is_not_the_snapshots_is_a_difference(life: Life) -> None:
    changed(
        life.path,
        "UPDATE snapshots SET data ="
        " CAST(replace(CAST(data AS TEXT), '\"misses\":0', '\"misses\":1') AS BLOB)",
    )
    replayed = run(str(life.path))

    assert replayed.exit_code == 1
    assert "is not that of the snapshot" in replayed.stdout


def test_another_versions_differences_are_reported_and_are_no_failure(tmp_path: Path) -> None:
    life = lived(tmp_path, version="99.0")
    position = offer_record(life)
    life.journal.close()
    changed(life.path, "DELETE FROM snapshots")
    changed(
        life.path,
        "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), 'longest_idle', 'oldest')"
        " AS BLOB) WHERE position = ?",
        position,
    )
    replayed = run(str(life.path))

    assert replayed.exit_code == 0
    assert f"45 of these records were written by Cordboard 99.0; this is {OWN}." in replayed.stdout
    assert "1 difference. It is this:" in replayed.stdout


def test_a_fact_of_another_version_that_is_unknown_ends_the_replay_and_is_no_failure(
    tmp_path: Path,
) -> None:
    life = lived(tmp_path, version="99.0")
    life.journal.close()
    changed(life.path, "UPDATE records SET name = 'CallSung' WHERE name = 'CallerLeft'")
    replayed = run(str(life.path))

    assert replayed.exit_code == 0
    assert "CallSung" in replayed.stdout
    assert "It ends there, as this version cannot go on" in replayed.stdout
    assert "Up to there, every command is the same, byte for byte." in replayed.stdout


def test_where_nothing_is_left_to_compare_nothing_is_said_to_be_the_same(life: Life) -> None:
    life.keep_state()
    life.journal.prune(45)
    replayed = run(str(life.path))

    assert (replayed.exit_code, replayed.stdout) == (1, "")
    assert "nothing was compared: no fact stands between" in replayed.stderr


def test_a_record_that_a_hand_has_written_as_text_is_compared_as_any(life: Life) -> None:
    life.journal.close()
    changed(
        life.path,
        "UPDATE records SET body = json_set(CAST(body AS TEXT), '$.agent', 'emil') WHERE position ="
        " (SELECT min(position) FROM records WHERE name = 'OfferCall')",
    )
    replayed = run(str(life.path))

    assert replayed.exit_code == 1
    assert "differs in   agent" in replayed.stdout


def test_a_journal_whose_beginning_is_pruned_begins_with_its_first_snapshot(life: Life) -> None:
    life.journal.prune(15)
    replayed = run(str(life.path))

    assert replayed.exit_code == 0
    assert "Replayed positions 22 to 45" in replayed.stdout


def test_what_was_pruned_and_what_is_not_there_yet_is_said(life: Life) -> None:
    life.journal.prune(15)
    pruned = run(str(life.path), "--from", ZULU.format(24))
    later = run(str(life.path), "--from", "2023-12-01")

    assert (pruned.exit_code, later.exit_code) == (1, 1)
    assert "its earlier records were pruned" in pruned.stderr
    assert "the journal holds nothing of that time" in later.stderr


def test_files_that_are_no_journals_are_refused_in_a_sentence(life: Life, tmp_path: Path) -> None:
    packed, other, none = (tmp_path / name for name in ("packed.gz", "other", "none"))
    packed.write_bytes(b"\x1f\x8b" + b"x" * 100)
    other.write_bytes(b"something else entirely" * 100)
    cut = tmp_path / "cut" / "journal.sqlite"
    cut.parent.mkdir()
    life.journal.close()
    shutil.copy(life.path, cut)
    cut.write_bytes(cut.read_bytes()[:20_000])
    results = [run(str(path)) for path in (packed, other, none, cut, tmp_path)]

    assert [result.exit_code for result in results] == [1] * 5
    assert [result.stderr.count("\n") for result in results] == [1] * 5
    assert "gunzip" in results[0].stderr
    assert "is damaged" in results[1].stderr
    assert "is not there" in results[2].stderr


def test_the_journal_of_a_configuration_is_found_without_its_secrets(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    data = folder.path / "var" / "lib"
    data.mkdir(parents=True, mode=0o700)
    lived(data, version=OWN).journal.close()
    replayed = run("--config", str(folder.path))
    broken = run("--config", str(tmp_path))

    assert (replayed.exit_code, broken.exit_code) == (0, 1)
    assert "cordboard.yaml" in broken.stderr


def test_times_that_are_none_and_no_journal_at_all_are_wrong_usage(life: Life) -> None:
    assert run(str(life.path), "--from", "noon").exit_code == 2
    assert run(str(life.path), "--from", "14:05", "--to", "2020-01-01").exit_code == 2
    assert run().exit_code == 2
