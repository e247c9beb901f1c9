"""The reader of the manager protocol: any bytes, cut anywhere, in linear time."""

import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ami import codec
from protocols.ami.codec import MessageReader
from protocols.ami.counters import AmiCounters
from protocols.ami.messages import AmiEvent, AmiResponse
from tests.protocols.ami import transcripts
from tests.protocols.ami.transcripts import BANNER, message

WANTED = frozenset({"FullyBooted", "Newchannel", "DialBegin", "OriginateResponse", "Hangup"})

Message = AmiEvent | AmiResponse


def read(
    chunks: Iterable[bytes], *, wanted: frozenset[str] = WANTED, collect: str | None = None
) -> tuple[list[Message], AmiCounters, MessageReader]:
    counters = AmiCounters()
    reader = MessageReader(wanted=wanted, counters=counters)
    if collect is not None:
        reader.collect(collect)
    messages = [message for chunk in chunks for message in reader.feed(chunk)]
    return messages, counters, reader


def read_after_banner(*chunks: bytes) -> tuple[list[Message], AmiCounters, MessageReader]:
    return read([BANNER, *chunks])


def one_event(data: bytes) -> AmiEvent:
    messages, _, _ = read_after_banner(data)
    (event,) = messages
    assert isinstance(event, AmiEvent)
    return event


def one_response(data: bytes) -> AmiResponse:
    messages, _, _ = read_after_banner(data)
    (response,) = messages
    assert isinstance(response, AmiResponse)
    return response


def names(messages: list[Message]) -> list[str]:
    return [m.name if isinstance(m, AmiEvent) else f"={m.status}" for m in messages]


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def test_a_session_is_read_as_the_messages_that_asterisk_wrote() -> None:
    messages, counters, reader = read([transcripts.SESSION])
    assert names(messages) == [
        "=Success",
        "FullyBooted",
        "Newchannel",
        "DialBegin",
        "OriginateResponse",
        "=Success",
        "=Success",
        "Newchannel",
        "Newchannel",
        "Hangup",
        "Newchannel",
    ]
    assert reader.banner == "Asterisk Call Manager/9.0.0"
    assert reader.broken is None
    assert counters == AmiCounters(
        events=13,
        events_dropped_by_name=5,
        responses=3,
        noise=1,
        doubled_headers=1,
    )


@given(cuts=st.lists(st.integers(0, len(transcripts.SESSION)), max_size=60))
def test_a_session_reads_the_same_however_tcp_cuts_it(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(transcripts.SESSION)]
    chunks = [transcripts.SESSION[a:b] for a, b in pairwise(edges)]
    expected_messages, expected_counters, _ = read([transcripts.SESSION], collect="t-4")
    messages, counters, _ = read(chunks, collect="t-4")
    assert messages == expected_messages
    assert counters == expected_counters


def test_a_session_reads_the_same_byte_by_byte() -> None:
    expected, expected_counters, _ = read([transcripts.SESSION])
    messages, counters, _ = read(bytewise(transcripts.SESSION))
    assert messages == expected
    assert counters == expected_counters


PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b": ",
        b":",
        b"Event: ",
        b"Response: ",
        b"Hangup",
        b"ActionID: t-4",
        b"\0",
        b"\xff",
        b"\xc2\x85",
        "\u2028Ж".encode(),
        b"X" * 50,
    ]
)


@given(
    pieces=st.lists(PIECES | st.binary(max_size=8), max_size=80),
    step=st.integers(1, 40),
)
def test_any_bytes_are_survived_and_read_the_same_however_cut(
    pieces: list[bytes], step: int
) -> None:
    data = BANNER + b"".join(pieces)
    expected, expected_counters, reader = read([data], collect="t-4")
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    messages, counters, other = read(chunks, collect="t-4")
    assert messages == expected
    assert counters == expected_counters
    assert other.broken == reader.broken


@given(data=st.binary(max_size=400), step=st.integers(1, 40))
def test_any_first_bytes_are_survived_and_judged_the_same_however_cut(
    data: bytes, step: int
) -> None:
    _, _, reader = read([data])
    _, _, other = read([data[at : at + step] for at in range(0, len(data), step)])
    assert (other.banner, other.broken) == (reader.banner, reader.broken)


@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    step=st.integers(1, 50),
    limits=st.tuples(st.integers(8, 50), st.integers(50, 200)),
)
def test_limits_are_judged_the_same_however_tcp_cuts_the_bytes(
    sizes: list[int], step: int, limits: tuple[int, int]
) -> None:
    """A size of 0 is an empty line, so it ends a message."""
    body = b"".join(b"k: ".ljust(size, b"x")[:size] + b"\r\n" for size in sizes)
    data = BANNER + body + b"\r\n" + message("Event: Hangup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "LINE_BYTES_MAX", limits[0])
        patch.setattr(codec, "MESSAGE_BYTES_MAX", limits[1])
        expected, counters_whole, reader = read([data])
        chunks = [data[at : at + step] for at in range(0, len(data), step)]
        messages, counters, other = read(chunks)
    assert messages == expected
    assert other.broken == reader.broken
    if other.broken is None:
        assert counters == counters_whole


def test_a_character_split_over_two_segments_comes_out_whole() -> None:
    at = transcripts.NEWCHANNEL.index("Ж".encode()) + 1
    messages, _, _ = read_after_banner(transcripts.NEWCHANNEL[:at], transcripts.NEWCHANNEL[at:])
    assert [m.get("CallerIDName") for m in messages] == ["Жанна 王"]


def test_invalid_utf8_becomes_replacement_characters_and_no_line_end() -> None:
    event = one_event(transcripts.INVALID_UTF8)
    assert event.get("CallerIDNum") == "\ufffd\ufffd\ufffd10"
    assert event.get("Uniqueid") == "pbx1-1.3"


@pytest.mark.parametrize("character", ["\u2028", "\u0085", "\v", "\f", "\x1c", "\n", "\r", "\0"])
def test_only_cr_lf_ends_a_line(character: str) -> None:
    value = f"a{character}Event: Hangup"
    assert one_event(message("Event: Newchannel", f"CallerIDName: {value}")).headers == {
        "Event": "Newchannel",
        "CallerIDName": value,
    }


def test_events_nobody_wants_are_dropped_by_name() -> None:
    messages, counters, _ = read_after_banner(transcripts.VARSET, transcripts.NEWCHANNEL)
    assert names(messages) == ["Newchannel"]
    assert (counters.events, counters.events_dropped_by_name) == (2, 1)


def test_entries_of_a_collected_list_come_through_until_collecting_stops() -> None:
    counters = AmiCounters()
    reader = MessageReader(wanted=WANTED, counters=counters)
    reader.collect("t-4")
    assert names(reader.feed(BANNER + transcripts.LIST + transcripts.VARSET)) == [
        "=Success",
        "CoreShowChannel",
        "CoreShowChannelsComplete",
    ]
    reader.stop_collecting("t-4")
    assert names(reader.feed(transcripts.LIST)) == ["=Success"]


def test_a_list_entry_is_found_although_the_caller_put_another_action_id_before() -> None:
    entry = message("Event: Status", "CallerIDNum: 1", "ActionID: mine", "ActionID: t-4")
    messages, _, _ = read([BANNER, entry], collect="t-4")
    assert messages[0].get_all("ActionID") == ["mine", "t-4"]


def test_an_event_with_a_response_header_is_an_event() -> None:
    event = one_event(transcripts.ORIGINATE_RESPONSE)
    assert (event.name, event.get("Response")) == ("OriginateResponse", "Failure")


def test_two_event_headers_are_kept_and_the_first_line_names_the_event() -> None:
    event = one_event(transcripts.FORGED_HEADER)
    assert event.name == "Newchannel"
    assert event.get_all("Event") == ["Newchannel", "Hangup"]
    assert event.get("Event") == "Newchannel"
    assert event.doubled_headers == ["Event"]


def test_headers_that_asterisk_repeats_are_not_called_doubled() -> None:
    event = one_event(transcripts.NEWCHANNEL)
    assert event.get_all("ChanVariable") == ["CORD_ID=", "CORD_NEXT=q=a,b|c"]
    assert event.doubled_headers == []


def test_a_header_that_comes_three_times_keeps_all_values() -> None:
    assert one_event(message("Event: Hangup", "A: 1", "A: 2", "A: 3")).get_all("A") == list("123")


def test_the_remains_of_a_message_cut_by_a_caller_are_noise() -> None:
    messages, counters, _ = read_after_banner(transcripts.FORGED_EVENT)
    assert names(messages) == ["Newchannel", "Hangup"]
    assert counters.noise == 1


def test_lines_without_a_colon_are_counted_and_the_rest_is_used() -> None:
    messages, counters, _ = read_after_banner(
        message("Event: Hangup", "nonsense", "Empty:", "Cause: 16")
    )
    assert messages[0].headers == {"Event": "Hangup", "Empty": "", "Cause": "16"}
    assert counters.stray_lines == 1


def test_the_lines_a_command_printed_are_its_output() -> None:
    response = one_response(transcripts.COMMAND_OUTPUT)
    assert response.succeeded
    assert response.message == "Command output follows"
    assert response.output == ["Asterisk 22.10.1", "", "key: value"]


def test_a_status_that_is_not_known_is_no_success() -> None:
    response = one_response(message("Response: Perhaps", "ActionID: t-1"))
    assert (response.status, response.succeeded) == ("Perhaps", False)


def test_a_missing_header_reads_as_the_default() -> None:
    event = one_event(message("Event: Hangup"))
    assert (event.get("Cause"), event.get("Cause", "0"), event.get_all("Cause")) == ("", "0", [])


def test_channel_variables_are_told_apart_by_role_and_keep_every_sign_after_the_first_equals() -> (
    None
):
    event = one_event(transcripts.DIAL_BEGIN)
    assert event.channel_variables == {"CORD_ID": "c1"}
    assert event.channel_variables_of("Dest") == {"CORD_ID": "c1", "CORD_OFFER": "o1"}
    assert one_event(transcripts.NEWCHANNEL).channel_variables == {
        "CORD_ID": "",
        "CORD_NEXT": "q=a,b|c",
    }


def test_a_channel_variable_without_equals_is_none_and_of_two_the_last_counts() -> None:
    event = one_event(
        message(
            "Event: Hangup",
            "ChanVariable: CORD_ID=forged",
            "ChanVariable: nothing",
            "ChanVariable: CORD_ID=true",
        )
    )
    assert event.channel_variables == {"CORD_ID": "true"}


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"x" * 129])
def test_a_first_line_that_is_not_asterisks_breaks_the_reader(line: bytes) -> None:
    messages, counters, reader = read([line, transcripts.NEWCHANNEL])
    assert messages == []
    assert reader.broken == "the first line is not Asterisk's greeting"
    assert counters.framing_lost == 1


def test_a_line_of_the_greatest_length_is_read() -> None:
    value = "x" * (codec.LINE_BYTES_MAX - len("Value: "))
    assert one_event(message("Event: Hangup", f"Value: {value}")).get("Value") == value


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_a_line_that_is_too_long_breaks_the_reader(end: bytes) -> None:
    start = transcripts.NEWCHANNEL + b"Event: Hangup\r\nValue: "
    endless = start + b"x" * codec.LINE_BYTES_MAX + end
    messages, counters, reader = read_after_banner(endless, transcripts.NEWCHANNEL)
    assert names(messages) == ["Newchannel"]
    assert reader.broken == "a line is too long"
    assert counters.framing_lost == 1


@pytest.mark.parametrize("chunk", [7, 4_096, 1 << 30])
def test_a_message_that_is_too_long_is_dropped_and_counted_and_reading_goes_on(chunk: int) -> None:
    lines = [f"Output: {'x' * 1_000}"] * (3 * codec.MESSAGE_BYTES_MAX // 1_000)
    data = BANNER + message("Event: Hangup", *lines) + transcripts.NEWCHANNEL
    messages, counters, reader = read(data[at : at + chunk] for at in range(0, len(data), chunk))
    assert names(messages) == ["Newchannel"]
    assert reader.broken is None
    assert counters.messages_too_long == 1


def test_a_message_with_too_many_headers_is_dropped_and_counted() -> None:
    lines = ["A: 1"] * codec.HEADERS_MAX
    messages, counters, _ = read_after_banner(
        message("Event: Hangup", *lines),
        message("Response: Success", *lines),
        transcripts.NEWCHANNEL,
    )
    assert names(messages) == ["Newchannel"]
    assert counters.messages_with_too_many_headers == 2


@pytest.mark.parametrize("line", [b"", b"Key: value\r\n"])
def test_endless_input_takes_linear_time_and_bounded_memory(line: bytes) -> None:
    """Four megabytes in small pieces, no message end: panoramisk's reader blocked for seconds."""
    piece = line * (4_096 // len(line)) if line else b"x" * 4_096
    reader = MessageReader(wanted=WANTED, counters=AmiCounters())
    reader.feed(BANNER)
    began = time.process_time()
    for _ in range(1_024):
        reader.feed(piece)
    assert time.process_time() - began < 1
    assert len(reader._buffer) <= codec.MESSAGE_BYTES_MAX + codec.LINE_BYTES_MAX
