"""How callers are called back, as queues.yaml says it."""

import pytest

from acd.call_backs import CALL_BACK, CallBackPolicy, First, NotReached
from cti.instants import seconds
from tests.config.folders import Folder

RING = "ring_time: 15s"
WAY = ("hours: Mo-Fr 08:00-18:00", "keys: {1: {call_back: true}}")


def queue(folder: Folder, *lines: str) -> None:
    """Give the queue sales these lines."""
    folder.replace("queues.yaml", RING, "\n    ".join([RING, *lines]))


def problems(folder: Folder, *lines: str) -> list[str]:
    """Return what is said of such lines."""
    queue(folder, *lines)
    return [str(problem).partition(": ")[2] for problem in folder.problems()]


def test_all_that_is_said_arrives_in_the_policy(folder: Folder) -> None:
    queue(
        folder,
        *WAY,
        "call_back:",
        "  first: customer",
        "  attempts_max: 5",
        "  retry_after: 15m",
        "  retries: {busy: 2m, machine: 1h}",
        "  expires_after: 48h",
        "  dial_time: 25s",
        "  ahead: 20s",
    )
    sales, support = folder.load().policy.queues

    assert support.call_back == CALL_BACK
    assert sales.call_back == CallBackPolicy(
        first=First.CUSTOMER,
        attempts_max=5,
        retry_after=seconds(900),
        retries=((NotReached.BUSY, seconds(120)), (NotReached.MACHINE, seconds(3_600))),
        expires_after=seconds(48 * 3_600),
        dial_time=seconds(25),
        ahead=seconds(20),
    )


def test_everything_has_the_defaults_of_the_core(folder: Folder) -> None:
    queue(folder, *WAY, "call_back: {}")

    assert folder.load().policy.queues[0].call_back == CALL_BACK


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["call_back: {first: nobody}"],
            "queues.sales.call_back.first: must be agent or customer",
        ),
        (
            ["call_back: {attempts_max: 0}"],
            "queues.sales.call_back.attempts_max: must be 1 to 20",
        ),
        (
            ["call_back: {retries: {engaged: 2m}}"],
            "retries.engaged: is not a known key; allowed: busy, no_answer, machine, failed",
        ),
        (
            ["leave: {no_agents: {call_back: true}}"],
            "people are called back at any hour of the night: give the queue hours",
        ),
        (
            ["keys: {1: {call_back: true}}"],
            "people are called back at any hour of the night: give the queue hours",
        ),
        (
            ["call_back: {}"],
            "has no effect: neither a rule nor a key of this queue leads to call_back",
        ),
        ([*WAY, "call_back: {ahead: 5s}"], "has no effect: it is for first: customer"),
        (
            [*WAY, "call_back: {attempts_max: 1, retry_after: 5m}"],
            "has no effect: with attempts_max: 1 nothing is tried again",
        ),
        (
            [*WAY, "call_back: {retry_after: 1h, expires_after: 1h}"],
            "is not longer than the rest between two attempts (1h)",
        ),
        (
            [*WAY, "call_back: {attempts_max: 4, retry_after: 1h, expires_after: 3h}"],
            "is over before the last of 4 attempts",
        ),
    ],
)
def test_what_is_wrong_or_odd_is_told(folder: Folder, lines: list[str], told: str) -> None:
    found = problems(folder, *lines)

    assert any(told in problem for problem in found), found


@pytest.mark.parametrize(
    "lines",
    [
        [*WAY],
        [*WAY, "call_back: {}"],
        [*WAY, "call_back: {attempts_max: 4, retry_after: 1h, expires_after: 3h1m}"],
        [*WAY, "call_back: {attempts_max: 1}"],
        [*WAY, "call_back: {first: customer, ahead: 20s}"],
    ],
)
def test_what_makes_sense_is_no_matter_for_a_check(folder: Folder, lines: list[str]) -> None:
    assert [problem for problem in problems(folder, *lines) if "call_back" in problem] == []
