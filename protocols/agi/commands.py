"""
The commands we give Asterisk, as frozen values that cannot break their line.

Decides quoting and what may stand in a line; knows nothing of sessions. A raw line feed in a value
would make Asterisk run the rest as the next command, an unquoted blank would cut the value, a line
over 8,191 bytes would be run in two parts: all of it measured, so all of it is refused or quoted
here, before anything is written. Values are never evaluated by Asterisk: AGI substitutes no `${}`
unless AGIEXECFULL is set on the channel, which nobody must do.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from protocols.agi.errors import CommandRefusedError, CommandTooLongError

COMMAND_BYTES_MAX: Final = 8_191
"""The longest line that Asterisk reads at once, in bytes, its newline included."""
FOREVER_MS: Final = -1
"""The time limit of a `wait_for_digit` that only a key, an interruption or a hangup ends."""
MILLISECONDS_MAX: Final = 2**31 - 1
"""The longest time limit: Asterisk keeps it in a C int."""
SEPARATOR: Final = "|"
"""What stands between the values of `get_variables`."""

_LINE_ENDERS = re.compile(r"[\r\n\0]")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}(?:\([A-Za-z0-9_.,:/-]{0,100}\))?")
_APPLICATION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_MUSIC_CLASS = re.compile(r"[A-Za-z0-9_-]{1,79}")
_STOP_KEYS = re.compile(r"[0-9*#A-D]{0,16}")
_VERBOSE_LEVELS = range(1, 5)


class AnswerForm(Enum):
    """What the answer to a command looks like, which is how answers are told apart."""

    PLAIN = auto()
    """`200 result=N`"""
    VALUE = auto()
    """`200 result=1 (the value)`, or `200 result=0` when it is not set"""
    KEY = auto()
    """`200 result=N`: a key's ASCII code, 0 at the time limit, 1 when interrupted"""
    PLAYBACK = auto()
    """`200 result=N endpos=M`, or no line at all when interrupted"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiCommand:
    """One command, ready to be written. Built by the functions of this module only."""

    name: str
    """The command's words, such as `SET VARIABLE`, for logs and messages."""
    answer_form: AnswerForm = AnswerForm.PLAIN
    wire: bytes = field(repr=False)
    """The whole line with its newline; may hold numbers and names."""

    @property
    def interruptible(self) -> bool:
        """Tell whether the next command may interrupt this one while it runs."""
        return self.answer_form in (AnswerForm.KEY, AnswerForm.PLAYBACK)


def set_variable(name: str, value: str) -> AgiCommand:
    """
    Set a channel variable or function, such as `CORD_STATE` or `CALLERID(name)`, to a text.

    Raises:
        CommandRefusedError: the name is not of the allowed form, or the value cannot be written.
    """
    return _command("SET VARIABLE", _matching(_VARIABLE, name, "a variable's name"), _quoted(value))


def get_variable(name: str) -> AgiCommand:
    """
    Ask for a channel variable or function; the reply's `value` is None when it is not set.

    Never ask for what was filled from outside without FILTER: a line feed in a value ends the
    session, because the lines after it cannot be told from answers.

    Raises:
        CommandRefusedError: the name is not of the allowed form.
    """
    return _command(
        "GET VARIABLE",
        _matching(_VARIABLE, name, "a variable's name"),
        answer_form=AnswerForm.VALUE,
    )


def get_variables(*names: str) -> AgiCommand:
    """
    Ask for several channel variables at once: the reply's `value` has `SEPARATOR` between theirs.

    Each costs a command otherwise. One that is not set is empty; one that may hold the separator
    goes last. What was filled from outside is not to be asked for, as with `get_variable`.

    Raises:
        CommandRefusedError: a name is not of the allowed form.
    """
    asked = [_matching(_VARIABLE, name, "a variable's name") for name in names]
    return _command(
        "GET FULL VARIABLE",
        SEPARATOR.join(f"${{{name}}}" for name in asked),
        answer_form=AnswerForm.VALUE,
    )


def get_part(name: str, first: int, length: int | None = None) -> AgiCommand:
    """
    Ask for a part of what may be longer than the 1,023 bytes that `get_variable` can be told.

    Args:
        name: A channel variable or function.
        first: Where the part begins, in bytes; negative: so many before the end.
        length: How many bytes, or all that follow.

    Raises:
        CommandRefusedError: the name is not of the allowed form.
    """
    asked = _matching(_VARIABLE, name, "a variable's name")
    part = f":{int(first)}" + ("" if length is None else f":{int(length)}")
    return _command("GET FULL VARIABLE", f"${{{asked}{part}}}", answer_form=AnswerForm.VALUE)


def stream_file(path: str, stop_keys: str) -> AgiCommand:
    """
    Play a sound file until its end, a stop key, or the next command. Ends the music for good.

    The path is absolute or below Asterisk's sounds, without the file's extension. Keys that are
    not among the stop keys are lost while the file plays.

    Raises:
        CommandRefusedError: an empty path, one that cannot be written, or an unknown key.
    """
    if not path:
        raise CommandRefusedError("a sound file needs a path")
    return _command(
        "STREAM FILE",
        _quoted(path),
        f'"{_matching(_STOP_KEYS, stop_keys, "the stop keys")}"',
        answer_form=AnswerForm.PLAYBACK,
    )


def wait_for_digit(timeout_ms: int = FOREVER_MS) -> AgiCommand:
    """
    Wait for one key, for so many milliseconds or `FOREVER_MS`; the next command interrupts it.

    Raises:
        CommandRefusedError: the time is negative, or longer than Asterisk can count.
    """
    if not FOREVER_MS <= timeout_ms <= MILLISECONDS_MAX:
        raise CommandRefusedError("the time to wait for a key is out of range")
    return _command("WAIT FOR DIGIT", str(int(timeout_ms)), answer_form=AnswerForm.KEY)


def set_music(*, on: bool, music_class: str = "default") -> AgiCommand:
    """
    Start or stop the music on hold of this class. It plays on while `wait_for_digit` waits.

    Raises:
        CommandRefusedError: the class is not of the allowed form.
    """
    return _command(
        "SET MUSIC",
        "on" if on else "off",
        _matching(_MUSIC_CLASS, music_class, "a class of music"),
    )


def execute(application: str, options: str = "") -> AgiCommand:
    """
    Run a dialplan application, such as `Dial` with `PJSIP/a1,20,mg`. Cannot be interrupted.

    The options are always quoted: without, Asterisk takes only their first word and reports
    success.

    Raises:
        CommandRefusedError: the application's name is not of the allowed form, or the options
            cannot be written.
    """
    return _command(
        "EXEC", _matching(_APPLICATION, application, "an application's name"), _quoted(options)
    )


def answer() -> AgiCommand:
    """Answer the caller's channel; harmless when it is answered already."""
    return _command("ANSWER")


def hangup() -> AgiCommand:
    """Hang up the caller's channel. The session ends by itself a moment later."""
    return _command("HANGUP")


def noop() -> AgiCommand:
    """Do nothing, and be answered: shows that Asterisk reads what we write."""
    return _command("NOOP")


def verbose(message: str, level: int = 1) -> AgiCommand:
    """
    Write a message into Asterisk's own log, at a level from 1 to 4.

    Raises:
        CommandRefusedError: the message cannot be written, or there is no such level.
    """
    if level not in _VERBOSE_LEVELS:
        raise CommandRefusedError("Asterisk has verbose levels 1 to 4")
    return _command("VERBOSE", _quoted(message), str(level))


def _command(name: str, *words: str, answer_form: AnswerForm = AnswerForm.PLAIN) -> AgiCommand:
    try:
        wire = (" ".join((name, *words)) + "\n").encode()
    except UnicodeEncodeError as error:
        raise CommandRefusedError(f"{name}: a text that is not Unicode") from error
    if len(wire) > COMMAND_BYTES_MAX:
        raise CommandTooLongError(f"{name}: {len(wire)} bytes, allowed are {COMMAND_BYTES_MAX}")
    return AgiCommand(name=name, answer_form=answer_form, wire=wire)


def _quoted(text: str) -> str:
    if _LINE_ENDERS.search(text):
        raise CommandRefusedError("a value must not hold CR, LF or NUL")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise CommandRefusedError(f"not of the form of {what}: {pattern.pattern}")
    return text
