"""`cordboard simulate --journal`: which calls fare otherwise, and what is said where it cannot."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.load import load_policy
from cti.commands import main
from cti.instants import as_datetime
from tests.cti.rehearsing.simulated import Records, day, journalled
from tests.cti.simulation.test_simulate import EXAMPLES

DAY = "2026-03-02"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["simulate", *arguments], catch_exceptions=False)

    assert "Traceback" not in result.output
    return result


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Records:
    return day(monkeypatch, load_policy(EXAMPLES, os.environ))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine live by UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def site(tmp_path: Path, records: Records, utc: None) -> Path:
    """Return a configuration with its journal."""
    folder = tmp_path / "site"
    shutil.copytree(EXAMPLES, folder)
    (folder / "var" / "lib").mkdir(parents=True)
    journalled(records, folder / "var" / "lib" / "journal.sqlite")
    return folder


def journal_of(site: Path) -> str:
    return str(site / "var" / "lib" / "journal.sqlite")


def edited(site: Path, old: str, new: str) -> None:
    file = site / "queues.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_an_unchanged_configuration_changes_no_fate_by_day_and_by_file(site: Path) -> None:
    for named in (DAY, journal_of(site)):
        done = run("--journal", named, "--config", str(site), "--bound", "0", "--json")
        told = json.loads(done.stdout)

        assert (done.exit_code, told["changed"]["fates"], told["changes"]) == (0, 0, [])
        assert told["recorded"]["arrivals"] > 500
        assert told["recorded"] == told["rehearsed"]


def test_without_a_configuration_the_rules_of_the_journal_stay(site: Path) -> None:
    done = run("--journal", journal_of(site))

    assert done.exit_code == 0
    assert "No call fares otherwise." in done.stdout
    assert "The rules are those of the journal: no configuration was given." in done.stdout


def test_a_part_is_rehearsed_from_the_state_in_which_it_began(site: Path) -> None:
    part = ("--from", f"{DAY}T03:00Z", "--to", f"{DAY}T06:00Z")
    told = json.loads(run("--journal", journal_of(site), *part, "--json").stdout)

    assert told["from"] == f"{DAY}T03:00:00Z"
    assert told["to"] == f"{DAY}T06:00:00Z"
    assert told["changed"]["fates"] == 0
    assert 150 < told["recorded"]["arrivals"] < 400


def test_the_calls_that_fare_otherwise_are_listed_with_what_was_assumed(site: Path) -> None:
    edited(site, "wrap_up: 10s   ", "wrap_up: 90s   ")
    told = json.loads(run("--journal", DAY, "--config", str(site), "--json").stdout)
    counts = told["changed"]

    assert counts["fates"] == len(told["changes"]) == sum(counts.values()) - counts["fates"] > 50
    assert counts["not_answered_instead"] > counts["answered_instead"] > 0
    assert told["rehearsed"]["answered"] < told["recorded"]["answered"]
    assert told["policy_version"]["recorded"] != told["policy_version"]["rehearsed"]
    assert any("Kaplan and Meier, seed 1" in sentence for sentence in told["assumptions"])
    for change in told["changes"]:
        assert re.fullmatch(DAY + r"T\d\d:\d\d:\d\d(\.\d+)?Z", change["came"])
        assert change["recorded"] != change["rehearsed"]
    first = run("--journal", DAY, "--config", str(site)).stdout
    assert f"{counts['fates']} fates change:" in first
    assert f"{counts['fates'] - 50} more are listed by --json." in first


def test_the_same_seed_draws_the_same_and_another_one_otherwise(site: Path) -> None:
    edited(site, "wrap_up: 10s   ", "wrap_up: 90s   ")
    asked = ("--journal", DAY, "--config", str(site), "--json", "--seed")
    one, same, other = (json.loads(run(*asked, seed).stdout) for seed in ("1", "1", "2"))

    assert one["changes"] == same["changes"]
    assert one["changes"] != other["changes"]


def test_a_wider_bound_lists_fewer_waits(site: Path) -> None:
    edited(site, "wrap_up: 10s   ", "wrap_up: 20s   ")
    asked = ("--journal", DAY, "--config", str(site), "--json", "--bound")
    narrow, wide = (json.loads(run(*asked, bound).stdout)["changed"] for bound in ("0.5", "60"))

    assert narrow["longer_wait"] > wide["longer_wait"]
    assert narrow["another_agent"] == wide["another_agent"]


def test_who_worked_then_and_is_gone_now_is_named(site: Path) -> None:
    agents = site / "agents.yaml"
    agents.write_text(agents.read_text().replace("\n  ben:\n", "\n  bea:\n"))
    told = json.loads(run("--journal", DAY, "--config", str(site), "--json").stdout)

    assert any("takes no calls: ben." in sentence for sentence in told["assumptions"])
    assert any("bea" in sentence for sentence in told["assumptions"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name a scenario by --scenario, or recorded traffic by --journal"),
        (("--journal", DAY, "--scenario", "x"), 2, "name a scenario by --scenario, or"),
        (("--journal", DAY, "--bound", "nan"), 2, "must be a number of seconds"),
        (("--scenario", "x", "--seed", "1"), 2, "--from, --to, --bound and --seed belong to"),
        (("--journal", DAY), 2, f"whose day {DAY}? Name the configuration by --config DIR"),
        (("--journal", "2026-02-30"), 2, "whose day 2026-02-30?"),
        (("--journal", "2026-02-30", "--config", "{site}"), 2, "there is no day 2026-02-30"),
        (("--journal", "9999-12-31", "--config", "{site}"), 2, "there is no day 9999-12-31"),
        (("--journal", DAY, "--config", "{site}", "--from", f"{DAY}T01:00Z"), 2, "not to a day"),
        (("--journal", "2026-03-01", "--config", "{site}"), 1, "holds nothing of that time"),
        (("--journal", "2026-03-03", "--config", "{site}"), 1, "holds nothing of that time"),
        (("--journal", ""), 2, "the path is empty"),
        (("--journal", "{site}/none.sqlite"), 1, "is not there"),
        (("--journal", "{site}/queues.yaml"), 1, "queues.yaml"),
        (("--journal", "{journal}", "--from", f"{DAY}T10:30Z"), 1, "holds nothing of that time"),
        (("--journal", "{journal}", "--to", f"{DAY}T00:00:00.5Z"), 1, "no call came into a queue"),
        (("--journal", DAY, "--config", "{site}", "--bound", "-1"), 2, "--bound"),
    ],
)
def test_what_cannot_be_rehearsed_is_said(
    arguments: tuple[str, ...], code: int, said: str, site: Path
) -> None:
    names = {"{site}": str(site), "{journal}": journal_of(site)}
    for mark, value in names.items():
        arguments = tuple(argument.replace(mark, value) for argument in arguments)
    done = run(*arguments)

    assert code == done.exit_code
    assert said in done.stderr
    assert done.stdout == ""


def test_a_configuration_without_a_queue_into_which_calls_came_is_refused(site: Path) -> None:
    edited(site, "\n  support:\n", "\n  service:\n")
    edited(site, "to: support", "to: service")
    agents = site / "agents.yaml"
    agents.write_text(agents.read_text().replace("support", "service"))
    for other in ("services.yaml", "flows.yaml"):
        file = site / other
        if file.exists():
            file.write_text(file.read_text().replace("support", "service"))
    done = run("--journal", DAY, "--config", str(site))

    assert done.exit_code == 1
    assert re.search(r"lacks queues into which calls came: support \(\d+\)", done.stderr)


def test_a_configuration_with_errors_is_told_with_their_places(site: Path) -> None:
    edited(site, "ring_time: 20s", "ring_time: 20")
    done = run("--journal", DAY, "--config", str(site))

    assert done.exit_code == 1
    assert "queues.yaml:" in done.stderr
    assert "the configuration cannot be rehearsed; put right what stands above" in done.stderr


def test_a_journal_of_which_this_version_decides_otherwise_is_refused(site: Path) -> None:
    with sqlite3.connect(journal_of(site)) as journal:
        journal.execute(
            "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), '\"ann\"', '\"ben\"') AS"
            " BLOB) WHERE position = (SELECT min(position) FROM records WHERE name = 'OfferCall'"
            ' AND instr(body, \'"agent":"ann"\') > 0)'
        )
    journal.close()
    done = run("--journal", journal_of(site))

    assert done.exit_code == 1
    assert "decides otherwise than the one that wrote the journal, at position" in done.stderr


def test_ctrl_c_ends_it_with_130_and_no_traceback(site: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from cti.rehearsing import recorded\n"
        "took = recorded.Recording.take\n"
        "def take(self, position, at, body):\n"
        "    if position > 500:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    took(self, position, at, body)\n"
        "recorded.Recording.take = take\n"
        "from cti.commands import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "simulate", "--journal", journal_of(site)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 128 + signal.SIGINT
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)


def test_a_day_goes_from_midnight_to_midnight_where_the_machine_stands(
    site: Path, records: Records
) -> None:
    script = [sys.executable, "-m", "cti", "simulate", "--config", str(site), "--json"]
    done = subprocess.run(
        [*script, "--journal", DAY],
        env={**os.environ, "TZ": "America/New_York"},
        capture_output=True,
        check=True,
    )
    told = json.loads(done.stdout)

    assert told["from"] == "2026-03-02T05:00:00Z"
    assert told["to"] == as_datetime(records[-1][0]).isoformat().replace("+00:00", "Z")
    assert told["changed"]["fates"] == 0
