"""Who calls is read from a stranger's header: shown as data, or dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.switch.caller_id import (
    NAME_LENGTH_MAX,
    NUMBER_LENGTH_MAX,
    CallerId,
    clean_caller_id,
    read_from_header,
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"Ann" <sip:4930123@10.0.0.1>;tag=1', CallerId("4930123", "Ann")),
        ("<sip:+4930123@host>", CallerId("+4930123", "")),
        ("sip:4930123@host;tag=2", CallerId("4930123", "")),
        ("Ann Archer <sip:1@h>", CallerId("1", "Ann Archer")),
        ('"陈晓" <sip:8613800138000@h>', CallerId("8613800138000", "陈晓")),
        ('"a \\"b\\" \\\\c" <sip:1@h>', CallerId("1", 'a "b" \\c')),
        ('"x <sip:9@evil>" <sip:1@h>', CallerId("1", "x <sip:9@evil>")),
        ('"${SHELL(id)}" <sip:1@h>', CallerId("1", "${SHELL(id)}")),
        ("<tel:+4930123>", CallerId("+4930123", "")),
        ("<tel:+4930123;ext=5>", CallerId("+4930123", "")),
        ("<sip:%2B4930123@h>", CallerId("+4930123", "")),
        ("<sip:4930123;phone-context=x@h>", CallerId("4930123", "")),
        ("<sip:4930123:password@h>", CallerId("4930123", "")),
        ("<sip:10.0.0.1>", CallerId("", "")),
        ("sip:10.0.0.1;tag=2", CallerId("", "")),
        ("<mailto:9@h>", CallerId("", "")),
        ('"cut short', CallerId("", "")),
        ("", CallerId("", "")),
    ],
)
def test_a_from_header_is_read_as_number_and_name(header: str, expected: CallerId) -> None:
    assert expected == read_from_header(header)


@pytest.mark.parametrize(
    ("header", "number"),
    [
        ("<sip:10%0d%0aEvent%3a%20Hangup@h>", "10EventHangup"),
        ("<sip:10%00@h>", "10"),
        ("<sip:10%250d%c0%8d%e2%80%a8@h>", "100d"),
        ("<sip:1 2,3|4@h>", "1234"),
        ("<sip:" + "9" * 99 + "@h>", "9" * NUMBER_LENGTH_MAX),
    ],
)
def test_a_number_keeps_only_harmless_characters(header: str, number: str) -> None:
    caller = read_from_header(header)

    assert number == caller.number
    assert caller.altered


def test_a_withheld_number_is_none_at_all() -> None:
    assert read_from_header('"Anonymous" <sip:anonymous@anonymous.invalid>').number == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\r\nb", "ab"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("\u202eevil", "evil"),
        ("a\u2028b", "a b"),
        ("\udc80x", "x"),
        ("n" * 300, "n" * NAME_LENGTH_MAX),
    ],
)
def test_a_name_loses_what_does_not_stand_on_one_line(name: str, shown: str) -> None:
    caller = clean_caller_id("1", name)

    assert shown == caller.name
    assert caller.altered


@given(st.text(max_size=400))
def test_any_header_gives_one_short_printable_line(header: str) -> None:
    caller = read_from_header(header)

    assert len(caller.number) <= NUMBER_LENGTH_MAX
    assert len(caller.name) <= NAME_LENGTH_MAX
    assert caller.name == "" or caller.name.isprintable() or " " in caller.name
    assert len(f"{caller.number}{caller.name}x".splitlines()) == 1
    caller.name.encode()
