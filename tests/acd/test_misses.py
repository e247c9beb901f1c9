"""Calls that were not taken: counted for each cause, with limits and pauses of their own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.facts import OfferOutcome
from acd.misses import MISS_DELAYS, REFUSAL_PAUSE_MIN, MissCause, MissRule, rule_for
from acd.tables.offer_state import MISS_REASONS
from cti.instants import as_seconds, seconds
from tests.acd.script import Script, policy, queue_policy

REFUSALS = [MissCause.REJECTED, MissCause.BUSY, MissCause.UNREACHABLE]


def outcome_of(cause: MissCause) -> OfferOutcome:
    return OfferOutcome(cause.value)


def only_ann(causes: str, *, misses: int = 3, wrap: float = 0) -> Script:
    rules = queue_policy(causes=causes, misses=misses, wrap=wrap)
    return Script(rules, agents="ann:sales", ready="ann")


def test_every_cause_is_an_outcome_with_a_reason_and_a_pause() -> None:
    assert set(MissCause) == set(MISS_REASONS) == set(MISS_DELAYS)
    assert [outcome_of(cause).name for cause in MissCause] == [cause.name for cause in MissCause]
    assert len(set(MISS_REASONS.values())) == len(MissCause)


@pytest.mark.parametrize("cause", list(MissCause))
def test_so_many_misses_in_a_row_make_the_agent_not_ready_with_their_own_reason(
    cause: MissCause,
) -> None:
    floor = only_ann(f"{cause.value}:2:1")
    floor.at(1).queue("c1").at(2).end(1, outcome_of(cause)).at(8).forget()
    floor.shown().end(2, outcome_of(cause))

    floor.shown(f"ann not_ready({MISS_REASONS[cause].value}) idle")
    floor.at(99).expect()


@pytest.mark.parametrize("cause", list(MissCause))
def test_after_the_limit_the_call_goes_to_the_next_agent_at_its_old_place(
    cause: MissCause,
) -> None:
    floor = Script(queue_policy(causes=f"{cause.value}:1:5"), ready="ann ben")
    floor.at(1).queue("c1").at(2).queue("c2").answer(2).at(3).queue("c3").queue("c4").forget()

    floor.end(1, outcome_of(cause))
    assert floor.waiting() == ["c1", "c3", "c4"]
    floor.at(4).end_talk("c2", "ben").end_wrap_up("ben").expect("offer 3 c1 ben")


@pytest.mark.parametrize("cause", REFUSALS)
def test_without_a_limit_refusals_never_make_an_agent_not_ready(cause: MissCause) -> None:
    floor = only_ann("")
    floor.at(1).queue("c1")
    for offer in range(1, 30):
        floor.at(40 * offer).end(offer, outcome_of(cause))

    assert len(floor.offers()) == 29


@pytest.mark.parametrize("cause", list(MissCause))
def test_the_limit_of_unanswered_rings_is_that_of_the_queue_where_no_rule_says_more(
    cause: MissCause,
) -> None:
    floor = only_ann("", misses=1)
    floor.at(1).queue("c1").forget().at(2).end(1, outcome_of(cause))

    missed = cause is MissCause.NO_ANSWER
    floor.shown("ann not_ready(ring_no_answer) idle" if missed else "ann ready idle")


def test_each_cause_has_a_row_of_its_own() -> None:
    floor = only_ann("rejected:2:1 busy:2:1")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.REJECTED).at(8).end(2, OfferOutcome.BUSY)
    floor.at(14).forget().end(3, OfferOutcome.REJECTED)

    floor.shown("ann not_ready(calls_rejected) idle")


def test_reaching_a_limit_ends_that_row_and_no_other() -> None:
    floor = only_ann("rejected:2:1 busy:2:1")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.BUSY)
    floor.at(8).end(2, OfferOutcome.REJECTED).at(14).end(3, OfferOutcome.REJECTED)
    floor.at(20).ready("ann").forget().end(4, OfferOutcome.REJECTED).shown("ann ready idle")

    floor.at(26).forget().end(5, OfferOutcome.BUSY).shown("ann not_ready(phone_busy) idle")


def test_an_answer_ends_all_rows() -> None:
    floor = only_ann("rejected:2:1 busy:2:1")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.BUSY).at(8).end(2, OfferOutcome.REJECTED)
    floor.at(14).answer(3).at(20).end_talk("c1", "ann").queue("c2")
    floor.end(4, OfferOutcome.BUSY).at(26).forget().end(5, OfferOutcome.REJECTED)

    floor.shown("ann ready idle")


def test_logging_on_anew_ends_all_rows_and_a_break_none() -> None:
    floor = only_ann("rejected:2:1")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.REJECTED).log_on("ann", "a9").ready("ann")
    floor.at(8).end(2, OfferOutcome.REJECTED).not_ready("ann").ready("ann")
    floor.at(14).forget().end(3, OfferOutcome.REJECTED)

    floor.shown("ann not_ready(calls_rejected) idle")


def test_rows_are_counted_over_all_of_an_agents_queues() -> None:
    sales, support = queue_policy("sales", causes="rejected:9:1"), queue_policy("support")
    strict = queue_policy("night", causes="rejected:2:1")
    floor = Script(sales, support, strict, agents="ann:sales,support,night", ready="ann")
    floor.at(1).queue("c1", "support").end(1, OfferOutcome.REJECTED).leave("c1")
    floor.at(8).queue("c2", "night").forget().end(2, OfferOutcome.REJECTED)

    floor.shown("ann not_ready(calls_rejected) idle")


def test_a_refusal_does_not_change_the_reason_of_an_agent_who_wanted_a_break_meanwhile() -> None:
    floor = only_ann("rejected:1:5")
    floor.at(1).queue("c1").at(2).not_ready("ann", "lunch").forget()

    floor.end(1, OfferOutcome.REJECTED).shown("ann not_ready(lunch) idle")


@pytest.mark.parametrize("cause", list(MissCause))
def test_each_cause_has_its_own_pause_in_which_no_call_is_offered(cause: MissCause) -> None:
    floor = only_ann(f"{cause.value}:0:20")
    floor.at(1).queue("c1").at(2).queue("c2").forget()

    floor.at(3).end(1, outcome_of(cause)).at(22.9).expect()
    floor.at(23).expect("offer 2 c1 ann")


def test_a_pause_of_one_cause_is_not_that_of_another() -> None:
    floor = only_ann("rejected:0:60")
    floor.at(1).queue("c1").at(2).queue("c2").forget()

    floor.end(1, OfferOutcome.BUSY).at(6.9).expect()
    floor.at(7).expect("offer 2 c1 ann")


@pytest.mark.parametrize("cause", REFUSALS)
def test_no_rule_lets_a_phone_that_refuses_run_through_the_waiting_calls(cause: MissCause) -> None:
    floor = only_ann(f"{cause.value}:0:0")
    floor.at(1).queue("c1").at(2).queue("c2").forget()

    floor.end(1, outcome_of(cause)).expect()
    floor.at(2 + as_seconds(REFUSAL_PAUSE_MIN)).expect("offer 2 c2 ann")


@pytest.mark.parametrize("cause", list(MissCause))
def test_an_agent_whose_ringing_was_cancelled_is_not_blamed_whatever_the_phone_says(
    cause: MissCause,
) -> None:
    floor = Script(queue_policy(causes=f"{cause.value}:1:60"), ready="ann ben")
    floor.at(1).queue("c1").at(2).leave("c1").forget()

    floor.end(1, outcome_of(cause)).shown("ann ready idle")
    floor.at(3).queue("c2").expect("place c2 sales", "offer 2 c2 ann")


@pytest.mark.parametrize("cause", list(MissCause))
def test_what_the_phone_did_with_an_overdue_offer_counts(cause: MissCause) -> None:
    floor = only_ann(f"{cause.value}:1:5")
    floor.at(1).queue("c1").at(19).forget()

    floor.end(1, outcome_of(cause))
    floor.shown(f"ann not_ready({MISS_REASONS[cause].value}) idle")


def test_the_rules_in_force_when_the_offer_was_made_count() -> None:
    floor = only_ann("rejected:1:5")
    floor.at(1).queue("c1").apply(policy("ann:sales", queue_policy())).forget()

    floor.at(2).end(1, OfferOutcome.REJECTED).shown("ann not_ready(calls_rejected) idle")


def test_how_many_misses_made_him_not_ready_is_known_until_he_wishes_something_else() -> None:
    floor = only_ann("rejected:2:1")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.REJECTED)
    assert list(floor.distributor.picture(floor.now).agents[0].misses) == [(MissCause.REJECTED, 1)]
    floor.at(8).end(2, OfferOutcome.REJECTED)
    (ann,) = floor.distributor.snapshot().agents

    assert (ann.reason, ann.row, ann.misses, ann.other_misses) == ("calls_rejected", 2, 0, ())
    (ann,) = floor.not_ready("ann", "lunch").distributor.snapshot().agents
    assert ann.row == 0


def test_of_two_rules_for_one_cause_the_first_counts() -> None:
    rules = tuple(MissRule(cause=MissCause.BUSY, limit=limit, delay=seconds(9)) for limit in (1, 2))

    assert rules[0] == rule_for(MissCause.BUSY, 3, rules)


@settings(deadline=None)
@given(
    limits=st.fixed_dictionaries({cause: st.integers(0, 3) for cause in MissCause}),
    happenings=st.lists(st.sampled_from([*MissCause, "answer", "log on", "break", "cut short"])),
)
def test_rows_are_as_somebody_would_count_them_on_paper(
    limits: dict[MissCause, int], happenings: list[MissCause | str]
) -> None:
    causes = " ".join(f"{cause.value}:{limit}:1" for cause, limit in limits.items())
    floor = only_ann(causes)
    rows = dict.fromkeys(MissCause, 0)
    for number, happening in enumerate(happenings, 1):
        floor.at(100 * number).queue(f"c{number}")
        offer = floor.offers()[-1].offer
        expected = None
        if isinstance(happening, MissCause):
            rows[happening] += 1
            if rows[happening] == limits[happening]:
                expected, rows[happening] = MISS_REASONS[happening].value, 0
            floor.end(offer, outcome_of(happening)).leave(f"c{number}")
        elif happening == "answer":
            rows = dict.fromkeys(MissCause, 0)
            floor.answer(offer).end_talk(f"c{number}", "ann")
        else:
            floor.leave(f"c{number}").end(offer, OfferOutcome.REJECTED)
            if happening == "log on":
                rows = dict.fromkeys(MissCause, 0)
                floor.log_off("ann").log_on("ann").ready("ann")
            elif happening == "break":
                floor.not_ready("ann").ready("ann")
        (ann,) = floor.distributor.picture(floor.now).agents

        assert ann.reason == expected
        assert dict(ann.misses) == {cause: row for cause, row in rows.items() if row}
        floor.at(100 * number + 50).ready("ann")
