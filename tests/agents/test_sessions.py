"""Leases, and commands done once: without sockets, with time in the test's hands."""

import json

import pytest

from acd.commands import Wish
from acd.facts import AgentLoggedOff, AgentLoggedOn, AgentMadeNotReady, AgentMadeReady
from agents.sessions import AgentSessions
from agents.settings import SessionSettings
from cti.ids import AgentId, CallId, OfferId, QueueName
from protocols.ws.answers import Done, Failed, Refused
from protocols.ws.codes import CloseCode, RefusalCode
from protocols.ws.commands import LogOff, LogOn, LogOnData, NotReady, NotReadyData, Ready
from protocols.ws.events import CallEnded, Caller, ScreenPop
from tests.agents.fakes import (
    Directory,
    FixedClock,
    Floor,
    Inbox,
    ManualTimers,
    PaperDesk,
    entry,
    phone,
    state,
)

ANN = AgentId("ann")
LOST = AgentMadeNotReady(agent=ANN, reason="connection_lost", by_system=True)


class Sessions:
    def __init__(self, settings: SessionSettings | None = None) -> None:
        self.directory = Directory(entry("ann", "a1", "a2"), entry("ben"))
        self.inbox, self.floor, self.timers = Inbox(), Floor(), ManualTimers()
        self.real = AgentSessions(
            directory=self.directory,
            inbox=self.inbox,
            floor=self.floor,
            clock=FixedClock(),
            timers=self.timers,
            settings=settings or SessionSettings(),
        )

    def join(self, agent: str = "ann") -> PaperDesk:
        desk = PaperDesk()
        known = self.directory.entry(AgentId(agent))
        assert known is not None
        self.real.join(known, desk)
        return desk

    def ready(self) -> None:
        self.show(Wish.READY)

    def show(self, wish: Wish) -> None:
        self.real.show_state(self.floor.put(state("ann", wish, device=phone("a1"))))


@pytest.fixture(name="here")
def sessions() -> Sessions:
    return Sessions()


def log_on(command_id: str, name: str = "a1") -> LogOn:
    return LogOn(id=command_id, type="log_on", data=LogOnData(phone=name))


def ready(command_id: str) -> Ready:
    return Ready(id=command_id, type="ready")


def not_ready(command_id: str, reason: str) -> NotReady:
    return NotReady(id=command_id, type="not_ready", data=NotReadyData(reason=reason))


def log_off(command_id: str) -> LogOff:
    return LogOff(id=command_id, type="log_off")


def test_a_ready_agent_without_a_desk_is_made_not_ready_when_his_lease_runs_out(
    here: Sessions,
) -> None:
    desk = here.join()
    here.ready()
    here.real.leave(ANN, desk)

    here.timers.advance(14.9)
    assert here.inbox.facts == []
    here.timers.advance(0.1)
    assert here.inbox.facts == [LOST]
    here.timers.advance(100)
    assert here.inbox.facts == [LOST]


def test_an_agent_who_comes_back_in_time_keeps_his_state(here: Sessions) -> None:
    desk = here.join()
    here.ready()
    here.real.leave(ANN, desk)
    here.timers.advance(14.9)
    here.join()
    here.timers.advance(100)

    assert here.inbox.facts == []


@pytest.mark.parametrize("wish", [Wish.NOT_READY, Wish.LOGGED_OFF])
def test_an_agent_who_wants_no_calls_keeps_his_own_reason(here: Sessions, wish: Wish) -> None:
    desk = here.join()
    here.show(wish)
    here.real.leave(ANN, desk)
    here.timers.advance(100)

    assert here.inbox.facts == []


def test_a_lease_that_is_shed_is_tried_again_until_it_is_taken(here: Sessions) -> None:
    desk = here.join()
    here.ready()
    here.inbox.full = True
    here.real.leave(ANN, desk)
    here.timers.advance(20)
    here.inbox.full = False
    here.timers.advance(1)

    assert here.inbox.facts == [LOST]


def test_signing_out_ends_the_lease_at_once(here: Sessions) -> None:
    desk = here.join()
    here.ready()
    here.real.sign_out(ANN, desk)

    assert here.inbox.facts == [LOST]
    here.real.leave(ANN, desk)
    assert here.timers.running() == 0


def test_readiness_that_the_core_has_not_seen_yet_does_not_outlive_the_desk(
    here: Sessions,
) -> None:
    desk = here.join()
    here.real.obey(ANN, log_on("1"))
    here.real.obey(ANN, ready("2"))
    here.real.sign_out(ANN, desk)

    assert here.inbox.facts == [
        AgentLoggedOn(agent=ANN, device=phone("a1")),
        AgentMadeReady(agent=ANN),
        LOST,
    ]


def test_agents_found_logged_on_at_a_start_have_a_lease_unless_they_are_here(
    here: Sessions,
) -> None:
    here.ready()
    here.floor.put(state("ben", Wish.READY))
    here.join("ben")
    here.real.start_leases([ANN, AgentId("ben"), AgentId("unknown")])
    here.timers.advance(15)

    assert here.inbox.facts == [LOST]


def test_a_desk_that_was_replaced_starts_no_lease(here: Sessions) -> None:
    first = here.join()
    here.ready()
    second = here.join()
    here.real.leave(ANN, first)
    here.timers.advance(100)

    assert here.inbox.facts == []
    assert (first.closed, second.closed) == ([CloseCode.SIGNED_IN_ELSEWHERE], [])


def test_a_stopping_daemon_changes_no_agents_state(here: Sessions) -> None:
    here.join()
    away = here.join("ben")
    here.ready()
    here.real.leave(AgentId("ben"), away)
    here.real.close()
    here.timers.advance(100)

    assert here.inbox.facts == []
    assert here.real.connected_agents() == []


def test_the_same_command_again_has_the_same_answer_and_no_second_effect(here: Sessions) -> None:
    here.join()
    answers = [here.real.obey(ANN, log_on("1")) for _ in range(100)]

    assert answers == [Done(id="1")] * 100
    assert here.inbox.facts == [AgentLoggedOn(agent=ANN, device=phone("a1"))]


def test_a_command_is_known_again_at_the_next_desk(here: Sessions) -> None:
    desk = here.join()
    here.real.obey(ANN, log_on("1"))
    here.real.leave(ANN, desk)
    here.join()
    here.real.obey(ANN, log_on("1"))

    assert here.inbox.facts == [AgentLoggedOn(agent=ANN, device=phone("a1"))]


def test_the_id_of_one_command_does_not_serve_another(here: Sessions) -> None:
    here.join()
    here.real.obey(ANN, log_on("1"))
    for other in (log_on("1", "a2"), ready("1")):
        answer = here.real.obey(ANN, other)
        assert isinstance(answer, Refused)
        assert answer.code == RefusalCode.ID_REUSED
    assert here.inbox.facts == [AgentLoggedOn(agent=ANN, device=phone("a1"))]


def test_agents_do_not_share_ids(here: Sessions) -> None:
    here.join()
    here.join("ben")
    here.real.obey(ANN, log_on("1"))
    answer = here.real.obey(AgentId("ben"), log_on("1", "ben-desk"))

    assert answer == Done(id="1")
    assert len(here.inbox.facts) == 2


def test_a_refusal_is_remembered_and_a_failure_is_not(here: Sessions) -> None:
    here.join()
    refused = here.real.obey(ANN, ready("1"))
    here.inbox.full = True
    failed = here.real.obey(ANN, log_on("2"))
    here.inbox.full = False

    assert isinstance(refused, Refused)
    assert isinstance(failed, Failed)
    assert here.real.obey(ANN, log_on("2")) == Done(id="2")
    assert here.real.obey(ANN, ready("1")) == refused


def test_only_the_last_ids_are_remembered() -> None:
    here = Sessions(SessionSettings(remembered_commands=2))
    here.join()
    here.ready()
    for command_id in ("1", "2", "3", "1"):
        here.real.obey(ANN, ready(command_id))

    assert here.inbox.facts == [AgentMadeReady(agent=ANN)] * 4


def test_ready_may_follow_log_on_before_the_core_has_spoken(here: Sessions) -> None:
    here.join()
    assert here.real.obey(ANN, log_on("1")) == Done(id="1")
    assert here.real.obey(ANN, ready("2")) == Done(id="2")


def test_logging_on_again_at_the_same_phone_changes_nothing(here: Sessions) -> None:
    here.join()
    here.ready()
    assert here.real.obey(ANN, log_on("1")) == Done(id="1")
    assert here.inbox.facts == []

    here.real.obey(ANN, log_on("2", "a2"))
    assert here.inbox.facts == [AgentLoggedOn(agent=ANN, device=phone("a2"))]


def test_logging_on_right_after_logging_off_is_no_repetition(here: Sessions) -> None:
    here.join()
    here.ready()
    here.real.obey(ANN, log_off("1"))
    here.real.obey(ANN, log_on("2"))

    assert here.inbox.facts == [
        AgentLoggedOff(agent=ANN),
        AgentLoggedOn(agent=ANN, device=phone("a1")),
    ]


def test_an_agent_who_was_logged_off_by_the_core_must_log_on_again(here: Sessions) -> None:
    here.join()
    here.real.obey(ANN, log_on("1"))
    here.show(Wish.NOT_READY)
    here.show(Wish.LOGGED_OFF)
    answer = here.real.obey(ANN, ready("2"))

    assert isinstance(answer, Refused)
    assert answer.code == RefusalCode.NOT_LOGGED_ON


@pytest.mark.parametrize(
    "reason",
    [
        "connection_lost",
        "ring_no_answer",
        "calls_rejected",
        "phone_busy",
        "logged_on",
        "phone_unreachable",
    ],
)
def test_the_systems_reasons_are_not_an_agents(here: Sessions, reason: str) -> None:
    here.join()
    here.ready()
    answer = here.real.obey(ANN, not_ready("1", reason))

    assert isinstance(answer, Refused)
    assert answer.code == RefusalCode.REASON_RESERVED
    assert here.inbox.facts == []


def test_numbers_count_on_while_the_desk_is_away(here: Sessions) -> None:
    desk = here.join()
    here.ready()
    here.real.leave(ANN, desk)
    here.ready()
    again = here.join()

    assert [json.loads(message)["seq"] for message in desk.messages] == [0, 1]
    assert [json.loads(message)["seq"] for message in again.messages] == [2]
    streams = {
        json.loads(message)["data"]["stream"] for message in (desk.messages[0], again.messages[0])
    }
    assert len(streams) == 1


def test_the_end_of_an_earlier_call_does_not_close_the_pop_of_the_next(here: Sessions) -> None:
    here.join()
    pop = ScreenPop(
        offer=OfferId(2),
        call=CallId("second"),
        queue=QueueName("sales"),
        waited_s=0,
        service="hotline",
        caller=Caller(),
    )
    assert here.real.pop(ANN, pop)
    here.real.call_ended(ANN, CallEnded(call=CallId("first"), hung_up_by="agent"))
    late = pop.model_copy(update={"offer": OfferId(1)})

    assert not here.real.update_pop(ANN, late)
    assert here.real.update_pop(ANN, pop)
    here.real.call_ended(ANN, CallEnded(call=CallId("second"), hung_up_by="agent"))
    assert not here.real.update_pop(ANN, pop)


def test_a_word_about_an_agent_who_does_not_exist_is_dropped(here: Sessions) -> None:
    here.real.show_state(state("ghost"))
    here.real.call_answered(AgentId("ghost"), OfferId(1), CallId("c"))
    here.real.call_ended(AgentId("ghost"), CallEnded(call=CallId("c"), hung_up_by="agent"))

    assert here.real.connected_agents() == []


def test_a_phone_that_the_configuration_took_away_is_shown_by_its_device(here: Sessions) -> None:
    desk = here.join()
    here.real.show_state(here.floor.put(state("ann", device=phone("old"))))

    assert json.loads(desk.messages[-1])["data"]["phone"] == "PJSIP/old"


def test_a_desk_that_is_gone_has_no_pop(here: Sessions) -> None:
    desk = here.join()
    desk.gone = True
    pop = ScreenPop(
        offer=OfferId(2),
        call=CallId("c"),
        queue=QueueName("sales"),
        waited_s=0,
        service="hotline",
        caller=Caller(),
    )

    assert not here.real.pop(ANN, pop)
