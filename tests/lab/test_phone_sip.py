"""SIP messages of the lab's phone: every byte kept, everything else refused by its type."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab.phone import sip
from lab.phone.derived import respond
from lab.phone.errors import SipSyntaxError
from lab.phone.sip import Headers, NameAddress, Request, Response

INVITE = (
    b"INVITE sip:8000@127.0.0.1:5060 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:40000;rport;branch=z9hG4bKabc\r\n"
    b'f: "Z\xc3\xb6e" <sip:4930@127.0.0.1>;tag=a1\r\n'
    b"To: <sip:8000@127.0.0.1>\r\n"
    b"i: id@host\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Subject: folded\r\n"
    b"\tover two lines\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"bodyrest"
)


def test_a_request_is_read_with_compact_names_folding_and_a_cut_body() -> None:
    request = sip.parse(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.uri) == ("INVITE", "sip:8000@127.0.0.1:5060")
    assert request.call_id == "id@host"
    assert request.cseq == (7, "INVITE")
    assert request.headers.get("subject") == "folded over two lines"
    assert request.body == b"body"
    assert sip.via_of(request) == ("127.0.0.1:40000", "z9hG4bKabc")
    assert sip.tag_of(request.headers.get("From")) == "a1"


def test_a_response_takes_over_what_names_the_transaction() -> None:
    request = sip.parse(INVITE)
    assert isinstance(request, Request)
    answer = sip.parse(sip.serialise(respond(request, 180, to_tag="b2")))
    assert isinstance(answer, Response)
    assert (answer.status, answer.reason) == (180, "Ringing")
    assert sip.via_of(answer) == sip.via_of(request)
    assert sip.tag_of(answer.headers.get("To")) == "b2"
    assert answer.cseq == (7, "INVITE")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SIP/2.0\r\n", b"SIP/3.0\r\n"),
        (b"sip:8000@127.0.0.1:5060", b"sip:80 00@127.0.0.1"),
        (b"CSeq: 7 INVITE", b"CSeq: seven INVITE"),
        (b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        (b"CSeq: 7 INVITE", b"X-Other: 1"),
        (b"i: id@host", b"i: id@host\r\nCall-ID: other"),
        (b"Content-Length: 4", b"Content-Length: 9"),
        (b"Content-Length: 4", b"Content-Length: -4"),
        (b"Content-Length: 4", b"Content-Length: 4\r\nl: 3"),
        (b"Subject: folded", b"no colon here"),
        (b"branch=z9hG4bKabc", b"branch="),
        (b"v: SIP", b" v: SIP"),
        (b"\r\n\r\n", b"\r\n"),
    ],
)
def test_what_is_not_sip_is_refused(old: bytes, new: bytes) -> None:
    assert INVITE.count(old) >= 1
    with pytest.raises(SipSyntaxError):
        sip.parse(INVITE.replace(old, new, 1))


@given(st.binary(max_size=600))
@example(b"SIP/2.0 200 OK\r\n\r\n")
@example(INVITE)
def test_any_datagram_is_a_message_or_a_syntax_error(datagram: bytes) -> None:
    try:
        message = sip.parse(datagram)
    except SipSyntaxError:
        return
    assert sip.parse(sip.serialise(message)) == message


@given(position=st.integers(0, len(INVITE) - 1), noise=st.binary(max_size=5))
def test_a_damaged_message_is_a_message_or_a_syntax_error(position: int, noise: bytes) -> None:
    damaged = INVITE[:position] + noise + INVITE[position + len(noise) :]
    try:
        message = sip.parse(damaged)
    except SipSyntaxError:
        return
    assert sip.parse(sip.serialise(message)) == message


NAMES = st.binary(max_size=300).filter(lambda raw: b"\r" not in raw and b"\n" not in raw)


@given(NAMES)
def test_a_header_value_keeps_every_byte_but_the_blanks_around_it(raw: bytes) -> None:
    fields = (
        ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("From", sip.as_text(b"x" + raw + b"x")),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", "1 INVITE"),
    )
    sent = Request(method="INVITE", uri="sip:b@h", headers=Headers(fields))
    assert b"From: x" + raw + b"x\r\n" in sip.serialise(sent)
    assert sip.as_bytes(sip.parse(sip.serialise(sent)).headers.get("From")) == b"x" + raw + b"x"


@given(NAMES)
def test_a_quoted_name_is_read_back_as_it_was(raw: bytes) -> None:
    name = sip.as_text(raw)
    value = f"{sip.quoted(name)} <sip:4930@h>;tag=t"
    assert sip.parse_name_address(value) == NameAddress(name, "sip:4930@h", ";tag=t")


@given(st.text(max_size=80))
def test_any_from_value_is_taken_apart_somehow(value: str) -> None:
    parsed = sip.parse_name_address(value)
    assert len(parsed.display_name) + len(parsed.uri) <= len(value)
    assert sip.tag_of(value) in value
    assert [part.strip(" \t") for part in sip.split_list(value)] == sip.split_list(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<sip:a@h>;tag=1", NameAddress("", "sip:a@h", ";tag=1")),
        ("sip:a@h;tag=1", NameAddress("", "sip:a@h", ";tag=1")),
        ("Ann Archer <sip:a@h;user=phone>", NameAddress("Ann Archer", "sip:a@h;user=phone", "")),
        (r'"a \"b\" \\ <c>" <sip:a@h>', NameAddress(r'a "b" \ <c>', "sip:a@h", "")),
        ('"never closed <sip:a@h>', NameAddress("never closed <sip:a@h>", "", "")),
    ],
)
def test_names_and_addresses_are_told_apart(value: str, expected: NameAddress) -> None:
    assert sip.parse_name_address(value) == expected


def test_a_list_is_split_at_its_own_commas_only() -> None:
    value = '"a, b" <sip:a,b@h>, <sip:c@h>'
    assert sip.split_list(value) == ['"a, b" <sip:a,b@h>', "<sip:c@h>"]


def test_the_user_part_is_left_as_it_is_on_the_wire() -> None:
    assert sip.user_of("sip:10%0d%0aEvent%3a%20Hangup@h") == "10%0d%0aEvent%3a%20Hangup"
    assert sip.user_of("sip:h:5060") == ""
