"""The conversation, fed with what Asterisk 22 was recorded to write."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.agi import codec as codec_module
from protocols.agi.codec import TRANSITIONS, AgiCodec, AgiEvent, HangupSeen, Phase, ProtocolBroken
from protocols.agi.commands import (
    AgiCommand,
    execute,
    get_variable,
    hangup,
    noop,
    set_music,
    set_variable,
    stream_file,
    wait_for_digit,
)
from protocols.agi.errors import (
    AgiError,
    BadEnvironmentError,
    ChannelGoneError,
    CommandRunningError,
    IllegalTransitionError,
    LineTooLongError,
    LocalProtocolError,
    RemoteProtocolError,
    SessionEndedError,
    UnexpectedLineError,
)
from protocols.agi.limits import AgiLimits
from protocols.agi.replies import AgiReply, Interrupted
from protocols.agi.request import AgiRequest
from tests.fakes.agi_client import environment, opening_block

OPENING = opening_block(environment())
LIMITS = AgiLimits()
INTERRUPT = "interrupt"
DIAL = execute("Dial", "PJSIP/a1,20,mg")
USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b"Sets a variable to the current channel.\n"
    b"520 End of proper usage.\n"
)

Step = bytes | AgiCommand | str
Cut = Callable[[bytes], Iterator[bytes]]


def done(result: str = "0") -> AgiReply:
    return AgiReply(code=200, result=result)


def played(result: str, endpos: int) -> AgiReply:
    return AgiReply(code=200, result=result, endpos=endpos)


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    for position in range(len(data)):
        yield data[position : position + 1]


def play(steps: Sequence[Step], cut: Cut, codec: AgiCodec) -> list[AgiEvent]:
    events: list[AgiEvent] = []
    for step in steps:
        match step:
            case bytes():
                for piece in cut(step):
                    events += codec.receive(piece)
            case AgiCommand():
                assert codec.send(step) == step.wire
            case _:
                assert codec.interrupt() == b"NOOP\n"
    return events


def opened() -> AgiCodec:
    codec = AgiCodec(LIMITS)
    (request,) = codec.receive(OPENING)
    assert isinstance(request, AgiRequest)
    return codec


@dataclass(frozen=True)
class Recorded:
    """One conversation after the opening block, and what it means."""

    steps: tuple[Step, ...]
    events: tuple[AgiEvent, ...]
    phase: Phase = Phase.IDLE


RECORDED = {
    "commands are answered one by one": Recorded(
        (
            set_music(on=True),
            b"200 result=0\n",
            set_variable("X", "1"),
            b"200 result=1\n",
            get_variable("X"),
            b"200 result=1 (1)\n",
            get_variable("Y"),
            b"200 result=0\n",
            execute("Nope"),
            b"200 result=-2\n",
        ),
        (
            done(),
            done("1"),
            AgiReply(code=200, result="1", value="1"),
            done(),
            done("-2"),
        ),
    ),
    "a key is pressed": Recorded((wait_for_digit(), b"200 result=53\n"), (done("53"),)),
    "no key is pressed in time": Recorded((wait_for_digit(100), b"200 result=0\n"), (done(),)),
    "a file plays to its end": Recorded(
        (stream_file("/p/a", ""), b"200 result=0 endpos=4000\n"), (played("0", 4000),)
    ),
    "a file is absent": Recorded(
        (stream_file("/p/a", ""), b"200 result=-1 endpos=0\n"), (played("-1", 0),)
    ),
    "waiting for a key is interrupted": Recorded(
        (wait_for_digit(), INTERRUPT, b"200 result=1\n200 result=0\n", DIAL, b"200 result=0\n"),
        (Interrupted(), done()),
    ),
    "a key is pressed while we interrupt": Recorded(
        (wait_for_digit(), INTERRUPT, b"200 result=53\n200 result=0\n"), (done("53"),)
    ),
    "the time is over while we interrupt": Recorded(
        (wait_for_digit(9), INTERRUPT, b"200 result=0\n200 result=0\n"), (done(),)
    ),
    "a file is interrupted": Recorded(
        (stream_file("/p/a", "1"), INTERRUPT, b"200 result=0\n", DIAL, b"200 result=0\n"),
        (Interrupted(), done()),
    ),
    "a file ends while we interrupt": Recorded(
        (stream_file("/p/a", "1"), INTERRUPT, b"200 result=0 endpos=4000\n200 result=0\n"),
        (played("0", 4000),),
    ),
    "a key stops a file while we interrupt": Recorded(
        (stream_file("/p/a", "1"), INTERRUPT, b"200 result=49 endpos=80\n200 result=0\n"),
        (played("49", 80),),
    ),
    "a file interrupts a file": Recorded(
        (
            stream_file("/p/a", "1"),
            INTERRUPT,
            b"200 result=0\n",
            stream_file("/p/b", "1"),
            b"200 result=0 endpos=4000\n",
        ),
        (Interrupted(), played("0", 4000)),
    ),
    "an interruption needs three NOOPs": Recorded(
        (
            wait_for_digit(),
            INTERRUPT,
            INTERRUPT,
            INTERRUPT,
            b"200 result=1\n",
            b"200 result=0\n200 result=0\n200 result=0\n",
        ),
        (Interrupted(),),
    ),
    "a file needs two NOOPs": Recorded(
        (stream_file("/p/a", "1"), INTERRUPT, INTERRUPT, b"200 result=0\n200 result=0\n"),
        (Interrupted(),),
    ),
    "an interruption is not complete before the last NOOP's answer": Recorded(
        (wait_for_digit(), INTERRUPT, INTERRUPT, b"200 result=1\n200 result=0\n"),
        (Interrupted(),),
        Phase.INTERRUPTING,
    ),
    "a channel dies that a file was to be played to": Recorded(
        (
            stream_file("/p/a", "1"),
            INTERRUPT,
            b"511 Command Not Permitted on a dead channel or intercept routine\n200 result=0\n",
        ),
        (AgiReply(code=511, text="Command Not Permitted on a dead channel or intercept routine"),),
    ),
    "the caller hangs up while waiting": Recorded(
        (wait_for_digit(), b"200 result=-1\nHANGUP\nHANGUP\n"), (done("-1"), HangupSeen())
    ),
    "the caller hangs up while we interrupt": Recorded(
        (wait_for_digit(), INTERRUPT, b"200 result=-1\nHANGUP\nHANGUP\n"),
        (done("-1"), HangupSeen()),
        Phase.INTERRUPTING,
    ),
    "the caller hangs up while nothing runs": Recorded((b"HANGUP\n",), (HangupSeen(),)),
    "a command is answered on a dead channel": Recorded(
        (get_variable("X"), b"HANGUP\n200 result=0\n"), (HangupSeen(), done())
    ),
    "a usage text has many lines": Recorded(
        (set_variable("X", "1"), USAGE, noop(), b"200 result=0\n"),
        (AgiReply(code=520, text=USAGE.decode().removesuffix("\n")), done()),
    ),
    "a usage text is not available": Recorded(
        (noop(), b"520 Invalid command syntax.  Proper usage not available.\n"),
        (AgiReply(code=520, text="Invalid command syntax.  Proper usage not available."),),
    ),
    "a command is not known": Recorded(
        (noop(), b"510 Invalid or unknown command\n"),
        (AgiReply(code=510, text="Invalid or unknown command"),),
    ),
    "an answer is announced": Recorded((DIAL, b"100 Trying...\n", b"200 result=0\n"), (done(),)),
    "a command was interrupted by something else": Recorded(
        (wait_for_digit(), b"200 result=1\n"), (Interrupted(),)
    ),
    "a value holds brackets": Recorded(
        (get_variable("X"), b"200 result=1 (a) (b)\n"),
        (AgiReply(code=200, result="1", value="a) (b"),),
    ),
    "a value that looks like a file's end is a value": Recorded(
        (get_variable("X"), b"200 result=1 (200 result=0 endpos=1)\n"),
        (AgiReply(code=200, result="1", value="200 result=0 endpos=1"),),
    ),
}

BROKEN: dict[str, tuple[tuple[Step, ...], type[RemoteProtocolError]]] = {
    "a value with a line feed": (
        (get_variable("X"), b"200 result=1 (a\nb)\n"),
        UnexpectedLineError,
    ),
    "a value that ends like one": (
        (get_variable("X"), b"200 result=1 (a)\nb)\n"),
        UnexpectedLineError,
    ),
    "a value that forges an answer": (
        (get_variable("X"), b"200 result=1 (a)\n200 result=0\n)\n"),
        UnexpectedLineError,
    ),
    "a value that forges the rest of an answer": (
        (get_variable("X"), b"200 result=1 (a)\n", noop(), b"200 result=0)\n"),
        UnexpectedLineError,
    ),
    "an answer to nothing": ((b"200 result=0\n",), UnexpectedLineError),
    "the rest of an opening block": ((b"agi_callingpres: 0\n",), UnexpectedLineError),
    "a file's answer to another command": (
        (noop(), b"200 result=0 endpos=1\n"),
        UnexpectedLineError,
    ),
    "a plain answer to a file": (
        (stream_file("/p/a", ""), b"200 result=0\n"),
        UnexpectedLineError,
    ),
    "a NOOP that does something": (
        (wait_for_digit(), INTERRUPT, b"200 result=1\n200 result=7\n"),
        UnexpectedLineError,
    ),
    "a failed NOOP": (
        (stream_file("/p/a", ""), INTERRUPT, b"200 result=0 endpos=1\n511 Dead\n"),
        UnexpectedLineError,
    ),
    "an interrupted file with a strange answer": (
        (stream_file("/p/a", ""), INTERRUPT, b"200 result=7\n"),
        UnexpectedLineError,
    ),
    "an endless usage text": (
        (noop(), b"520-Proper usage follows:\n" + b"more\n" * 200),
        UnexpectedLineError,
    ),
    "a line that is too long": ((noop(), b"200 result=1 (" + b"x" * 8192), LineTooLongError),
    "a whole line that is too long": (
        (get_variable("X"), b"200 result=1 (" + b"x" * 8192 + b")\n"),
        LineTooLongError,
    ),
}


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED.keys())
def test_a_recorded_conversation_means_what_happened(recorded: Recorded, cut: Cut) -> None:
    codec = opened()

    assert play(recorded.steps, cut, codec) == list(recorded.events)
    assert codec.phase is recorded.phase
    assert codec.hung_up is (HangupSeen() in recorded.events)


@given(recorded=st.sampled_from(list(RECORDED.values())), data=st.data())
def test_pieces_of_any_size_mean_the_same(recorded: Recorded, data: st.DataObject) -> None:
    def cut(text: bytes) -> Iterator[bytes]:
        cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
        for start, stop in itertools.pairwise([0, *cuts, len(text)]):
            yield text[start:stop]

    codec = AgiCodec(LIMITS)

    request, *events = play([OPENING, *recorded.steps], cut, codec)

    assert isinstance(request, AgiRequest)
    assert events == list(recorded.events)
    assert codec.phase is recorded.phase


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize(("steps", "kind"), BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_the_protocol_ends_the_conversation(
    steps: tuple[Step, ...], kind: type[RemoteProtocolError], cut: Cut
) -> None:
    codec = opened()

    broken = play(steps, cut, codec)[-1]

    assert isinstance(broken, ProtocolBroken)
    assert type(broken.error) is kind
    assert broken.error.line
    assert codec.phase is Phase.ENDED
    assert codec.receive(b"HANGUP\n200 result=0\n") == []


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
def test_an_opening_block_that_is_forged_never_becomes_a_request(cut: Cut) -> None:
    codec = AgiCodec(LIMITS)
    block = opening_block(environment(changes={"agi_callerid": "10\n\nEvent: Hangup"}))

    (broken,) = play([block], cut, codec)

    assert isinstance(broken, ProtocolBroken)
    assert type(broken.error) is BadEnvironmentError


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_no_bytes_make_it_raise(pieces: list[bytes], is_open: bool) -> None:
    codec = opened() if is_open else AgiCodec(LIMITS)
    events = list(itertools.chain.from_iterable(codec.receive(piece) for piece in pieces))

    assert all(isinstance(event, HangupSeen | ProtocolBroken) for event in events)
    assert sum(isinstance(event, ProtocolBroken) for event in events) <= 1


ANY_STEP: list[Step] = [
    b"200 result=0\n",
    b"200 result=1\n",
    b"200 result=5 endpos=1\n",
    b"200 result=1 (x)\n",
    b"100 Trying...\n",
    b"511 Dead\n",
    b"HANGUP\n",
    USAGE,
    DIAL,
    get_variable("X"),
    wait_for_digit(),
    stream_file("/p/a", "1"),
    INTERRUPT,
]


@given(st.lists(st.sampled_from(ANY_STEP), max_size=30))
def test_every_command_ends_at_most_once_whatever_comes(steps: list[Step]) -> None:
    codec = opened()
    begun = ended = 0
    for step in steps:
        match step:
            case bytes():
                events = codec.receive(step)
                ended += sum(isinstance(event, AgiReply | Interrupted) for event in events)
            case AgiCommand():
                begun += _is_taken(codec.send, step)
            case _:
                _is_taken(codec.interrupt)

    unanswered = codec.phase in (Phase.RUNNING, Phase.INTERRUPTING, Phase.ENDED)
    assert ended == begun or (ended == begun - 1 and unanswered)


def _is_taken(act: Callable[..., bytes], *arguments: AgiCommand) -> bool:
    try:
        act(*arguments)
    except AgiError:
        return False
    return True


@pytest.mark.parametrize("running", [DIAL, wait_for_digit(), stream_file("/p/a", "")])
def test_a_second_command_is_refused_while_one_is_unanswered(running: AgiCommand) -> None:
    codec = opened()
    codec.send(running)

    with pytest.raises(CommandRunningError, match="HANGUP: another command is unanswered"):
        codec.send(hangup())


def test_a_command_is_refused_until_the_last_noop_is_answered() -> None:
    codec = opened()
    play([wait_for_digit(), INTERRUPT, b"200 result=1\n"], whole, codec)

    with pytest.raises(CommandRunningError):
        codec.send(DIAL)


def test_what_is_not_interruptible_is_not_interrupted() -> None:
    codec = opened()
    codec.send(DIAL)

    with pytest.raises(CommandRunningError):
        codec.interrupt()
    assert codec.phase is Phase.RUNNING


def test_nothing_is_interrupted_when_nothing_runs() -> None:
    with pytest.raises(LocalProtocolError, match="not in the phase idle"):
        opened().interrupt()


def test_no_command_is_taken_before_the_opening_block_is_complete() -> None:
    with pytest.raises(LocalProtocolError, match="not in the phase environment"):
        AgiCodec(LIMITS).send(noop())


def test_no_command_is_taken_after_hangup() -> None:
    codec = opened()
    play([wait_for_digit(), b"HANGUP\n"], whole, codec)

    with pytest.raises(ChannelGoneError):
        codec.send(noop())
    with pytest.raises(ChannelGoneError):
        codec.interrupt()


def test_no_command_is_taken_after_the_end() -> None:
    codec = opened()
    codec.end()
    codec.end()

    with pytest.raises(SessionEndedError):
        codec.send(noop())
    with pytest.raises(SessionEndedError):
        codec.interrupt()


def test_a_step_that_the_table_lacks_is_our_defect() -> None:
    codec = opened()

    with pytest.raises(IllegalTransitionError, match="no step from idle to interrupting"):
        codec._become(Phase.INTERRUPTING)


def test_every_phase_can_end_and_none_comes_back() -> None:
    assert {old for old, new in TRANSITIONS if new is Phase.ENDED} == set(Phase) - {Phase.ENDED}
    assert not [new for old, new in TRANSITIONS if old is Phase.ENDED]
    assert not [old for old, new in TRANSITIONS if new is Phase.ENVIRONMENT]


def test_the_readme_has_the_table_as_it_is() -> None:
    readme = Path(codec_module.__file__).with_name("README.md").read_text(encoding="utf-8")
    table = "".join(
        f"| {old.value} | {new.value} | {why} |\n" for (old, new), why in TRANSITIONS.items()
    )

    assert f"|---|---|---|\n{table}\n" in readme


def test_only_the_beginning_of_an_offending_line_is_kept() -> None:
    broken = opened().receive(b"x" * 1000 + b"\n")[-1]

    assert isinstance(broken, ProtocolBroken)
    assert broken.error.line == b"x" * 80
