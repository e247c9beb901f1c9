"""When something is open: the week, holidays, special days, and clocks that are put on and back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.opening import Fault, OpeningTimes, find_fault
from cti.instants import Time, as_datetime, from_datetime

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> Time:
    """Return the instant at which a clock of this zone shows this time."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))


def told(times: OpeningTimes, now: Time) -> tuple[bool, str]:
    """Return whether it is open, and until when, in UTC."""
    phase = times.phase(now)
    return phase.is_open, as_datetime(phase.until).strftime("%Y-%m-%d %H:%M")


def berlin(text: str, **special_days: str) -> OpeningTimes:
    days = {day.removeprefix("d").replace("_", "-"): hours for day, hours in special_days.items()}
    return OpeningTimes(text, zone=BERLIN, country="DE", special_days=days)


def test_a_week_opens_and_closes_by_its_zones_clock() -> None:
    office = berlin("Mo-Fr 09:00-17:30")

    assert told(office, at("2026-11-23 08:59")) == (False, "2026-11-23 08:00")
    assert told(office, at("2026-11-23 09:00")) == (True, "2026-11-23 16:30")
    assert told(office, at("2026-11-23 17:30")) == (False, "2026-11-24 08:00")
    assert told(office, at("2026-11-27 18:00")) == (False, "2026-11-30 08:00")


def test_a_night_that_began_yesterday_is_open_until_its_morning() -> None:
    assert told(berlin("Fr 22:00-06:00"), at("2026-11-28 03:00")) == (True, "2026-11-28 05:00")


def test_two_openings_that_touch_are_one() -> None:
    always = berlin('Mo-Su 00:00-12:00 "early", 12:00-24:00 "late"; Su 10:00-11:00')

    assert told(always, at("2026-11-23 08:00")) == (True, "2026-11-28 23:00")


def test_public_holidays_are_those_of_the_country() -> None:
    text = "Mo-Fr 09:00-17:00; PH off"
    german = OpeningTimes(text, zone=BERLIN, country="DE")
    american = OpeningTimes(text, zone=BERLIN, country="US")

    assert german.phase(at("2026-07-03 10:00")).is_open
    assert not american.phase(at("2026-07-03 10:00")).is_open
    assert not german.phase(at("2027-05-06 10:00")).is_open
    assert american.phase(at("2027-05-06 10:00")).is_open


def test_a_special_day_stands_above_the_week_and_above_holidays() -> None:
    office = berlin(
        "Mo-Fr 09:00-17:00; PH off", d2026_12_24="09:00-12:00", d2026_12_25="10:00-11:00"
    )

    assert told(office, at("2026-12-24 08:00")) == (False, "2026-12-24 08:00")
    assert told(office, at("2026-12-24 11:00")) == (True, "2026-12-24 11:00")
    assert told(office, at("2026-12-24 13:00")) == (False, "2026-12-25 09:00")


def test_a_special_day_that_is_closed_is_closed_from_midnight_to_midnight() -> None:
    night = berlin("Mo-Su 22:00-06:00", d2026_11_24="closed")

    assert told(night, at("2026-11-23 23:00")) == (True, "2026-11-23 23:00")
    assert told(night, at("2026-11-24 00:00")) == (False, "2026-11-24 23:00")


def test_what_never_changes_is_looked_at_again() -> None:
    phase = berlin("24/7").phase(at("2026-11-23 08:00"))

    assert (phase.is_open, phase.changes) == (True, False)
    assert as_datetime(phase.until) == datetime(2027, 1, 22, 7, tzinfo=UTC)


class TestWhenClocksAreChanged:
    """In Berlin, 2026-03-29 has no 02:00 to 03:00 and 2026-10-25 has that hour twice."""

    def test_an_opening_within_the_hour_that_is_left_out_begins_after_it(self) -> None:
        early = berlin("Mo-Su 02:30-05:00")

        assert told(early, at("2026-03-29 01:00")) == (False, "2026-03-29 01:00")
        assert told(early, at("2026-03-29 03:00")) == (True, "2026-03-29 03:00")

    def test_a_closing_within_the_hour_that_is_left_out_is_at_its_end(self) -> None:
        late = berlin("Mo-Su 00:00-02:30")

        assert told(late, at("2026-03-29 01:30")) == (True, "2026-03-29 01:00")
        assert told(late, at("2026-03-29 03:00")) == (False, "2026-03-29 22:00")

    def test_an_opening_within_the_hour_that_comes_twice_is_at_the_first(self) -> None:
        early = berlin("Mo-Su 02:30-05:00")

        assert told(early, at("2026-10-25 01:00")) == (False, "2026-10-25 00:30")
        assert told(early, Time(at("2026-10-25 01:00") + 5_400_000_000)) == (
            True,
            "2026-10-25 04:00",
        )

    def test_a_closing_within_the_hour_that_comes_twice_is_at_the_second(self) -> None:
        late = berlin("Mo-Su 00:00-02:30")
        first_quarter_to = from_datetime(datetime(2026, 10, 25, 0, 45, tzinfo=UTC))

        assert told(late, first_quarter_to) == (True, "2026-10-25 01:30")
        assert told(late, at("2026-10-25 03:00")) == (False, "2026-10-25 23:00")

    def test_a_day_of_work_has_its_hours_by_the_clock_before_and_after(self) -> None:
        office = berlin("Mo-Su 09:00-17:00")

        assert told(office, at("2026-03-28 12:00")) == (True, "2026-03-28 16:00")
        assert told(office, at("2026-03-29 12:00")) == (True, "2026-03-29 15:00")

    def test_a_day_that_a_place_leaves_out_is_no_day(self) -> None:
        samoa = OpeningTimes("Mo-Fr 09:00-17:00", zone=ZoneInfo("Pacific/Apia"))

        # On 29 December 2011, a Thursday, Samoa went to bed and woke on Saturday.
        assert told(samoa, at("2011-12-29 18:00", ZoneInfo("Pacific/Apia"))) == (
            False,
            "2012-01-01 19:00",
        )


def test_equals_say_the_same_in_the_same_place() -> None:
    one = berlin("Mo-Fr 09:00-17:00; PH off", d2026_12_24="closed")

    assert one == berlin("Mo-Fr 09:00-17:00; PH off", d2026_12_24="closed")
    assert hash(one) == hash(berlin("Mo-Fr 09:00-17:00; PH off", d2026_12_24="closed"))
    assert one != berlin("Mo-Fr 09:00-17:00; PH off")
    assert one != OpeningTimes("Mo-Fr 09:00-17:00", zone=ZoneInfo("Asia/Shanghai"), country="DE")
    assert "2026 Dec 24 closed" in one.text
    assert one.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "at_character", "kind"),
    [
        ("", 0, "grammar"),
        ("Mo-Fr 9-17", 6, "grammar"),
        ("Mo-Fr 09:00-17:00; PX off", 19, "grammar"),
        ("Mo-Fr 09:00-17:00 \x00", 18, "grammar"),
        ("Mo-Fr \ud83d", 6, "grammar"),
        ("sunrise-18:00", 0, "sun"),
        ("Mo 09:00-17:00 unknown", 15, "undecided"),
        ("Mo 09:00-17:00; Feb 30 off", 16, "date"),
        ("Apr 01-31 09:00-17:00", 0, "date"),
        ("2026 Nov 31 09:00-17:00", 5, "date"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, at_character: int, kind: str) -> None:
    found = find_fault(text)

    assert isinstance(found, Fault)
    assert (found.at, found.kind) == (at_character, kind)


@pytest.mark.parametrize(
    "text",
    [
        "24/7",
        "Mo-Fr 09:00-17:30; PH off; 2026 Dec 24 09:00-12:00",
        "Feb 29 10:00-12:00",
        "Feb 09:00-17:00",
        "Dec 24-26 off; 10:00-12:00",
        'Mo-Fr 09:00-17:00 "unknown until sunrise on Feb 30"',
        "week 1-53/2 Mo 09:00-12:00",
    ],
)
def test_what_can_be_read_has_no_fault(text: str) -> None:
    assert find_fault(text) is None
