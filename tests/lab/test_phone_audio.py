"""Audio of the lab's phone: mu-law, tones, RTP, and what the timeline makes of them."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.phone import g711, rtp
from lab.phone.errors import NotHeardError
from lab.phone.rtp import Reception, RtpPacket, TelephoneEvent
from lab.phone.timeline import Timeline
from lab.phone.tones import KNOWN_TONES_HZ, Sound, ToneDetector, tone_packets

SILENT = Sound((), audible=False)
WINDOW_S = 0.02


def test_mu_law_has_the_values_of_the_recommendation() -> None:
    codes = bytes([0x00, 0x7F, 0x80, 0xFF, 0xF0, 0x8F])
    assert g711.decode(codes).tolist() == [-32124, 0, 32124, 0, 120, 16764]
    samples = np.array([0, 1, -1, 32767, -32768, 120], dtype=np.int16)
    assert g711.encode(samples) == bytes([0xFF, 0xFF, 0x7F, 0x80, 0x00, 0xF0])


def test_every_mu_law_byte_survives_decoding_but_the_second_zero() -> None:
    codes = bytes(range(256))
    assert g711.encode(g711.decode(codes)) == codes.replace(b"\x7f", b"\xff")


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=200))
def test_mu_law_is_off_by_half_a_step_at_most(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    clipped = np.clip(samples.astype(int), -32_635, 32_635)
    error = np.abs(g711.decode(g711.encode(samples)).astype(int) - clipped)
    assert bool((error <= (np.abs(clipped) + 132) / 32).all())


@pytest.mark.parametrize("hz", KNOWN_TONES_HZ)
def test_each_known_tone_is_heard_alone(hz: int) -> None:
    detector = ToneDetector()
    assert {detector.listen(window) for window in tone_packets(hz)} == {Sound((hz,), audible=True)}


def test_two_voices_at_once_are_both_heard() -> None:
    mixed = sum(g711.decode(tone_packets(hz)[0]).astype(int) // 2 for hz in (500, 700, 1100))
    window = g711.encode(np.asarray(mixed, dtype=np.int16))
    assert ToneDetector().listen(window) == Sound((500, 700, 1100), audible=True)


def test_silence_is_nothing_and_noise_is_no_tone() -> None:
    detector = ToneDetector()
    assert detector.listen(tone_packets(None)[0]) == SILENT
    assert detector.listen(b"") == SILENT
    chance = np.random.default_rng(1)
    heard = [
        detector.listen(g711.encode(chance.integers(-8000, 8000, 160).astype(np.int16)))
        for _ in range(200)
    ]
    assert all(sound.audible for sound in heard)
    assert sum(bool(sound.tones_hz) for sound in heard) <= 2


def test_a_tone_between_the_known_ones_is_sound_without_a_name() -> None:
    assert ToneDetector().listen(tone_packets(1500)[0]) == Sound((), audible=True)


def test_a_second_of_any_tone_joins_without_a_seam() -> None:
    packets = tone_packets(433)
    samples = g711.decode(b"".join(packets) + packets[0]).astype(int)
    steps = np.abs(np.diff(samples))
    assert steps[7_999] <= steps[:7_999].max()


@given(
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 1 << 20),
    timestamp=st.integers(0, 1 << 40),
    source=st.integers(0, (1 << 32) - 1),
    payload=st.binary(max_size=200),
    marker=st.booleans(),
)
def test_an_rtp_packet_is_read_back_as_it_was(
    payload_type: int, sequence: int, timestamp: int, source: int, payload: bytes, *, marker: bool
) -> None:
    data = rtp.build_packet(payload_type, sequence, timestamp, source, payload, marker=marker)
    expected = RtpPacket(
        payload_type, marker, sequence % (1 << 16), timestamp % (1 << 32), source, payload
    )
    assert rtp.parse_packet(data) == expected


@given(st.binary(max_size=60))
def test_any_datagram_is_rtp_or_nothing(data: bytes) -> None:
    packet = rtp.parse_packet(data)
    assert packet is None or packet.payload in data


def test_padding_extension_and_contributing_sources_are_taken_off() -> None:
    head = bytes([0xB1, 0]) + bytes(10)
    extra = b"SRC1" + b"\xbe\xde\x00\x01" + b"EXTN"
    packet = rtp.parse_packet(head + extra + b"audio" + b"\x00\x02")
    assert packet is not None
    assert packet.payload == b"audio"


@given(digit=st.sampled_from(rtp.DIGITS), duration=st.integers(0, 65_535), ended=st.booleans())
def test_a_key_is_read_back_as_it_was(digit: str, duration: int, *, ended: bool) -> None:
    payload = rtp.build_event(digit, duration, ended=ended)
    assert rtp.parse_event(payload) == TelephoneEvent(digit, ended, duration)


@pytest.mark.parametrize("digit", ["", "x", "12"])
def test_what_is_no_key_is_not_sent(digit: str) -> None:
    with pytest.raises(ValueError, match="no such key"):
        rtp.build_event(digit, 160, ended=False)


def test_events_that_are_no_keys_are_left_out() -> None:
    assert rtp.parse_event(b"\x10\x0a\x00\xa0") is None  # flash
    assert rtp.parse_event(b"\x01") is None


def counted(*numbers: tuple[int, int]) -> Reception:
    reception = Reception()
    for source, sequence in numbers:
        reception.count(RtpPacket(0, False, sequence, 0, source, b""))
    return reception


def test_missing_packets_are_counted_across_the_wrap_and_late_ones_taken_off() -> None:
    assert counted((1, 65_534), (1, 65_535), (1, 1), (1, 2)).lost == 1
    assert counted((1, 65_534), (1, 65_535), (1, 1), (1, 0)).lost == 0
    assert counted().lost == 0


def test_a_new_source_or_a_jump_is_a_new_start_and_not_loss() -> None:
    reception = counted((1, 10), (1, 12), (2, 40_000), (2, 40_001), (2, 10), (2, 11))
    assert (reception.lost, reception.sources, reception.received) == (1, 3, 6)


def fed(timeline: Timeline, hz: int | None, start: float, windows: int) -> None:
    sound = SILENT if hz is None else Sound((hz,), audible=True)
    for number in range(windows):
        timeline.add(start + number * WINDOW_S, WINDOW_S, sound)


async def test_gaps_of_a_tone_count_from_the_edges_asked_for() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    fed(timeline, 300, 100.0, 50)
    fed(timeline, 700, 101.0, 10)
    fed(timeline, 300, 101.2, 40)
    assert timeline.longest_gap_of(300, 100.0, 102.0) == pytest.approx(0.2)
    assert timeline.longest_gap_of(300, 99.0, 102.0) == pytest.approx(1.0)
    assert timeline.longest_gap_of(300, 100.0, 103.0) == pytest.approx(1.0)
    assert timeline.longest_gap_of(300, 100.1, 100.9) == 0.0
    assert timeline.longest_gap_of(900, 100.0, 101.0) == pytest.approx(1.0)
    assert timeline.tones_heard(until=101.0) == [300]
    assert timeline.tones_heard(until=103.0) == [300, 700]
    assert [round(span.length_s, 3) for span in timeline.spans_of(300, until=103.0)] == [1.0, 0.8]


async def test_one_lost_packet_is_no_gap_and_two_are() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    fed(timeline, 300, 10.0, 5)
    fed(timeline, 300, 10.12, 5)
    assert timeline.longest_gap_of(300, until=10.2) == 0.0
    fed(timeline, 300, 10.26, 5)
    assert timeline.longest_gap_of(300, until=10.36) == pytest.approx(0.04)
    assert timeline.longest_pause_of_packets(until=10.36) == pytest.approx(0.04)


async def test_silence_is_found_both_in_silent_packets_and_in_none() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    fed(timeline, 300, 10.0, 5)
    fed(timeline, None, 10.1, 10)
    fed(timeline, 300, 10.3, 5)
    fed(timeline, 300, 10.9, 5)
    gaps = timeline.silence_gaps(0.15, until=11.0)
    assert [round(gap.length_s, 3) for gap in gaps] == [0.2, 0.5]
    assert timeline.longest_pause_of_packets(until=11.0) == pytest.approx(0.5)


async def test_who_waits_for_a_tone_is_woken_when_it_lasted_long_enough() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    now = asyncio.get_running_loop().time()
    waiting = asyncio.ensure_future(timeline.hears(700, within_s=5, since=now))
    await asyncio.sleep(0)
    fed(timeline, 700, now, 2)
    await asyncio.sleep(0)
    assert not waiting.done()
    fed(timeline, 700, now + 0.04, 2)
    assert await waiting == now
    assert await timeline.hears(700, within_s=0, since=now) == now


async def test_a_tone_that_does_not_come_is_reported_with_what_was_heard_instead() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    now = asyncio.get_running_loop().time()
    fed(timeline, 300, now - 0.4, 20)
    with pytest.raises(NotHeardError, match=r"700 Hz not heard within 0 s; heard \[300\]"):
        await timeline.hears(700, within_s=0, since=now - 0.4)


async def test_a_tone_has_stopped_when_it_was_quiet_for_a_while() -> None:
    timeline = Timeline(KNOWN_TONES_HZ)
    now = asyncio.get_running_loop().time()
    fed(timeline, 300, now - 0.1, 5)
    assert await timeline.stops_hearing(300, within_s=1) == pytest.approx(now)
    assert await timeline.stops_hearing(900, within_s=1) >= now
    fed(timeline, 300, now, 100)
    with pytest.raises(NotHeardError, match="still heard"):
        await timeline.stops_hearing(300, within_s=0.5)


async def test_an_unknown_tone_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="1234 Hz is not listened for"):
        await Timeline(KNOWN_TONES_HZ).hears(1234, within_s=1)
