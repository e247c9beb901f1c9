"""Opening hours in queues.yaml: what is refused at which place, what is odd, what arrives."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import time

import pytest

from config.hours import machine_zone, time_zone
from config.load import check
from config.opening import HOURS_TEXT_MAX
from cti.ids import QueueName
from tests.config.folders import ENVIRONMENT, Folder

RING = "ring_time: 15s"
OFFICE = "hours:\n  office:\n    open: Mo-Fr 09:00-17:30; PH off\n"
OF_SALES = "queues.yaml:3:12: queues.sales.hours: "


def with_hours(folder: Folder, hours: str, before: str = "") -> None:
    """Give the queue of sales these hours, and the file these lines before its queues."""
    folder.replace("queues.yaml", RING, f"hours: {hours}\n    {RING}")
    folder.replace("queues.yaml", "queues:\n", f"{before}queues:\n")
    folder.replace("cordboard.yaml", "country: DE", "country: DE\n  time_zone: Europe/Berlin")


def said(folder: Folder) -> list[str]:
    return [str(problem) for problem in check(folder.path, ENVIRONMENT)]


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        (
            "Mo-Fr 9-17",
            "queues.yaml:3:18: queues.sales.hours: cannot be read from '9-17' on; expected: the end, a semicolon, off, closed or open, times such as 09:00-17:30, PH",
        ),
        (
            '"Mo-Fr 09:00-17:00; PX off"',
            "queues.yaml:3:32: queues.sales.hours: cannot be read from 'PX off' on; expected: the end, a semicolon, off, closed or open, 24/7, weekdays such as Mo-Fr, week with its number, a date such as Dec 24, a year, a remark in quotes",
        ),
        ('"Mo-Fr 09:00-17:00; "', "queues.yaml:3:31: queues.sales.hours: ends too early"),
        (
            "Feb 30 09:00-12:00",
            OF_SALES + "there is no such day: 'Feb 30 09:00-12:00'",
        ),
        (
            "sunrise-sunset",
            OF_SALES + "there are no hours 'sunrise-sunset': this file names none (hours)",
        ),
        (
            "Mo-Fr sunrise-sunset",
            "queues.yaml:3:18: queues.sales.hours: where the sun stands is not known here: write times instead of 'sunrise-sunset'",
        ),
        (
            "Mo-Fr 09:00-17:00 unknown",
            "queues.yaml:3:30: queues.sales.hours: a queue is open or closed, never 'unknown'",
        ),
        ("Mo-Fr 09:00-17:00 off", OF_SALES + "never opens: not within the next two years"),
        ("2020 Dec 24 09:00-12:00", OF_SALES + "never opens: not within the next two years"),
        ("2099 Mo-Fr 09:00-17:00", OF_SALES + "never opens: not within the next two years"),
        ('""', OF_SALES + "must be the name of hours, or opening hours such as Mo-Fr 09:00-17:30; PH off, not ''"),
        ("24", OF_SALES + "must be the name of hours, or opening hours such as Mo-Fr 09:00-17:30; PH off, not 24"),
        ('"Mo 09:00-12:00 \\x1b[31m"', OF_SALES + "cannot be read from '\\x1b[31m' on"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_meant_are_refused_at_their_place(
    folder: Folder, hours: str, problem: str
) -> None:
    with_hours(folder, hours)

    assert [problem] == said(folder)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ofice", OF_SALES.replace("3", "6", 1) + "there are no hours 'ofice'; did you mean office?"),
        ("closed", OF_SALES.replace("3", "6", 1) + "there are no hours 'closed'; there are: office"),
    ],
)  # fmt: skip
def test_a_name_that_no_hours_have_is_refused(folder: Folder, name: str, problem: str) -> None:
    with_hours(folder, name, OFFICE)

    assert [problem] == said(folder)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("country: XX", "queues.yaml:4:14: hours.office.country: must be a country's two capital letters (ISO 3166) such as DE, CN or US"),
        ("country: AE", "queues.yaml:3:11: hours.office.open: public holidays (PH) of 'AE' are not known: write special_days"),
        ("time_zone: Europe/Berlni", "queues.yaml:4:16: hours.office.time_zone: must be a time zone such as Europe/Berlin, Asia/Shanghai or UTC"),
        ("time_zone: Europe", "queues.yaml:4:16: hours.office.time_zone: must be a time zone such as Europe/Berlin, Asia/Shanghai or UTC"),
        ("time_zone: ../../../etc/passwd", "queues.yaml:4:16: hours.office.time_zone: must be a time zone such as Europe/Berlin, Asia/Shanghai or UTC"),
        ("special_days: {2099-02-30: closed}", "queues.yaml:4:20: hours.office.special_days.2099-02-30: there is no such day; a day is written as 2026-12-24"),
        ("special_days: {24.12.2099: closed}", "queues.yaml:4:20: hours.office.special_days.24.12.2099: must be a day such as 2026-12-24, not '24.12.2099'"),
        ("special_days: {2099-12-24: 9-12}", "queues.yaml:4:32: hours.office.special_days.2099-12-24: must be closed, or times such as 09:00-12:00 or 09:00-12:00,14:00-16:00, not '9-12'"),
        ("special_days: {2099-12-24: 09:00-9:00}", "queues.yaml:4:32: hours.office.special_days.2099-12-24: 09:00-9:00 begins and ends at the same time"),
        ("opens: 24/7", "queues.yaml:4:5: hours.office.opens: is not a known key; did you mean open? allowed: open, country, time_zone, special_days"),
    ],
)  # fmt: skip
def test_a_wrong_part_of_named_hours_is_refused_at_its_place(
    folder: Folder, line: str, problem: str
) -> None:
    with_hours(folder, "office", f"{OFFICE}    {line}\n")

    assert [problem] == said(folder)


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        ("hours:\n  office: 24/7\n  other: 24/7\n", "queues.yaml:3:3: warning: hours.other: no queue has these hours"),
        ("hours:\n  office: Mo-Su 00:00-24:00; 2020 Dec 24 closed\n", "queues.yaml:2:11: warning: hours.office: is open all the time, although it speaks of being closed"),
        ("hours:\n  office: Mo-Fr 09:00-17:00; SH off\n", "queues.yaml:2:11: warning: hours.office: school holidays (SH) are not known here: SH means no day"),
        ("hours:\n  office: PH off; Mo-Fr 09:00-17:00\n", "queues.yaml:2:11: warning: hours.office: is open on public holidays: what follows PH off undoes it; write PH off last"),
        (f"{OFFICE}    special_days: {{2020-12-24: closed}}\n", "queues.yaml:4:20: warning: hours.office.special_days.2020-12-24: is a day in the past"),
    ],
)  # fmt: skip
def test_odd_hours_are_warned_about(folder: Folder, before: str, problem: str) -> None:
    with_hours(folder, "office", before)

    assert [problem] == said(folder)


@pytest.mark.parametrize(
    "before",
    [
        f"{OFFICE}    special_days: {{2099-12-24: '09:00-12:00, 14:00-24:00', 2099-12-31: closed}}\n",
        "hours:\n  office: PH off; Mo-Fr 09:00-17:00; PH 10:00-11:00\n",
        "hours:\n  office: >-\n    Mo-Fr 09:00-17:00;\n    PH off\n",
        "hours:\n  office: |\n    Mo-Fr 09:00-17:00;\n    PH off\n",
        "hours:\n  office: {open: 2020 Dec 24, special_days: {2099-12-24: 09:00-12:00}}\n",
    ],
)
def test_what_people_do_on_purpose_is_no_warning(folder: Folder, before: str) -> None:
    with_hours(folder, "office", before)

    expected = [
        "queues.yaml:2:11: warning: hours.office: is open on public holidays: what follows PH off undoes it; write PH off last"
    ]
    assert said(folder) == (expected if "PH 10:00" in before else [])


def test_hours_without_a_zone_on_a_machine_without_one_are_warned_about(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_hours(folder, "24/7")
    folder.replace("cordboard.yaml", "\n  time_zone: Europe/Berlin", "")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    somewhere = said(folder)
    monkeypatch.setenv("TZ", "UTC")

    assert somewhere == []
    assert said(folder) == [
        "queues.yaml:3:12: warning: queues.sales.hours: is read by the clock of this machine, which is UTC: say telephony.time_zone in cordboard.yaml"
    ]


def test_the_machines_zone_is_that_of_tz_and_never_a_file_somewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", ":Asia/Shanghai")
    told = machine_zone().key
    monkeypatch.setenv("TZ", "/etc/passwd")

    assert told == "Asia/Shanghai"
    assert machine_zone().key != "/etc/passwd"
    assert time_zone("\x00") is None


def test_hours_arrive_at_their_queues_in_the_zone_and_country_told(folder: Folder) -> None:
    with_hours(folder, "office", f"{OFFICE}    country: US\n    time_zone: America/New_York\n")
    folder.replace("queues.yaml", "support: {}", "support: {hours: 24/7}\n  other: {}")
    hours = folder.load().hours
    sales, support = hours[QueueName("sales")], hours[QueueName("support")]

    assert set(hours) == {"sales", "support"}
    assert (sales.name, sales.times.time_zone) == ("office", "America/New_York")
    assert "'US'" in repr(sales.times)
    assert (support.name, support.times.time_zone) == ("24/7", "Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        "x" * (HOURS_TEXT_MAX + 1),
        "漢字" * 500,
        "\U0001f600" * 1_000,
        "(" * HOURS_TEXT_MAX,
        "Mo," * 600,
        ("PH,SH,Mo[1,2,3,4,5] 09:00-09:01,09:02-09:03 off; " * 50)[:1_990] + "off",
    ],
)
def test_hostile_hours_are_answered_soon_and_shortly(folder: Folder, text: str) -> None:
    with_hours(folder, f"'{text}'")
    began = time.process_time()
    found = said(folder)

    assert time.process_time() - began < 2
    assert len(found) == 1
    assert len(found[0]) < 1_000


def test_a_file_full_of_hours_that_never_open_is_answered_in_two_seconds(folder: Folder) -> None:
    costly = ("Mo[1] 09:00-17:00 off; " * 90)[:1_900]
    names = "".join(f"  h{count}: '{costly}2099 {count:04} off'\n" for count in range(450))
    names = names.replace("2099 0", "week ").replace("week ", "Mo off; week ")
    with_hours(folder, "h1", f"hours:\n{names}")
    began = time.process_time()
    found = said(folder)

    assert time.process_time() - began < 2
    assert any("all opening hours of this file together are longer" in one for one in found)


def test_direct_hours_in_every_queue_are_read_once_each(folder: Folder) -> None:
    queues = "".join(
        f"  q{count}: {{hours: 'Mo-Fr 09:00-17:00; PH off'}}\n" for count in range(400)
    )
    folder.replace("queues.yaml", "  support: {}\n", f"  support: {{}}\n{queues}")
    hours = folder.load().hours

    assert len({id(one) for one in hours.values()}) == 1
