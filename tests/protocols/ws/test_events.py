"""The server's messages: encoded once, read back whole, harmless to show."""

import json
import typing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time
from protocols.ws.answers import Answer, Done, Failed, Refused
from protocols.ws.codes import FailureCode, RefusalCode, SignOutReason, WithdrawReason
from protocols.ws.events import (
    EVENTS,
    AgentState,
    CallAnswered,
    CallEnded,
    Caller,
    Customer,
    Event,
    EventData,
    ScreenPop,
    ScreenPopWithdrawn,
    SignedOut,
    Snapshot,
)
from protocols.ws.fields import NOTE_CHARS_MAX, SHOWN_CHARS_MAX
from protocols.ws.wire import (
    EventName,
    encode_answer,
    encode_event,
    iso,
    read_server_message,
)

AT = Time(1_700_000_000_000_000)
STATE = AgentState(
    wish="ready",
    occupation="offered",
    phone="a1",
    call=CallId("c"),
    since=datetime(2026, 11, 22, 17, 41, tzinfo=UTC),
)
POP = ScreenPop(
    offer=OfferId(1),
    call=CallId("c"),
    queue=QueueName("sales"),
    waited_s=1.5,
    service="hotline",
    choices=("sales",),
    caller=Caller(number="+4930123", name="Eve"),
    customer=Customer(id="1", name="Eve", numbers=("+4930123",), note="likes tea\nand milk"),
)
SAMPLES: dict[EventName, EventData] = {
    "snapshot": Snapshot(
        stream="s",
        agent=AgentId("ann"),
        name="Ann",
        phones=("a1",),
        queues=(QueueName("sales"),),
        state=STATE,
        screen_pop=POP,
    ),
    "agent_state_changed": STATE,
    "screen_pop": POP,
    "screen_pop_updated": POP,
    "screen_pop_withdrawn": ScreenPopWithdrawn(
        offer=OfferId(1), call=CallId("c"), why=WithdrawReason.NO_ANSWER
    ),
    "call_answered": CallAnswered(offer=OfferId(1), call=CallId("c")),
    "call_ended": CallEnded(call=CallId("c"), hung_up_by="caller", talked_s=3.25),
    "signed_out": SignedOut(reason=SignOutReason.SERVER_STOPPING),
}


def test_the_table_holds_every_event_under_its_own_name() -> None:
    tags = {
        name: typing.get_args(model.model_fields["event"].annotation)
        for name, model in EVENTS.items()
    }

    assert tags == {name: (name,) for name in EVENTS}
    assert set(EVENTS.values()) == set(typing.get_args(Event))
    assert set(EVENTS) == set(typing.get_args(EventName))


@pytest.mark.parametrize("name", SAMPLES)
def test_an_event_is_read_back_as_it_was_said(name: EventName) -> None:
    text = encode_event(name, SAMPLES[name]).numbered(7, AT)
    event = read_server_message(text)

    assert event.type == "event"
    assert (event.seq, event.event, event.data) == (7, name, SAMPLES[name])
    assert event.model_dump(mode="json") == json.loads(text)


def test_an_event_is_encoded_once_for_all_its_receivers() -> None:
    encoded = encode_event("agent_state_changed", STATE)
    first, second = json.loads(encoded.numbered(1, AT)), json.loads(encoded.numbered(2, AT))

    assert (first.pop("seq"), second.pop("seq")) == (1, 2)
    assert first == second


def test_an_event_with_anothers_data_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="does not carry"):
        encode_event("screen_pop", STATE)


@pytest.mark.parametrize(
    "answer",
    [
        Done(id="1"),
        Refused(id=None, code=RefusalCode.MALFORMED, message="why"),
        Refused(id="1", code=RefusalCode.TOO_MANY_ATTEMPTS, message="why", retry_after_s=2.5),
        Failed(id="1", code=FailureCode.OVERLOADED, message="why"),
    ],
)
def test_an_answer_is_read_back_as_it_was_said(answer: Answer) -> None:
    assert read_server_message(encode_answer(answer)) == answer


def test_instants_have_six_digits_and_utc() -> None:
    assert iso(AT) == "2023-11-14T22:13:20.000000Z"
    data = json.loads(encode_event("agent_state_changed", STATE).numbered(1, AT))["data"]
    assert data["since"] == "2026-11-22T17:41:00.000000Z"


def test_a_caller_is_never_verified() -> None:
    assert json.loads(Caller().model_dump_json())["verified"] is False


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("李小龙", "李小龙"),
        ("محمد", "محمد"),
        ('O\'Neil "Bob" <bob@x>', 'O\'Neil "Bob" <bob@x>'),
        ("a\r\nEvent: Hangup", "a\ufffd\ufffdEvent: Hangup"),
        ("\x1b[2Jx\x00", "\ufffd[2Jx\ufffd"),
        ("+49\u202e30\u2066", "+49\ufffd30\ufffd"),
        ("a\u2028b\x85", "a\ufffdb\ufffd"),
        ("\udcff\ud800", "\ufffd\ufffd"),
        ("x" * 10_000, "x" * SHOWN_CHARS_MAX),
    ],
)
def test_what_callers_call_themselves_is_shown_as_harmless_text(said: str, shown: str) -> None:
    assert Caller(name=said).name == shown


def test_a_note_keeps_its_lines_and_is_cut() -> None:
    note = Customer(id="1", name="x", note="a\tb\nc\rd\x00" + "x" * 10_000).note

    assert note is not None
    assert note.startswith("a\tb\nc\ufffdd\ufffd")
    assert len(note) == NOTE_CHARS_MAX


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_name_can_be_shown_and_sent(name: str) -> None:
    pop = POP.model_copy(update={"caller": Caller(name=name, number=name)})
    event = read_server_message(encode_event("screen_pop", pop).numbered(1, AT))

    assert event.type == "event"
    assert event.data == pop
