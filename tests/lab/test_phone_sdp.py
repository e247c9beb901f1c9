"""Session descriptions of the lab's phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.phone import sdp
from lab.phone.errors import SdpSyntaxError
from lab.phone.sdp import Direction, SessionDescription

ASTERISK = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 12000 RTP/AVP 0 96\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\n"
    b"a=fmtp:96 0-16\r\na=ptime:20\r\na=maxptime:150\r\na=sendrecv\r\n"
)


def test_the_description_of_asterisk_is_understood() -> None:
    expected = SessionDescription(address="127.0.0.1", port=12_000, telephone_event=96)
    assert sdp.parse(ASTERISK) == expected


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("event", [None, 101])
def test_our_description_is_read_back_as_it_was(direction: Direction, event: int | None) -> None:
    ours = SessionDescription(
        address="127.0.0.1", port=4000, telephone_event=event, direction=direction
    )
    assert sdp.parse(sdp.build(ours, session_id=1, version=2)) == ours


def test_the_streams_own_address_counts_and_other_streams_do_not() -> None:
    body = ASTERISK + b"c=IN IP4 127.0.0.2\r\nm=video 9 RTP/AVP 34\r\na=inactive\r\n"
    parsed = sdp.parse(body)
    assert (parsed.address, parsed.direction) == ("127.0.0.2", Direction.SENDRECV)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"m=audio", b"m=video"),
        (b"m=audio 12000", b"m=audio 70000"),
        (b"m=audio 12000", b"m=audio many"),
        (b"RTP/AVP 0 96", b"RTP/AVP 8 96"),
        (b" RTP/AVP 0 96", b""),
        (b"c=IN IP4 127.0.0.1", b"c=IN IP6 ::1"),
        (b"c=IN IP4 127.0.0.1\r\n", b""),
        (b"c=IN IP4 127.0.0.1", b"c=IN IP4 example.test"),
        (b"c=IN IP4 127.0.0.1", b"c=IN IP4"),
    ],
)
def test_what_we_cannot_talk_by_is_refused(old: bytes, new: bytes) -> None:
    assert old in ASTERISK
    with pytest.raises(SdpSyntaxError):
        sdp.parse(ASTERISK.replace(old, new))


@given(position=st.integers(0, len(ASTERISK) - 1), noise=st.binary(min_size=1, max_size=9))
def test_damage_is_a_description_or_a_syntax_error(position: int, noise: bytes) -> None:
    damaged = ASTERISK[:position] + noise + ASTERISK[position + len(noise) :]
    try:
        assert 0 <= sdp.parse(damaged).port <= 65_535
    except SdpSyntaxError:
        return


def test_an_answer_mirrors_the_offer() -> None:
    assert [direction.mirrored for direction in Direction] == [
        Direction.SENDRECV,
        Direction.RECVONLY,
        Direction.SENDONLY,
        Direction.INACTIVE,
    ]
