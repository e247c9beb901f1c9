"""Call-backs, the customer first: dialled in his turn or ahead of it, and then a caller again."""

from acd.rules.attempt_rules import LOOKED_AT_MAX
from tests.acd.script import Script, announce_policy, at, call_back_policy, policy, queue_policy


def first(
    *, ahead: float = 0, retry: float = 60, expires: float = 3_600, attempts: int = 3
) -> Script:
    """Return a floor whose queue calls customers first."""
    rules = call_back_policy(
        first="customer", ahead=ahead, retry=retry, expires=expires, attempts=attempts
    )
    return Script(
        queue_policy("sales", call_back=rules, wrap=0, keys="1>call_back"),
        queue_policy("support", wrap=0),
        agents="ann:sales,support ben:sales cat:support",
    )


def test_a_customer_is_dialled_when_an_agent_is_ready_and_waits_at_his_place() -> None:
    floor = first().promise("c1", queue="sales").forget().at(10).queue("c2").forget()
    floor.log_on("ann").ready("ann").expect("dial c1 anna attempt 1", "offer 1 c2 ann")
    floor.answer(1).reach("c1").expect("place c1 sales")

    assert floor.waiting() == ["c1"]

    floor.queue("c3").leave("c2").expect("place c3 sales", "offer 2 c1 ann").answer(2)

    assert floor.outcomes() == {"answered": 1, "called_back": 1}


def test_no_more_customers_are_dialled_than_agents_are_free() -> None:
    floor = first()
    for call in ("c1", "c2", "c3"):
        floor.promise(call, f"party-{call}", "sales")
    floor.forget().log_on("ann").ready("ann").expect("dial c1 party-c1 attempt 1")
    floor.log_on("ben").ready("ben").expect("dial c2 party-c2 attempt 1")
    floor.reach("c1").expect("place c1 sales", "offer 1 c1 ann")
    floor.miss("c2").expect("dial c3 party-c3 attempt 1")


def test_agents_who_have_older_callers_of_other_queues_are_not_counted_for_him() -> None:
    floor = first().queue("c1", "support").promise("c2", queue="sales").forget()
    floor.log_on("ann").ready("ann").expect("offer 1 c1 ann")
    floor.log_on("cat").ready("cat").expect().end(1)
    floor.expect("offer 2 c1 cat", "dial c2 anna attempt 1")


def test_a_promise_between_attempts_holds_nobody_up() -> None:
    floor = first(retry=30).promise("c1", queue="sales").promise("c2", "ben", "sales").forget()
    floor.log_on("ann").ready("ann").miss("c1").expect(
        "dial c1 anna attempt 1", "dial c2 ben attempt 1"
    )
    floor.at(30).expect("stop c2 attempt 1", "dial c1 anna attempt 2")


def test_who_asks_for_what_nobody_knows_holds_up_nobody_behind_him() -> None:
    floor = first()
    floor.promise("c1", queue="sales", skills="x:9").at(1).promise("c2", "ben", "sales").forget()
    floor.log_on("ann").ready("ann").expect("dial c2 ben attempt 1")


def test_a_customer_who_is_reached_hears_what_callers_hear_and_may_leave() -> None:
    rules = call_back_policy(first="customer")
    spoken = announce_policy(first=5, position=3)
    floor = Script(
        queue_policy(
            call_back=rules,
            announce=spoken,
            keys="1>call_back 2>busy",
            leave="no_agents@1>busy",
        )
    )
    floor.queue("c1").press("c1", "1").promise("c1").leave("c1").at(50).forget()
    floor.log_on("ann").ready("ann").reach("c1").expect(
        "dial c1 anna attempt 1", "place c1 sales", "offer 1 c1 ann"
    )
    floor.log_off("ann").end(1).at(50)
    floor.expect("withdraw 1 agent_lost", "announce c1 at 1")
    floor.at(70).press("c1", "1").queue("c1").expect().leave("c1")

    assert floor.outcomes() == {"abandoned": 1}
    assert floor.distributor.snapshot().calls == ()


def test_a_customer_who_is_reached_may_go_by_a_key() -> None:
    rules = call_back_policy(first="customer")
    floor = Script(queue_policy(call_back=rules, keys="2>busy"), ready="ann")
    floor.promise("c1", queue="sales").forget().not_ready("ann").reach("c1").press("c1", "2")
    floor.expect("place c1 sales", "turn away c1 key").promise("c2", queue="sales").forget()
    floor.ready("ann").expect("dial c2 anna attempt 1")


def busy(ahead: float) -> Script:
    """Return a floor where a call takes 100 s, and ann has been busy with c0 for 20 s."""
    floor = first(ahead=ahead)
    floor.log_on("ann").ready("ann")
    for number in range(5):
        floor.queue(f"x{number}").answer(number + 1).at(100 * (number + 1)).leave(f"x{number}")
    return floor.queue("c0").answer(6).at(520).forget()


def test_a_customer_is_dialled_ahead_when_his_wait_is_expected_to_be_over_in_time() -> None:
    floor = busy(30).promise("c1", queue="sales").promise("c2", "ben", "sales")
    floor.expect("promise c1 sales since 520 until 4120", "promise c2 sales since 520 until 4120")
    floor.at(569).expect().at(570).expect("dial c1 anna attempt 1")
    floor.reach("c1").expect("place c1 sales").at(600).leave("c0").expect("offer 7 c1 ann")
    floor.answer(7).at(665).expect().at(670).expect("dial c2 ben attempt 1")


def test_without_anything_known_nobody_is_dialled_ahead() -> None:
    floor = first(ahead=60).promise("c1", queue="sales").at(60)
    floor.expect("promise c1 sales since 0 until 3600")

    assert floor.distributor.next_deadline() == at(65)

    floor.take_back("c1").at(65)

    assert floor.distributor.next_deadline() is None


def test_two_promises_to_one_number_are_not_dialled_ahead_together() -> None:
    floor = busy(500)
    floor.promise("c1", queue="sales")
    floor.at(525).expect("promise c1 sales since 520 until 4120", "dial c1 anna attempt 1")
    floor.at(526).promise("c2", "anna", "support").expect(
        "promise c2 support since 526 until 86926"
    )
    floor.log_on("cat").ready("cat").expect().miss("c1").expect("offer 7 c2 cat attempt 1")


def test_a_customer_whose_time_is_over_is_not_dialled_at_that_instant() -> None:
    floor = first(expires=100).promise("c1", queue="sales").forget().at(99.9)
    floor.now = at(100)
    floor.log_on("ann").ready("ann").expect().at(100).expect("end c1 expired after 0")


def test_so_many_are_looked_at_in_a_step() -> None:
    floor = first()
    for number in range(LOOKED_AT_MAX):
        floor.promise(f"a{number}", f"a{number}", "sales", skills="x:9")
    floor.promise("b", "b", "sales").forget().log_on("ann").ready("ann").expect()
    floor.take_back("a0").expect("end a0 withdrawn after 0", "dial b b attempt 1")


def test_a_removed_queue_calls_back_and_ends_with_the_last_promise() -> None:
    floor = first(ahead=60).promise("c1", queue="sales").forget()
    floor.apply(policy("ann:support", queue_policy("support"), version="v2"))
    floor.log_on("ann").ready("ann").expect("dial c1 anna attempt 1")
    floor.miss("c1").at(60).take_back("c1")

    assert [queue.rules.name for queue in floor.distributor.snapshot().queues] == ["support"]
    assert floor.distributor.next_deadline() is None
