"""Clients' messages: what is read from them, and that nothing else is."""

import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ws.codes import RefusalCode
from protocols.ws.commands import COMMANDS, Command, LogOn, NotReady, SignIn, read_command
from protocols.ws.errors import MessageError
from protocols.ws.strict_json import DEPTH_MAX, INTEGER_MAX, StrictJsonError, parse


def refusal_of(text: str) -> MessageError:
    with pytest.raises(MessageError) as refused:
        read_command(text)
    return refused.value


def test_the_table_holds_every_command_under_its_own_type() -> None:
    tags = {
        name: typing.get_args(model.model_fields["type"].annotation)
        for name, model in COMMANDS.items()
    }

    assert tags == {name: (name,) for name in COMMANDS}
    assert set(COMMANDS.values()) == set(typing.get_args(Command))


def test_every_command_has_a_schema_and_a_description_for_the_documents() -> None:
    for model in COMMANDS.values():
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False
        assert schema["description"]


def test_a_password_is_read_and_never_shown() -> None:
    command = read_command('{"id":"1","type":"sign_in","data":{"agent":"ann","password":"s3"}}')

    assert isinstance(command, SignIn)
    assert command.data.password.get_secret_value() == "s3"
    assert "s3" not in repr(command) + str(command) + command.model_dump_json()


def test_data_may_be_left_out_where_nothing_in_it_is_needed() -> None:
    command = read_command('{"id":"1","type":"log_on"}')

    assert isinstance(command, LogOn)
    assert command.data.phone is None


def test_a_reason_may_be_in_any_script() -> None:
    text = json.dumps({"id": "1", "type": "not_ready", "data": {"reason": "午休 ☕"}})
    command = read_command(text)

    assert isinstance(command, NotReady)
    assert command.data.reason == "午休 ☕"


def test_a_refusal_names_the_clients_id_where_it_can_be_read() -> None:
    assert refusal_of('{"id":"mine","type":"fly"}').command_id == "mine"
    assert refusal_of('{"id":"not mine","type":"fly"}').command_id is None
    assert refusal_of('{"id":7,"type":"fly"}').command_id is None
    assert refusal_of('{"id":"mine","id":"mine"}').command_id is None


def test_a_refusal_says_where_and_what_without_repeating_values() -> None:
    refused = refusal_of(
        '{"id":"1","type":"sign_in","data":{"agent":"ann","password":{"canary":"canary"}}}'
    )

    assert refused.code is RefusalCode.INVALID
    assert refused.message == "data.password: Input should be a valid string"


def test_an_unknown_member_is_named_in_ascii_and_cut() -> None:
    refused = refusal_of(json.dumps({"id": "1", "type": "ready", "\u202e" * 5_000: 1}))

    assert refused.message.isascii()
    assert len(refused.message) == 300


@given(st.text())
def test_any_text_is_a_command_or_a_typed_refusal(text: str) -> None:
    with pytest.raises(MessageError):
        read_command(text)


@given(st.text(alphabet='{}[]",:\\0123456789.eE+-tfn ', max_size=80))
def test_nearly_json_is_a_command_or_a_typed_refusal(text: str) -> None:
    with pytest.raises(MessageError):
        read_command(text)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(value=PLAIN, ascii_only=st.booleans())
def test_what_json_can_hold_is_read_exactly_unless_it_is_deep(
    *, value: object, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if depth(value) <= DEPTH_MAX:
        assert parse(text) == value
    else:
        with pytest.raises(StrictJsonError, match="levels deep"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "NaN and Infinity"),
        ("-Infinity", "NaN and Infinity"),
        ("1e999", "too large"),
        ("-1e999", "too large"),
        (str(INTEGER_MAX + 1), "beyond"),
        (str(-INTEGER_MAX - 1), "beyond"),
        ("9" * 60_000, "beyond"),
        ('{"a":1,"a":1}', "same name"),
        ('{"a":1,"\\u0061":2}', "same name"),
        ("[" * 9 + "]" * 9, "levels deep"),
        ("[" * 65_000, "levels deep"),
        ('{"a":' * 10_000, "levels deep"),
        ("", "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("{'a':1}", "not JSON"),
        ("[1,]", "not JSON"),
        ("01", "not JSON"),
        ('"\n"', "not JSON"),
        ('"' + "\\" * 30_001, "not JSON"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: str, why: str) -> None:
    with pytest.raises(StrictJsonError, match=why):
        parse(text)


def test_the_deepest_allowed_is_read_and_brackets_in_strings_do_not_count() -> None:
    assert parse("[" * DEPTH_MAX + "]" * DEPTH_MAX) == [[[[[[[[]]]]]]]]
    assert parse('["[[[[[[[[[[", "\\"{{{{{{{{{{"]') == ["[[[[[[[[[[", '"{{{{{{{{{{']
    assert parse("[[],[],[],[],[],[],[],[],[],[]]") == [[]] * 10


@given(st.text())
def test_any_text_is_read_or_refused_by_type(text: str) -> None:
    try:
        parsed = parse(text)
    except StrictJsonError:
        return
    assert parse(json.dumps(parsed)) == parsed
