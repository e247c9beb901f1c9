"""A caption for the audience is shown whole, in whatever language."""

from rich.cells import cell_len

from lab.demo.screen import _wrapped

WIDTH = 40


def test_a_caption_is_broken_between_words() -> None:
    lines = _wrapped("The daemon is killed while callers wait, ring and talk.", WIDTH)

    assert lines == ["The daemon is killed while callers", "wait, ring and talk."]


def test_a_caption_without_blanks_is_broken_where_the_line_ends() -> None:
    said = "守护进程在来电者等待、振铃和通话时被终止，而音乐继续播放，通话也不中断。"
    lines = _wrapped(said, WIDTH)

    assert "".join(lines) == said
    assert all(cell_len(line) <= WIDTH - 2 for line in lines)
    assert len(lines) == 2
