"""What is written to Asterisk: exactly the headers that were meant, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ami.codec import ACTION_HEADERS_MAX, ACTION_LINE_BYTES_MAX, encode_action
from protocols.ami.errors import (
    HeaderRefusedError,
    LineTooLongError,
    LocalProtocolError,
    TooManyHeadersError,
)


def test_an_action_is_its_name_its_id_and_its_headers_in_order() -> None:
    fields = [("Channel", "PJSIP/a1"), ("Variable", "A=1"), ("Variable", "B=Жанна")]
    assert encode_action("Originate", fields, "t-1").decode() == (
        "Action: Originate\r\nActionID: t-1\r\nChannel: PJSIP/a1\r\n"
        "Variable: A=1\r\nVariable: B=Жанна\r\n\r\n"
    )


@pytest.mark.parametrize(
    "value",
    [
        "PJSIP/1\r\nApplication: System\r\nData: id",
        "100\nApplication: System",
        "100\r",
        "100\0",
        "\ud800",
    ],
)
def test_a_value_that_would_break_the_framing_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(HeaderRefusedError) as caught:
        encode_action("Originate", [("Channel", value)], "t-1")
    assert caught.value.header == "Channel"
    assert value not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", ["a\u2028b", "a\u0085b", "a\vb\fc", "%0d%0aX: 1", "", "a: b"])
def test_a_value_that_only_looks_dangerous_is_sent_as_it_is(value: str) -> None:
    data = encode_action("Setvar", [("Value", value)], "t-1")
    assert data.split(b"\r\n")[2] == f"Value: {value}".encode()
    assert data.count(b"\r\n") == 4


@pytest.mark.parametrize("key", ["", "X\r\nFoo", "X=1\r\nFoo", "a b", "a:", "Ж", "X" * 81, "1x"])
def test_a_header_name_that_is_no_token_is_refused(key: str) -> None:
    with pytest.raises(HeaderRefusedError):
        encode_action("Setvar", [(key, "1")], "t-1")


@pytest.mark.parametrize("name", ["", "Ping\r\nX: 1", "core stop"])
def test_an_action_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(HeaderRefusedError):
        encode_action(name, [], "t-1")


@pytest.mark.parametrize("key", ["ActionID", "actionid", "ACTIONID", "Action", "action"])
def test_the_headers_that_are_ours_alone_are_refused(key: str) -> None:
    with pytest.raises(HeaderRefusedError):
        encode_action("Ping", [(key, "t-2")], "t-1")


def test_a_line_may_fill_asterisks_buffer_and_not_a_byte_more() -> None:
    room = ACTION_LINE_BYTES_MAX - len("Value: \r\n")
    assert f"Value: {'x' * room}\r\n".encode() in encode_action("A", [("Value", "x" * room)], "t")
    with pytest.raises(LineTooLongError) as caught:
        encode_action("A", [("Value", "Ж" + "x" * (room - 1))], "t")
    assert caught.value.length == ACTION_LINE_BYTES_MAX + 1


def test_an_action_may_have_as_many_headers_as_asterisk_keeps_and_not_one_more() -> None:
    fields = [("Variable", "a=1")] * (ACTION_HEADERS_MAX - 2)
    assert encode_action("A", fields, "t").count(b"\r\n") == ACTION_HEADERS_MAX + 1
    with pytest.raises(TooManyHeadersError):
        encode_action("A", [*fields, ("Variable", "a=1")], "t")


@given(fields=st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=6))
def test_whatever_is_asked_for_exactly_those_lines_are_sent_or_nothing(
    fields: list[tuple[str, str]],
) -> None:
    try:
        data = encode_action("Setvar", fields, "t-1")
    except LocalProtocolError:
        return
    expected = ["Action: Setvar", "ActionID: t-1", *(f"{key}: {value}" for key, value in fields)]
    assert data.endswith(b"\r\n\r\n")
    # As Asterisk reads: a line ends at LF.
    lines = data.decode().removesuffix("\r\n\r\n").split("\n")
    assert [line.removesuffix("\r") for line in lines] == expected
