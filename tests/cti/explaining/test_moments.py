"""Times as people type them."""

import os
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from cti.explaining.moments import NoMomentError, as_clock, as_iso, as_length, as_typed, moment
from cti.instants import Time, seconds


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
    assert os.environ.get("TZ") != "Europe/Berlin"


def now() -> datetime:
    return datetime.fromisoformat("2026-11-23T14:30:00+01:00")


def test_a_moment_beyond_the_calendars_years_is_told_in_microseconds() -> None:
    assert as_iso(Time(-(2**62))) == str(-(2**62))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("14:05", "2026-11-23T13:05:00Z"),
        (" 9:05 ", "2026-11-23T08:05:00Z"),
        ("14:05:30", "2026-11-23T13:05:30Z"),
        ("14:05:30.25", "2026-11-23T13:05:30.250000Z"),
        ("15:00", "2026-11-22T14:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("2026-07-01 14:05", "2026-07-01T12:05:00Z"),
        ("2026-07-01T14:05:30Z", "2026-07-01T14:05:30Z"),
        ("2026-07-01T14:05:30+08:00", "2026-07-01T06:05:30Z"),
    ],
)
def test_what_is_typed_is_understood(typed: str, meant: str) -> None:
    assert meant == as_iso(moment(typed, now()))


@pytest.mark.parametrize(
    "typed",
    ["", "noon", "25:05", "14:5", "14.05", "2026-13-01", "2026-11-23 25:00", "0001-01-01", "٠٩:٠٥"],
)
def test_what_is_no_time_is_refused_with_what_would_be(typed: str) -> None:
    with pytest.raises(NoMomentError, match="is no time: write 14:05"):
        moment(typed, now())


def test_what_is_still_to_come_is_refused() -> None:
    with pytest.raises(NoMomentError, match="is still to come"):
        moment("2026-11-23 14:31", now())


def test_an_hour_that_is_not_there_or_twice_is_refused() -> None:
    with pytest.raises(NoMomentError, match="put forward"):
        moment("2026-03-29 02:30", now())
    with pytest.raises(NoMomentError, match=r"02:30:00\+02:00 or .*02:30:00\+01:00"):
        moment("2026-10-25 02:30", now())


def test_moments_are_shown_in_local_time() -> None:
    shown = Time(seconds(1_700_000_000.25))

    assert as_typed(shown) == "2023-11-14 23:13:20"
    assert as_clock(shown) == "23:13:20.250"


@pytest.mark.parametrize(
    ("length_s", "said"),
    [(-1, "0.0 s"), (0.44, "0.4 s"), (31.2, "31 s"), (61, "1 min 1 s"), (7_260, "2 h 1 min")],
)
def test_lengths_are_said_as_people_do(length_s: float, said: str) -> None:
    assert said == as_length(seconds(length_s))
