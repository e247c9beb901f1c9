"""Every record that a journal may hold of a call can be told, whatever stands in it."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.commands import AcdCommand
from acd.explaining import Candidate
from acd.facts import AcdFact, NotReadyReason
from acd.policy import Strategy
from acd.tables.agent_state import Standing
from acd.tables.offer_state import MISS_REASONS
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED, RING, SKILLS
from cti.call_facts import CallFact
from cti.explaining.agents_words import became_free, figure_in_words, reason_in_words, ruled_out
from cti.explaining.happenings_words import sentence
from cti.explaining.plain import plain
from cti.ids import AgentId, CallId, OfferId
from cti.instants import Time, seconds

ANN = AgentId("ann")
NOW = Time(seconds(1_700_000_000))
KINDS = (*get_args(AcdFact), *get_args(AcdCommand), *get_args(CallFact))


@given(st.data())
def test_every_record_is_told_or_left_to_another(data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(KINDS).flatmap(st.from_type))
    said = sentence(record, {OfferId(1): ANN})

    assert said is None or said
    assert isinstance(plain(record), dict)


def candidate(cause: str | None) -> Candidate:
    return Candidate(
        agent=ANN,
        ruled_out=cause,
        line=None,
        figure=None,
        reason="{lunch}",
        since=NOW,
        until=NOW,
        call=CallId("c1"),
    )


@pytest.mark.parametrize(
    "cause",
    [
        *(s.value for s in Standing if s is not Standing.READY),
        MISSED_THIS_CALL,
        SKILLS,
        RING,
        PREFERRED,
        "lacks",
    ],
)
def test_each_thing_that_rules_an_agent_out_has_its_sentence(cause: str) -> None:
    out, free = ruled_out(candidate(cause)), became_free(candidate(cause), ANN)

    assert out.startswith("ann ")
    assert ("{" in out) == (cause == Standing.NOT_READY.value)  # his own words are not a template
    assert free is not None
    assert "ann" in free


def test_nothing_had_kept_an_agent_who_was_ready() -> None:
    assert became_free(candidate(None), ANN) is None
    assert became_free(None, ANN) is None


@pytest.mark.parametrize(
    ("rule", "figure", "told"),
    [
        ("longest_idle", NOW - 5_000_000, "for 5.0 s"),
        ("round_robin", 0, "had no call of this queue yet"),
        ("round_robin", 7, "had his last turn with offer 7"),
        ("fewest_calls", 1, "had 1 call lately"),
        ("fewest_calls", 2, "had 2 calls lately"),
        ("least_occupied", 123_400, "was occupied for 12.3 % of his time"),
        ("ordered", 0, "is number 1 of the list"),
        ("most_skilled", -7, "has the skill levels 7 in all"),
        ("preferred", 1, "is number 2 of those for whom the call was kept"),
        ("weighted_random", 9, "has the figure 9"),
        ("ring_all", 0, "is rung in the same moment"),
        ("ring_progressively", 0, "is rung after a later pause"),
        ("of tomorrow", -(2**63), "has the figure -9223372036854775808"),
    ],
)
def test_a_figure_is_told_by_its_rule(rule: str, figure: int, told: str) -> None:
    assert told in figure_in_words(rule, figure, NOW)


def test_every_rule_and_every_reason_of_the_systems_has_words() -> None:
    for strategy in Strategy:
        assert figure_in_words(strategy.value, 1, NOW)
    assert all("(" in reason_in_words(reason.value) for reason in NotReadyReason)
    assert (reason_in_words("tea"), reason_in_words(None)) == ("tea", "none was given")


@pytest.mark.parametrize(
    ("reason", "row", "told"),
    [
        ("ring_no_answer", 1, "after 1 unanswered call (ring_no_answer)"),
        ("ring_no_answer", 3, "after 3 unanswered calls in a row (ring_no_answer)"),
        ("calls_rejected", 1, "after 1 rejected call (calls_rejected)"),
        ("calls_rejected", 2, "after 2 rejected calls in a row (calls_rejected)"),
        ("phone_busy", 1, "after his phone was busy for 1 call (phone_busy)"),
        ("phone_busy", 2, "after his phone was busy for 2 calls in a row (phone_busy)"),
        (
            "phone_unreachable",
            1,
            "after his phone could not be reached for 1 call (phone_unreachable)",
        ),
        (
            "phone_unreachable",
            2,
            "after his phone could not be reached for 2 calls in a row (phone_unreachable)",
        ),
    ],
)
def test_a_row_of_misses_is_told_with_its_length(reason: str, row: int, told: str) -> None:
    assert reason_in_words(reason, row) == f"by the system, {told}"


def test_every_reason_that_misses_give_can_be_told_with_a_length() -> None:
    for reason in MISS_REASONS.values():
        assert "2" in reason_in_words(reason.value, 2)
    assert reason_in_words("tea", 2) == "tea"
