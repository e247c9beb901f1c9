import pytest

from protocols.agi.commands import (
    COMMAND_BYTES_MAX,
    MILLISECONDS_MAX,
    AgiCommand,
    answer,
    execute,
    get_part,
    get_variable,
    get_variables,
    hangup,
    noop,
    set_music,
    set_variable,
    stream_file,
    verbose,
    wait_for_digit,
)
from protocols.agi.errors import CommandRefusedError, CommandTooLongError


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (set_variable("CORD_STATE", "q:3"), b'SET VARIABLE CORD_STATE "q:3"\n'),
        (set_variable("CORD_STATE", ""), b'SET VARIABLE CORD_STATE ""\n'),
        (set_variable("__CORD_ID", "x"), b'SET VARIABLE __CORD_ID "x"\n'),
        (set_variable("CALLERID(name)", "王"), 'SET VARIABLE CALLERID(name) "王"\n'.encode()),
        (get_variable("DIALSTATUS"), b"GET VARIABLE DIALSTATUS\n"),
        (get_variables("A", "CHANNEL(state)"), b"GET FULL VARIABLE ${A}|${CHANNEL(state)}\n"),
        (get_part("F(read,From)", -900), b"GET FULL VARIABLE ${F(read,From):-900}\n"),
        (get_part("A", 0, 900), b"GET FULL VARIABLE ${A:0:900}\n"),
        (stream_file("/p/a b", "0123456789*#"), b'STREAM FILE "/p/a b" "0123456789*#"\n'),
        (stream_file("/p/a", ""), b'STREAM FILE "/p/a" ""\n'),
        (wait_for_digit(), b"WAIT FOR DIGIT -1\n"),
        (wait_for_digit(1500), b"WAIT FOR DIGIT 1500\n"),
        (wait_for_digit(MILLISECONDS_MAX), b"WAIT FOR DIGIT 2147483647\n"),
        (set_music(on=True), b"SET MUSIC on default\n"),
        (set_music(on=False, music_class="jazz"), b"SET MUSIC off jazz\n"),
        (execute("Dial", "PJSIP/a1,20,mg"), b'EXEC Dial "PJSIP/a1,20,mg"\n'),
        (execute("Ringing"), b'EXEC Ringing ""\n'),
        (answer(), b"ANSWER\n"),
        (hangup(), b"HANGUP\n"),
        (noop(), b"NOOP\n"),
        (verbose("daemon here", 3), b'VERBOSE "daemon here" 3\n'),
    ],
)
def test_a_command_is_written_as_asterisk_reads_it(command: AgiCommand, wire: bytes) -> None:
    assert wire == command.wire


def test_quotes_and_backslashes_are_escaped_and_nothing_else() -> None:
    value = 'say "hi" \\ back\t${SHELL(id)},$[1+1];|&()'

    assert (
        set_variable("X", value).wire
        == b'SET VARIABLE X "say \\"hi\\" \\\\ back\t${SHELL(id)},$[1+1];|&()"\n'
    )


@pytest.mark.parametrize("ender", ["\r", "\n", "\0"])
def test_what_would_end_the_line_is_refused_in_every_value(ender: str) -> None:
    value = f"a{ender}HANGUP"
    with pytest.raises(CommandRefusedError, match="CR, LF or NUL"):
        set_variable("X", value)
    with pytest.raises(CommandRefusedError, match="CR, LF or NUL"):
        execute("Dial", value)
    with pytest.raises(CommandRefusedError, match="CR, LF or NUL"):
        stream_file(value, "")
    with pytest.raises(CommandRefusedError, match="CR, LF or NUL"):
        verbose(value)


@pytest.mark.parametrize("ender", ["\r", "\n", "\0", " ", '"', "\n "])
def test_what_would_end_a_word_is_refused_in_every_name(ender: str) -> None:
    name = f"A{ender}"
    with pytest.raises(CommandRefusedError, match="a variable's name"):
        set_variable(name, "x")
    with pytest.raises(CommandRefusedError, match="a variable's name"):
        get_variable(name)
    with pytest.raises(CommandRefusedError, match="an application's name"):
        execute(name, "x")
    with pytest.raises(CommandRefusedError, match="a class of music"):
        set_music(on=True, music_class=name)
    with pytest.raises(CommandRefusedError, match="the stop keys"):
        stream_file("/p/a", f"1{ender}")


@pytest.mark.parametrize("name", ["", "1A", "${X}", "A(b", "A(b)c", "A" * 81, "___A"])
def test_a_variable_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(CommandRefusedError):
        get_variable(name)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(CommandRefusedError, match="SET VARIABLE: a text that is not Unicode"):
        set_variable("X", "\ud800")


def test_the_longest_line_that_asterisk_reads_is_allowed_and_one_byte_more_is_not() -> None:
    room = COMMAND_BYTES_MAX - len(b'SET VARIABLE X ""\n')

    assert len(set_variable("X", "x" * room).wire) == COMMAND_BYTES_MAX
    with pytest.raises(CommandTooLongError, match="8192 bytes"):
        set_variable("X", "x" * (room + 1))
    with pytest.raises(CommandTooLongError):
        set_variable("X", "é" * (room // 2 + 1))


@pytest.mark.parametrize("timeout_ms", [-2, MILLISECONDS_MAX + 1])
def test_a_time_that_asterisk_cannot_count_is_refused(timeout_ms: int) -> None:
    with pytest.raises(CommandRefusedError):
        wait_for_digit(timeout_ms)


def test_a_file_without_a_path_is_refused() -> None:
    with pytest.raises(CommandRefusedError):
        stream_file("", "")


@pytest.mark.parametrize("level", [0, 5])
def test_a_verbose_level_that_asterisk_has_not_is_refused(level: int) -> None:
    with pytest.raises(CommandRefusedError):
        verbose("hello", level)


def test_only_waiting_for_a_key_and_playing_a_file_can_be_interrupted() -> None:
    commands = [
        wait_for_digit(),
        stream_file("/p/a", ""),
        execute("Wait", "1"),
        set_variable("X", "1"),
        get_variable("X"),
        set_music(on=True),
        answer(),
        hangup(),
        noop(),
        verbose("hello"),
    ]

    assert [c.name for c in commands if c.interruptible] == ["WAIT FOR DIGIT", "STREAM FILE"]


def test_a_command_does_not_show_its_values() -> None:
    assert "5551234" not in repr(set_variable("X", "5551234"))
