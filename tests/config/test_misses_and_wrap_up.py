"""What follows where agents do not take calls, and their time after those that they took."""

import pytest

from acd.misses import MISS_DELAYS, MissCause, MissRule, rule_for
from config.errors import ConfigError
from cti.ids import QueueName
from cti.instants import seconds
from tests.config.folders import Folder

MISSES = "misses_max: 3"
SALES, SUPPORT = QueueName("sales"), QueueName("support")
SERVES = "    queues: [sales]\n"
"""Chen's line, the last of agents.yaml."""


def misses(folder: Folder, line: str) -> None:
    folder.replace("queues.yaml", MISSES, line)


def own(folder: Folder, wrap_up: str) -> list[str]:
    """Have Chen his own wrap-up, and return what is said of it."""
    folder.replace("agents.yaml", SERVES, f"{SERVES}    wrap_up: {wrap_up}\n")
    return folder.complaints()


def test_the_short_form_is_the_limit_of_unanswered_rings(folder: Folder) -> None:
    misses(folder, "misses_max: 7")
    sales, support = folder.load().policy.queues

    assert (sales.misses_max, sales.misses) == (7, ())
    assert (support.misses_max, support.misses) == (3, ())


def test_each_cause_has_a_limit_and_a_pause_of_its_own(folder: Folder) -> None:
    misses(
        folder,
        "misses:\n      no_answer: {limit: 2, delay: 4s}\n      rejected: {limit: 1, delay: 9s}\n"
        "      busy: {limit: 5, delay: 1s}\n      unreachable: {limit: 6, delay: 2m}",
    )
    sales, _ = folder.load().policy.queues

    assert sales.misses_max == 2
    assert sales.misses == tuple(
        MissRule(cause=cause, limit=limit, delay=seconds(delay))
        for cause, limit, delay in (
            (MissCause.NO_ANSWER, 2, 4),
            (MissCause.REJECTED, 1, 9),
            (MissCause.BUSY, 5, 1),
            (MissCause.UNREACHABLE, 6, 120),
        )
    )


@pytest.mark.parametrize("cause", list(MissCause))
def test_what_is_not_said_of_a_cause_is_as_in_a_queue_that_says_nothing(
    folder: Folder, cause: MissCause
) -> None:
    misses(folder, f"misses: {{{cause.value}: {{}}}}")
    sales, support = folder.load().policy.queues

    for each in MissCause:
        said = rule_for(each, sales.misses_max, sales.misses)
        assert rule_for(each, support.misses_max, support.misses) == said
        assert said.delay == MISS_DELAYS[each]


def test_the_short_form_stands_beside_the_other_causes(folder: Folder) -> None:
    misses(folder, "misses_max: 5\n    misses: {no_answer: {delay: 8s}, rejected: {limit: 2}}")
    sales, _ = folder.load().policy.queues

    assert folder.complaints() == []
    assert sales.misses == (
        MissRule(cause=MissCause.NO_ANSWER, limit=5, delay=seconds(8)),
        MissRule(cause=MissCause.REJECTED, limit=2, delay=seconds(5)),
    )


def test_a_limit_that_is_said_twice_is_an_error_with_both_lines(folder: Folder) -> None:
    misses(folder, "misses_max: 5\n    misses:\n      no_answer: {delay: 8s, limit: 5}")

    assert folder.complaints() == [
        (
            "queues.yaml:6:37: queues.sales.misses.no_answer.limit: misses_max in line 4 says it"
            " too; leave one of them out"
        )
    ]
    with pytest.raises(ConfigError):
        folder.load()


def test_a_limit_that_is_null_says_nothing(folder: Folder) -> None:
    misses(folder, "misses_max: 5\n    misses: {no_answer: {limit: null}}")

    assert folder.complaints() == []
    assert folder.load().policy.queues[0].misses[0].limit == 5


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "{rejcted: {limit: 1}}",
            (
                "4:14: queues.sales.misses.rejcted: is not a known key; did you mean rejected?"
                " allowed: no_answer, rejected, busy, unreachable"
            ),
        ),
        (
            "{failed: {limit: 1}}",
            (
                "4:14: queues.sales.misses.failed: is not a known key; allowed: no_answer,"
                " rejected, busy, unreachable"
            ),
        ),
        (
            "{busy: {limit: 101}}",
            "4:28: queues.sales.misses.busy.limit: must be 0 (never) to 100, not 101",
        ),
        (
            "{busy: 2}",
            "4:20: queues.sales.misses.busy: must be a mapping (limit, delay)",
        ),
        (
            "{rejected: {delay: 5}}",
            (
                "4:32: queues.sales.misses.rejected.delay: needs a unit: write 5s for seconds or"
                " 5m for minutes"
            ),
        ),
        (
            "{rejected: {delay: 0s}}",
            (
                "4:32: queues.sales.misses.rejected.delay: must be a duration from 1s to 1h, such"
                " as 500ms, 15s, 2m or 1h30m, not '0s'"
            ),
        ),
        (
            "3",
            "4:13: queues.sales.misses: must be a mapping (no_answer, rejected, busy, unreachable)",
        ),
    ],
)
def test_what_no_queue_can_have_is_refused(folder: Folder, said: str, told: str) -> None:
    misses(folder, f"misses: {said}")

    assert folder.complaints() == [f"queues.yaml:{told}"]


def test_no_limit_of_unanswered_rings_is_warned_of_where_it_stands(folder: Folder) -> None:
    misses(folder, "misses: {no_answer: {limit: 0}}")

    assert folder.complaints() == [
        (
            "queues.yaml:4:33: warning: queues.sales.misses.no_answer.limit: an agent who has left"
            " his phone will be rung again and again"
        )
    ]


def test_the_longest_wrap_up_is_ten_minutes_or_what_the_queue_says(folder: Folder) -> None:
    misses(folder, "wrap_up_max: 90s")
    sales, support = folder.load().policy.queues

    assert (sales.wrap_up_max, support.wrap_up_max) == (seconds(90), seconds(600))


@pytest.mark.parametrize(
    ("longest", "told"),
    [
        ("0s", []),
        ("10s", []),
        (
            "9s",
            [
                (
                    "queues.yaml:4:18: warning: queues.sales.wrap_up_max: is shorter than wrap_up"
                    " (10s): no wrap-up can be extended"
                )
            ],
        ),
    ],
)
def test_a_longest_wrap_up_that_cannot_be_reached_is_warned_of(
    folder: Folder, longest: str, told: list[str]
) -> None:
    misses(folder, f"wrap_up_max: {longest}")

    assert folder.complaints() == told


def test_an_agent_may_have_his_own_wrap_up_after_all_calls(folder: Folder) -> None:
    assert own(folder, "30s") == []
    ann, chen = folder.load().policy.agents

    assert (ann.wrap_up, ann.wrap_ups) == (None, ())
    assert (chen.wrap_up, chen.wrap_ups) == (seconds(30), ())


def test_an_agent_may_have_his_own_wrap_up_after_calls_of_some_queues(folder: Folder) -> None:
    assert own(folder, "{sales: 0s}") == []
    _, chen = folder.load().policy.agents

    assert (chen.wrap_up, chen.wrap_ups) == (None, ((SALES, seconds(0)),))


@pytest.mark.parametrize("said", ["null", "{}"])
def test_who_says_nothing_has_the_queues_wrap_up(folder: Folder, said: str) -> None:
    before = folder.load().policy
    own(folder, said)

    assert folder.load().policy == before


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "61m",
            (
                "12:14: agents.chen.wrap_up: must be a duration from 0s to 1h such as 30s, or a"
                " mapping of queues to such durations, not '61m'"
            ),
        ),
        (
            "[30s]",
            (
                "12:14: agents.chen.wrap_up: must be a duration from 0s to 1h such as 30s, or a"
                " mapping of queues to such durations, not a list of 1"
            ),
        ),
        (
            "30",
            ("12:14: agents.chen.wrap_up: needs a unit: write 30s for seconds or 30m for minutes"),
        ),
        (
            "{sales: 2h}",
            (
                "12:22: agents.chen.wrap_up.sales: must be a duration from 0s to 1h, such as"
                " 500ms, 15s, 2m or 1h30m, not '2h'"
            ),
        ),
        (
            "{sals: 30s}",
            "12:15: agents.chen.wrap_up.sals: there is no queue 'sals'; did you mean sales?",
        ),
        (
            "{support: 30s}",
            "12:24: warning: agents.chen.wrap_up.support: chen does not serve this queue",
        ),
    ],
)
def test_what_no_agent_can_have_is_told_at_its_place(folder: Folder, said: str, told: str) -> None:
    assert own(folder, said) == [f"agents.yaml:{told}"]
