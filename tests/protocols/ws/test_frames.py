"""Frames: those that are written, and the guard over those that come in."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ws.codes import CloseCode
from protocols.ws.errors import FrameError
from protocols.ws.frames import FRAGMENTS_MAX, FrameGuard, Opcode, close_frame, text_frame

LIMIT = 1_000


def frame(
    length: int, opcode: Opcode = Opcode.TEXT, *, final: bool = True, masked: bool = True
) -> bytes:
    mask_bit = 0x80 if masked else 0
    first = (0x80 if final else 0) | opcode
    if length <= 125:
        head = bytes((first, mask_bit | length))
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", first, mask_bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, length)
    return head + (b"mask" if masked else b"") + b"x" * min(length, 100_000)


def refusal_of(*frames: bytes) -> CloseCode:
    guard = FrameGuard(message_bytes_max=LIMIT)
    with pytest.raises(FrameError) as error:
        guard.receive(b"".join(frames))
    return error.value.code


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_text_frame_has_the_shortest_header_that_is_allowed(length: int, head: bytes) -> None:
    payload = b"x" * length

    assert text_frame(payload) == head + payload


def test_a_close_frame_holds_code_and_reason_cut_to_a_control_frame() -> None:
    assert close_frame(CloseCode.SIGN_IN_OVERDUE, "late") == b"\x88\x06\x0f\xa2late"
    assert len(close_frame(CloseCode.NORMAL, "x" * 500)) == 127


STREAMS = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from([Opcode.TEXT, Opcode.PING, Opcode.PONG])).map(
        lambda of: (of[0] if of[1] is Opcode.TEXT else min(of[0], 125), of[1])
    ),
    max_size=20,
)


@given(STREAMS, st.lists(st.integers(1, 40), min_size=1))
def test_frames_are_counted_however_the_stream_is_cut(
    frames: list[tuple[int, Opcode]], cuts: list[int]
) -> None:
    stream = b"".join(frame(length, opcode) for length, opcode in frames)
    guard = FrameGuard(message_bytes_max=LIMIT)
    counted, position, turn = 0, 0, 0
    while position < len(stream):
        step = cuts[turn % len(cuts)]
        counted += guard.receive(stream[position : position + step])
        position += step
        turn += 1

    assert counted == len(frames)


@given(st.lists(st.binary(min_size=1), max_size=20))
def test_any_bytes_are_counted_or_refused_by_type(pieces: list[bytes]) -> None:
    guard = FrameGuard(message_bytes_max=LIMIT)
    for piece in pieces:
        try:
            count = guard.receive(piece)
        except FrameError:
            return
        assert 0 <= count <= len(piece)


@pytest.mark.parametrize("opcode", Opcode)
def test_an_unmasked_frame_is_refused(opcode: Opcode) -> None:
    assert refusal_of(frame(1, opcode, masked=False)) is CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [Opcode.CLOSE, Opcode.PING, Opcode.PONG])
def test_a_long_control_frame_is_refused(opcode: Opcode) -> None:
    assert refusal_of(frame(126, opcode)) is CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("length", [LIMIT + 1, 2**32, 2**63, 2**64 - 1])
def test_a_message_over_the_limit_is_refused_by_its_header(length: int) -> None:
    assert refusal_of(frame(length)) is CloseCode.MESSAGE_TOO_BIG


def test_the_limit_holds_for_the_sum_of_fragments() -> None:
    parts = [
        frame(LIMIT // 2, final=False),
        frame(LIMIT // 2, Opcode.CONTINUATION, final=False),
    ]
    assert FrameGuard(message_bytes_max=LIMIT).receive(b"".join(parts)) == 2
    assert refusal_of(*parts, frame(1, Opcode.CONTINUATION)) is CloseCode.MESSAGE_TOO_BIG


def test_each_message_begins_with_the_whole_limit() -> None:
    assert FrameGuard(message_bytes_max=LIMIT).receive(frame(LIMIT) * 5) == 5


def test_a_message_in_too_many_fragments_is_refused_though_pings_lie_between() -> None:
    empty = frame(0, Opcode.CONTINUATION, final=False) + frame(0, Opcode.PING)
    parts = frame(0, final=False) + empty * (FRAGMENTS_MAX - 1)

    assert FrameGuard(message_bytes_max=LIMIT).receive(parts) == 2 * FRAGMENTS_MAX - 1
    assert refusal_of(parts, empty) is CloseCode.POLICY_VIOLATION
