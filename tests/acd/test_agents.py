"""An agent's wishes, his wrap-up, his phone."""

from acd.commands import Occupation, ShowAgentState, Wish
from acd.facts import OfferOutcome
from tests.acd.script import ANN, Script, at, phone, queue_policy


def test_an_agent_who_logs_on_is_not_ready_until_he_says_so() -> None:
    floor = Script(agents="ann:sales")
    floor.at(1).queue("c1").at(2).forget()

    floor.log_on("ann").expect().shown("ann not_ready(logged_on) idle")
    floor.ready("ann").expect("offer 1 c1 ann")


def test_a_shown_state_tells_everything_about_the_agent() -> None:
    floor = Script(agents="ann:sales")
    floor.at(3).log_on("ann", "a1")

    assert floor.commands[-1] == ShowAgentState(
        agent=ANN,
        wish=Wish.NOT_READY,
        reason="logged_on",
        occupation=Occupation.IDLE,
        device=phone("a1"),
        call=None,
        since=at(3),
        until=None,
    )


def test_restating_the_phone_changes_nothing() -> None:
    floor = Script(ready="ann")
    floor.at(1).log_on("ann").shown()
    floor.queue("c1").expect("place c1 sales", "offer 1 c1 ann")


def test_moving_to_another_phone_makes_him_not_ready() -> None:
    floor = Script(ready="ann")

    floor.at(1).log_on("ann", "desk-2").shown("ann not_ready(logged_on) idle")
    floor.ready("ann").queue("c1")
    assert floor.offers()[-1].device == phone("desk-2")


def test_moving_to_another_phone_withdraws_what_rings_at_the_old_one() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").forget()

    floor.at(2).log_on("ann", "desk-2").expect("withdraw 1 agent_lost")
    floor.at(2.1).end(1, OfferOutcome.WITHDRAWN).shown(
        "ann not_ready(logged_on) offered c1", "ann not_ready(logged_on) idle"
    )


def test_moving_to_another_phone_frees_him_of_other_use_of_the_old_one() -> None:
    floor = Script(ready="ann")
    floor.at(1).occupy("ann").forget()

    floor.at(2).log_on("ann", "desk-2").shown("ann not_ready(logged_on) idle")


def test_a_phone_has_one_agent_the_second_takes_it_over() -> None:
    floor = Script(ready="ann")

    floor.at(1).log_on("ben", "ann-phone").shown(
        "ann logged_off idle", "ben not_ready(logged_on) idle"
    )


def test_a_phone_that_is_taken_over_during_a_talk_is_lost_after_it() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(2).log_on("ben", "ann-phone")
    floor.shown("ann logged_off busy c1", "ben not_ready(logged_on) idle")
    floor.at(3).end_talk("c1", "ann").shown("ann logged_off idle")
    floor.at(4).log_on("cat", "ann-phone").log_on("ann", "ann-phone")
    floor.shown("ben logged_off idle", "ann not_ready(logged_on) idle")


def test_not_ready_during_a_talk_takes_effect_when_talk_and_wrap_up_are_over() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(2).not_ready("ann", "lunch").queue("c2").at(60).end_talk("c1", "ann").at(80)
    floor.expect("place c2 sales").shown(
        "ann not_ready(lunch) busy c1",
        "ann not_ready(lunch) wrapping_up c1 until 70",
        "ann not_ready(lunch) idle",
    )


def test_a_wish_during_a_talk_can_be_taken_back() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(2).not_ready("ann").ready("ann").queue("c2").at(3).end_talk("c1", "ann")
    floor.end_wrap_up("ann").expect("place c2 sales", "offer 2 c2 ann")


def test_ringing_goes_on_when_the_agent_wants_a_break() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(2).not_ready("ann").expect().shown("ann not_ready(break) offered c1")
    floor.at(16).end(1).expect("offer 2 c1 ben")


def test_logging_off_while_a_phone_rings_withdraws_the_offer() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(2).log_off("ann").expect("withdraw 1 agent_lost")
    floor.at(2.1).end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ben")
    floor.shown("ann logged_off offered c1", "ann logged_off idle", "ben ready offered c1")


def test_an_answer_that_crosses_the_log_off_counts_and_he_is_off_after_it() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").at(2).log_off("ann").forget()

    floor.at(2.1).answer(1).at(60).end_talk("c1", "ann")
    floor.shown("ann logged_off busy c1", "ann logged_off idle")


def test_logging_off_during_a_talk_takes_effect_when_it_ends_without_wrap_up() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(2).log_off("ann").shown("ann logged_off busy c1")
    floor.at(60).leave("c1").shown("ann logged_off idle")
    floor.at(61).queue("c2").expect("place c2 sales")


def test_logging_on_during_the_talk_after_logging_off_keeps_him_at_work() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).log_off("ann").forget()

    floor.at(3).log_on("ann").at(60).end_talk("c1", "ann")
    floor.shown(
        "ann not_ready(logged_on) busy c1", "ann not_ready(logged_on) wrapping_up c1 until 70"
    )


def test_logging_off_ends_wrap_up() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).end_talk("c1", "ann").forget()

    floor.at(3).log_off("ann").at(30).shown("ann logged_off idle")


def test_logging_off_twice_changes_nothing() -> None:
    floor = Script(ready="ann")

    floor.at(1).log_off("ann").at(2).log_off("ann").shown("ann logged_off idle")


def test_a_logged_off_agent_has_no_other_wishes() -> None:
    floor = Script()

    floor.ready("ann").not_ready("ann").end_wrap_up("ann").occupy("ann").free("ann").shown()


def test_repeated_wishes_change_nothing() -> None:
    floor = Script(ready="ann")

    floor.at(1).ready("ann").shown()
    floor.not_ready("ann").not_ready("ann").shown("ann not_ready(break) idle")
    floor.not_ready("ann", "lunch").shown("ann not_ready(lunch) idle")


def test_agents_whom_the_policy_does_not_know_are_ignored() -> None:
    floor = Script(agents="ann:sales")

    floor.log_on("zoe").ready("zoe").not_ready("zoe").log_off("zoe")
    floor.end_wrap_up("zoe").occupy("zoe").free("zoe").expect().shown()


def test_wrap_up_lasts_as_long_as_the_queue_grants() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).queue("c2").at(60).end_talk("c1", "ann").forget()

    floor.at(69.9).expect()
    floor.at(70).expect("offer 2 c2 ann")


def test_an_agent_can_end_his_wrap_up() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).queue("c2").at(60).end_talk("c1", "ann").forget()

    floor.at(61).end_wrap_up("ann").expect("offer 2 c2 ann")
    floor.at(80).expect("withdraw 2 overdue")


def test_without_wrap_up_the_agent_is_free_when_the_talk_ends() -> None:
    floor = Script(queue_policy(wrap=0), ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).queue("c2").forget()

    floor.at(60).end_talk("c1", "ann").expect("offer 2 c2 ann").shown("ann ready offered c2")


def test_ending_a_wrap_up_that_is_not_changes_nothing() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").forget()

    floor.end_wrap_up("ann").answer(1).end_wrap_up("ann").shown("ann ready busy c1")


def test_an_agent_who_uses_his_phone_otherwise_gets_no_calls() -> None:
    floor = Script(agents="ann:sales", ready="ann")

    floor.at(1).occupy("ann").queue("c1").expect("place c1 sales")
    floor.at(9).free("ann").expect("offer 1 c1 ann")
    floor.shown("ann ready busy_elsewhere", "ann ready offered c1")


def test_other_use_of_the_phone_may_be_told_twice() -> None:
    floor = Script(ready="ann")

    floor.at(1).occupy("ann").at(2).occupy("ann").shown("ann ready busy_elsewhere")
    floor.at(3).free("ann").at(4).free("ann").shown("ann ready idle")


def test_being_idle_counts_from_the_end_of_other_use() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).occupy("ann").at(2).free("ann").forget()

    floor.at(3).queue("c1").expect("place c1 sales", "offer 1 c1 ben")


def test_other_use_while_a_call_rings_is_remembered_until_the_offer_ends() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").forget()

    floor.at(2).occupy("ann").shown()
    floor.at(3).end(1, OfferOutcome.BUSY).at(60).expect().shown("ann ready busy_elsewhere")
    floor.free("ann").expect("offer 2 c1 ann")


def test_other_use_that_ends_while_a_call_rings_is_forgotten() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").occupy("ann").free("ann").forget()

    floor.at(3).end(1).shown("ann ready idle")


def test_other_use_during_a_talk_counts_after_it_while_the_wrap_up_runs_on() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).occupy("ann").forget()

    floor.at(60).end_talk("c1", "ann").shown("ann ready busy_elsewhere c1 until 70")
    floor.at(65).free("ann").shown("ann ready wrapping_up c1 until 70")
    floor.at(70).shown("ann ready idle")


def test_wrap_up_may_run_out_while_the_phone_is_in_other_use() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(60).end_talk("c1", "ann").forget()

    floor.at(61).occupy("ann").at(75).shown(
        "ann ready busy_elsewhere c1 until 70", "ann ready busy_elsewhere"
    )
    floor.at(80).free("ann").shown("ann ready idle")


def test_logging_off_ends_other_use() -> None:
    floor = Script(ready="ann")
    floor.at(1).occupy("ann").forget()

    floor.at(2).log_off("ann").free("ann").shown("ann logged_off idle")


def test_paperwork_may_take_longer_than_granted() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").forget()
    floor.at(8).extend_wrap_up("ann", 30).shown("ann ready wrapping_up c1 until 45")
    floor.at(44).queue("c2").expect("place c2 sales")
    floor.at(45).expect("offer 2 c2 ann")


def test_who_does_no_paperwork_has_no_time_to_extend() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann")
    floor.extend_wrap_up("ann", 30).extend_wrap_up("nobody", 30).shown()
    floor.at(0).queue("c1").expect("place c1 sales", "offer 1 c1 ann")
    floor.answer(1).at(5).leave("c1").forget().extend_wrap_up("ann", -30).shown()
