"""What the terminal can show."""

from io import StringIO

from lab.demo.stage import in_one_line
from lab.demo.terminal import ASCII_SIGNS, Signs, Terminal, signs_of


def test_a_text_is_cut_and_padded_by_cells_not_characters() -> None:
    signs = Signs()

    assert signs.fitted("陈晓", 6) == "陈晓  "
    assert signs.fitted("陈晓晓", 5) == "陈晓…"
    assert signs.fitted("陈晓晓", 4) == "陈… "
    assert signs.fitted("7 s", 5, right=True) == "  7 s"
    assert ASCII_SIGNS.fitted("陈晓 calls", 6) == "?? c.."


def test_an_encoding_without_our_signs_gets_ascii_ones() -> None:
    assert signs_of("latin-1") is ASCII_SIGNS
    assert signs_of("no-such-encoding") is ASCII_SIGNS
    assert signs_of("utf-8").arrow == "→"


def test_what_is_no_terminal_gets_lines_of_a_hundred_columns() -> None:
    terminal = Terminal(StringIO())

    assert (terminal.live, terminal.width) == (False, 100)


def test_a_programs_last_word_is_kept_of_what_it_said() -> None:
    said = "the daemon ended with status 1: starting\nthe port is taken\n"

    assert in_one_line(said) == "the daemon ended with status 1: the port is taken"
    assert in_one_line("it said nothing") == "it said nothing"
