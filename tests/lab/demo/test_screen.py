"""The live picture: what stands where at which size, and that every line fits whatever is in it."""

import errno
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from acd.facts import AgentLoggedOff
from lab.demo import screen, sections, story, words
from lab.demo.canvas import Canvas
from lab.demo.terminal import ASCII_SIGNS, ReaderGoneError, Signs, Terminal
from tests.lab.demo.pictures import DRAWINGS, draw, drawn_before
from tests.lab.demo.scenes import CHEN, RUSH, RUSHING, STORY, killed, picture

SIZES = [(80, 24), (120, 40), (100, 34), (200, 60), (150, 20), (60, 30), (40, 10), (20, 3), (1, 1)]


@pytest.mark.parametrize("name", DRAWINGS)
async def test_the_picture_is_the_one_that_was_looked_at(name: str) -> None:
    assert drawn_before(name) == await draw(DRAWINGS[name])


@pytest.mark.parametrize("signs", [Signs(), ASCII_SIGNS], ids=["unicode", "ascii"])
@pytest.mark.parametrize(
    "changes", [{}, killed(), {"addresses": True}], ids=["plain", "killed", "addresses"]
)
@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_picture_fits_every_terminal(
    width: int, height: int, changes: dict[str, Any], signs: Signs
) -> None:
    lines = [line.plain for line in (await picture(signs, **changes)).lines(width, height)]

    assert len(lines) == height
    assert [line for line in lines if cell_len(line) > width] == []
    if signs is ASCII_SIGNS:
        assert "".join(lines).isascii()


def row(lines: list[str], begins: str) -> str:
    """Return the line that begins so."""
    (found,) = [line for line in lines if line.startswith(begins)]
    return found


LONG = "很长的翻译"


def longer(text: str) -> str:
    return text + LONG


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_picture_fits_in_a_language_of_longer_and_wider_words(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (screen, sections, story):
        monkeypatch.setattr(module, "_", longer)
        monkeypatch.setattr(module, "ngettext", lambda one, _many, _count: longer(one))
    for table in ("STANDINGS", "PLACES", "OUTCOMES"):
        spoken = {name: longer(word) for name, word in getattr(words, table).items()}
        monkeypatch.setattr(sections, table, spoken)
    lines = [line.plain for line in (await picture()).lines(width, height)]

    assert [line for line in lines if cell_len(line) > width] == []
    assert height < 20 or LONG in "".join(lines)


async def test_columns_stay_in_line_when_words_get_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = {name: longer(word) for name, word in words.STANDINGS.items()}
    monkeypatch.setattr(sections, "STANDINGS", wide)
    lines = [line.plain for line in (await picture()).lines(100, 34)]
    agents = [line for line in lines if line.startswith(("Ann Archer", "Ben Baker", "陈晓"))]
    times = [cell_len(line[: line.index("0:")]) for line in agents]

    assert [times[0]] * 3 == times


async def test_no_row_of_agents_and_no_heading_moves_when_the_daemon_dies() -> None:
    said = {"captions": killed()["captions"], "caption": "Now the daemon is killed."}
    before = [line.plain for line in (await picture(**said)).lines(80, 24)]
    after = [line.plain for line in (await picture(**killed())).lines(80, 24)]
    headings = ("CALLERS", "AGENTS", "Ann Archer", "陈晓", "DECISIONS", "ENDED")

    for heading in headings:
        assert [line.startswith(heading) for line in before] == [
            line.startswith(heading) for line in after
        ]


async def test_callers_without_a_row_are_named_in_the_last_one() -> None:
    drawn = await picture(steps=RUSH)
    rows = [line.plain.rstrip() for line in drawn.lines(80, 24)]
    callers = rows[rows.index(row(rows, "CALLERS")) + 1 : rows.index(row(rows, "AGENTS"))]

    shown = [name for name in RUSHING.values() if any(line.startswith(name) for line in callers)]

    assert len(shown) == len(callers) - 1
    assert callers[-1].startswith(f"and {len(RUSHING) - len(shown)} more: ")
    assert callers[-1].split(": ")[1].split(" · ") == list(RUSHING.values())[len(shown) :]


async def test_who_is_not_at_work_is_counted_in_a_small_terminal_and_shown_in_a_large_one() -> None:
    drawn = await picture(steps=[*STORY, (39, AgentLoggedOff(agent=CHEN))])
    small = [line.plain for line in drawn.lines(80, 24)]
    large = [line.plain for line in drawn.lines(100, 40)]

    assert row(small, "AGENTS").endswith(" 1 not at work")
    assert [line for line in small if line.startswith("陈晓")] == []
    assert "not at work" in row(large, "陈晓")


@pytest.mark.parametrize("width", [81, 101, 139, 140, 149, 150, 204])
async def test_all_of_a_terminals_width_is_used(width: int) -> None:
    lines = [line.plain for line in (await picture()).lines(width, 40)]

    assert max(map(cell_len, lines)) == width


async def test_a_decision_in_one_line_leaves_out_what_has_no_room() -> None:
    narrow, wide = [
        [line.plain for line in (await picture()).lines(width, 24)][-8:] for width in (80, 139)
    ]

    assert [line for line in narrow if line.endswith("…")] == []
    assert narrow != wide


async def test_a_decision_that_a_replay_would_not_make_is_said_aloud() -> None:
    drawn = await picture()
    drawn.scene = type(drawn.scene)(
        floor=drawn.scene.floor,
        calls=(),
        turns=(),
        callers={},
        decisions=9,
        disagreements=1,
    )

    assert "1 of 9 comes out otherwise in the replay" in "".join(
        line.plain for line in drawn.lines(80, 24)
    )


class Tube(StringIO):
    """A stream that takes itself for a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def tube(monkeypatch: pytest.MonkeyPatch) -> Tube:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Tube()


def test_only_lines_that_changed_are_written_again(tube: Tube) -> None:
    with Canvas(Terminal(tube)) as canvas:
        canvas.paint([Text("one"), Text("two")])
        first = tube.tell()
        canvas.paint([Text("one"), Text("two")])
        unchanged = tube.tell()
        canvas.paint([Text("one"), Text("three", style="red")])

    assert unchanged == first
    written = tube.getvalue()[first:]
    assert "three" in written
    assert "one" not in written


def test_lines_that_are_gone_are_erased_and_a_new_size_begins_with_an_empty_screen(
    tube: Tube,
) -> None:
    terminal = Terminal(tube)
    with Canvas(terminal) as canvas:
        canvas.paint([Text("one"), Text("two")])
        first = tube.tell()
        canvas.paint([Text("one")])
        assert tube.getvalue()[first:] == "\x1b[2;1H\x1b[0m\x1b[2K"
        terminal.width = 60
        resized = tube.tell()
        canvas.paint([Text("one")])

    assert tube.getvalue()[resized:].startswith("\x1b[0m\x1b[2J\x1b[1;1H")


def test_without_colours_there_are_none(tube: Tube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with Canvas(Terminal(tube)) as canvas:
        canvas.paint([Text("one", style="red")])

    assert "\x1b[31m" not in tube.getvalue()


class ClosedTube(Tube):
    """A terminal that is gone."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_is_gone_ends_the_picture(tube: Tube) -> None:
    with pytest.raises(ReaderGoneError):
        Canvas(Terminal(ClosedTube())).paint([Text("one")])
