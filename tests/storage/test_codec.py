import contextlib
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import AcdCommand
from acd.facts import AcdFact, AgentMadeNotReady, CallQueued
from cti.call_facts import CallFact
from cti.ids import CallId
from cti.instants import Time
from storage.codec import RecordCodec
from storage.errors import UndecodableRecordError, UnencodableError
from storage.records import TimersAdvanced, journal_codec
from tests.storage.builders import ANN, CALL, SALES, offer_of, policy, queued

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_INT = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_RECORD_TYPES = (*get_args(AcdFact), *get_args(CallFact), *get_args(AcdCommand), TimersAdvanced)


@st.composite
def _records(draw: st.DrawFn) -> object:
    st.register_type_strategy(str, _TEXT)
    st.register_type_strategy(int, _INT)
    return draw(st.from_type(draw(st.sampled_from(_RECORD_TYPES))))


@settings(deadline=None)  # a busy machine is no defect
@given(_records())
def test_every_fact_and_command_is_decoded_as_it_was_encoded(record: object) -> None:
    codec = journal_codec()

    assert record == codec.decode(*codec.encode(record))


def test_nested_values_keep_their_types() -> None:
    codec = journal_codec()

    assert offer_of() == codec.decode(*codec.encode(offer_of()))
    assert policy("v1") == codec.decode(*codec.encode(policy("v1")))


def test_a_record_is_its_class_name_and_readable_json() -> None:
    name, data = journal_codec().encode(TimersAdvanced(to=Time(5)))

    assert (name, orjson.loads(data)) == ("TimersAdvanced", {"to": 5})


def test_an_unknown_name_is_refused_with_its_position() -> None:
    with pytest.raises(UndecodableRecordError, match=r"record 7 .Nonsense.*unknown") as raised:
        journal_codec().decode("Nonsense", b"{}", position=7)

    assert (raised.value.position, raised.value.name) == (7, "Nonsense")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"call":"c","queue":5}', "queue"),
        (b'{"call":"c"}', "queue"),
        (b'{"call":"c","queue":"q","entered_at":"now"}', "entered_at"),
        (b'{"call":"c","queue":"q","entered_at":1.5}', "entered_at"),
        (b'{"call":"c","queue":"q","priority":true}', "priority"),
        (b'{"call":"c","queue":"q","surprise":1}', "surprise"),
        (b"[]", "list"),
        (b"null", "NoneType"),
        (b"7", "int"),
        (b'{"call":"c","que', "unterminated|unexpected end"),
        (b"", "empty"),
        (b"\xff", "UTF-8"),
    ],
)
def test_a_wrong_shape_is_refused_and_the_field_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(UndecodableRecordError, match=reason):
        journal_codec().decode("CallQueued", data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"offer":1,"outcome":"bliss"}',
        b'{"offer":1,"outcome":1}',
        b'{"offer":"1","outcome":"busy"}',
    ],
)
def test_an_unknown_enum_value_or_a_number_as_text_is_refused(data: bytes) -> None:
    with pytest.raises(UndecodableRecordError):
        journal_codec().decode("OfferEnded", data)


def test_a_tuple_of_the_wrong_length_is_refused() -> None:
    codec = journal_codec()
    name, data = codec.encode(offer_of())
    for key in (b"[1700000000000000]", b'[1700000000000000,"ann",3]'):
        with pytest.raises(UndecodableRecordError, match="sort_key"):
            codec.decode(name, data.replace(b'[1700000000000000,"ann"]', key))


@settings(deadline=None)  # a busy machine is no defect
@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused_by_the_typed_error(data: bytes) -> None:
    with contextlib.suppress(UndecodableRecordError):
        assert isinstance(journal_codec().decode("CallQueued", data), CallQueued)


@pytest.mark.parametrize(
    "record",
    [
        object(),
        "text",
        AgentMadeNotReady(agent=ANN, reason="\udc80"),
        TimersAdvanced(to=Time(2**64)),
        CallQueued(call=CALL, queue=SALES, entered_at=Time(2**70)),
        AgentMadeNotReady(agent=ANN, reason=object()),  # type: ignore[arg-type]
    ],
)
def test_what_no_record_can_hold_is_refused_when_encoding(record: object) -> None:
    with pytest.raises(UnencodableError):
        journal_codec().encode(record)


def test_two_types_of_one_name_are_refused_when_the_codec_is_built() -> None:
    @dataclass(frozen=True)
    class TimersAdvanced:
        pass

    with pytest.raises(ValueError, match="TimersAdvanced"):
        RecordCodec(_RECORD_TYPES[-1], TimersAdvanced)


def test_a_state_is_packed_for_a_snapshot_and_unpacked() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class State:
        calls: tuple[CallQueued, ...]
        misses: dict[CallId, int]

    state = State(calls=(queued(1), queued(2)), misses={CALL: 3})
    codec = journal_codec()

    assert state == codec.unpack(State, codec.pack(state))


def test_a_snapshot_of_another_shape_is_refused() -> None:
    codec = journal_codec()
    with pytest.raises(UndecodableRecordError, match="CallQueued"):
        codec.unpack(CallQueued, b'{"calls":[]}')


def test_a_name_that_is_a_text_too_becomes_a_member_of_its_list_again() -> None:
    class Colour(StrEnum):
        RED = "red"

    @dataclass(frozen=True)
    class Car:
        colour: Colour

    codec = RecordCodec(Car)
    decoded = codec.decode(*codec.encode(Car(Colour.RED)))

    assert isinstance(decoded, Car)
    assert decoded.colour is Colour.RED
