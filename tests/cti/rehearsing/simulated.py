"""A day at queues as a simulation makes it, and as a journal has it, for these tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import AcdFact
from acd.policy import Policy
from config.scenario import Scenario
from cti.instants import Duration, Time, from_datetime
from cti.simulation import run
from cti.simulation.staff import staff
from storage.journal import Journal
from storage.journal_file import RecordKind
from storage.records import TimersAdvanced, journal_codec

MIDNIGHT = from_datetime(datetime(2026, 3, 2, tzinfo=UTC))
SCENARIO: dict[str, Any] = {
    "seed": 5,
    "duration": "10h",
    "ring": "4s",
    "arrivals": [
        {
            "queue": "sales",
            "per_hour": 50,
            "handle_time": {"mean": "3m", "distribution": "lognormal", "cv": 1.2},
            "patience": {"mean": "2m"},
        },
        {
            "queue": "support",
            "per_hour": 30,
            "handle_time": {"mean": "4m"},
            "patience": {"mean": "5m"},
        },
    ],
    "agents": [
        {"count": 2, "queues": ["sales", "support"]},
        {"count": 1, "queues": ["sales"], "shift": {"from": "2h", "to": "7h"}},
        {"count": 2, "queues": ["support"]},
    ],
}

Records = list[tuple[Time, RecordKind, object]]


def day(monkeypatch: pytest.MonkeyPatch, policy: Policy) -> Records:
    """Return a day's records under a policy."""
    records: Records = []

    class Written(Distributor):
        """A core that lives by the calendar and writes down what it is told and decides."""

        def handle(self, fact: AcdFact, now: Time) -> list[AcdCommand]:
            at = Time(MIDNIGHT + now)
            records.append((at, "fact", fact))
            return self._decided(at, super().handle(fact, at))

        def advance(self, now: Time) -> list[AcdCommand]:
            at = Time(MIDNIGHT + now)
            records.append((at, "timer", TimersAdvanced(to=at)))
            return self._decided(at, super().advance(at))

        def next_deadline(self) -> Time | None:
            due = super().next_deadline()
            return None if due is None else Time(due - MIDNIGHT)

        def _decided(self, at: Time, commands: list[AcdCommand]) -> list[AcdCommand]:
            records.extend((at, "command", command) for command in commands)
            return commands

    monkeypatch.setattr(run, "Distributor", Written)
    scenario = Scenario.model_validate(SCENARIO)
    run.Simulation(scenario, staff(scenario, policy)).run(lambda _now, _calls: None)
    return records


def journalled(records: Records, file: Path) -> Path:
    """Write a day into a journal."""
    journal = Journal.open(file, journal_codec())
    for at in range(0, len(records), 500):
        journal.append(records[at : at + 500])
    journal.close()
    return file


def after(hours: float) -> Time:
    """Return an instant of that day."""
    return Time(MIDNIGHT + Duration(round(hours * 3_600_000_000)))
