"""Lines about finished calls, and the summary."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from rich.cells import cell_len

from cti.ids import CallId
from lab.demo.cast import Person
from lab.demo.promise import Kept, Promise
from lab.demo.report import CallTable, Totals, path_of, told_kept, told_voices
from lab.demo.terminal import Signs
from tests.lab.demo.scenes import CALL, NAMES


def test_a_finished_call_is_one_line_of_a_hundred_columns() -> None:
    table = CallTable(Signs(), width=100, names=NAMES, zone=UTC)

    assert table.line(10, CALL) == (
        " 10 13:04:05 李伟         sales → Ben missed → Ann              Ann    16.2s  5.8s"
        " answered  caller"
    )
    assert cell_len(table.line(10, replace(CALL, caller="陈" * 50, choices=("x" * 99,)))) <= 100
    assert cell_len(table.heading()) <= 100


def test_lines_stay_in_line_whatever_stands_in_them() -> None:
    table = CallTable(Signs(), width=100, zone=UTC)
    left = replace(
        CALL, caller="", choices=(), queues=(), offers=(), agent=None, outcome="left_in_flow"
    )
    columns = table.heading().index("outcome")

    assert table.line(1, left)[columns:] == "left menu caller"
    assert "menu" in table.line(1, left)
    assert "Anonymous" in table.line(1, left)


def path(**changes: Any) -> str:  # noqa: ANN401 - any field
    return path_of(replace(CALL, **changes), NAMES, Signs())


def test_a_choice_named_as_its_queue_is_said_once() -> None:
    assert path() == "sales → Ben missed → Ann"
    assert path(choices=("billing",), offers=()) == "billing → sales"
    assert path(queues=("sales", "support"), offers=()) == "sales → support"


def test_keys_that_were_none_are_counted() -> None:
    assert path(choices=("no_key", "no_key", "no_key"), offers=()) == "3x no key → sales"
    assert path(choices=("wrong_key", "sales"), offers=()) == "wrong key → sales"
    assert path(choices=("no_key", "wrong_key", "sales"), offers=()) == (
        "no key, wrong key → sales"
    )


def test_a_line_fits_a_narrow_terminal() -> None:
    assert cell_len(CallTable(Signs(), width=80, zone=UTC).line(1, CALL)) <= 80


def test_who_was_there_when_the_daemon_died_is_told_by_what_became_of_him() -> None:
    promise = Promise()
    assert promise.kept() is None
    promise.killed([CallId("c0"), CallId("c1"), CallId("c2"), CallId("c3")])
    promise.ended(CALL)
    promise.ended(replace(CALL, call=CallId("c1"), outcome="abandoned"))
    promise.ended(replace(CALL, call=CallId("c2"), outcome="lost_by_switch"))
    promise.ended(replace(CALL, call=CallId("c9"), outcome="lost_by_switch"))
    kept = promise.kept()

    assert kept == Kept(times=1, present=4, talked=1, left=1, lost=1)
    assert kept.still_there == 1
    assert told_kept(kept) == (
        "The daemon was killed once, with 4 callers there: 1 talked, 1 hung up, 1 lost"
    )


def test_the_summary_counts_outcomes_waits_and_screens_before_phones() -> None:
    totals = Totals()
    totals.add(CALL)
    totals.add(replace(CALL, outcome="abandoned", offers=(), agent=None))

    assert totals.summary() == [
        "2 calls: 1 answered, 1 gave up",
        "Answered after 16.2 s in the median, 16.2 s at most",
        "2 of 2 screens popped before the phone rang, 8 ms in the median",
    ]
    assert Totals().summary() == ["No call has ended yet."]


def test_talks_with_softphones_are_told_apart_from_those_that_were_listened_to() -> None:
    assert told_voices(3, 3, others=0) == [
        "Callers heard the agent in 3 talks, agents the caller in 3"
    ]
    assert told_voices(2, 1, others=1)[1:] == [
        "1 more talk was with a softphone, where nobody listens for that"
    ]
    assert told_voices(2, 1, others=4)[1:] == [
        "4 more talks were with a softphone, where nobody listens for that"
    ]


@pytest.mark.parametrize(
    ("name", "number", "logged"),
    [("Ann", "+4930", "Ann"), ("", "+4930", "+4930"), ("", "anonymous", "")],
)
def test_a_caller_stands_in_the_log_by_name_by_number_or_not_at_all(
    name: str, number: str, logged: str
) -> None:
    assert Person(name=name, number=number).as_logged == logged
