"""Findings as they are printed: aligned in cells, and harmless to a terminal."""

import io
import json
from collections.abc import Mapping

import pytest
from rich.cells import cell_len

from cti.doctor import report
from cti.doctor.findings import Finding, Verdict
from cti.doctor.report import plain_lines, print_json, print_text, summary, worst

OK = Finding(check="ami", verdict=Verdict.OK, sentence="logged in")
WARNING = Finding(check="clock", verdict=Verdict.WARNING, sentence="it is late", remedy="set it")
WRONG = Finding(check="music", verdict=Verdict.WRONG, sentence="no music", remedy="make some")
SKIPPED = Finding(check="agi", verdict=Verdict.NOT_CHECKED, sentence="because of that")


def test_a_pipe_gets_columns_and_a_line_for_each_remedy() -> None:
    assert plain_lines([OK, WRONG]) == [
        "ok           AMI               logged in",
        "wrong        music             no music",
        "                               → make some",
        "",
        "1 thing is wrong.",
    ]


def test_columns_are_aligned_where_characters_take_two_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words: Mapping[Verdict, str] = {**report.WORDS, Verdict.OK: "正常", Verdict.WRONG: "有误"}
    monkeypatch.setattr(report, "WORDS", words)
    monkeypatch.setattr(report, "TITLES", {"ami": "管理接口", "music": "music"})
    first, second, *_rest = plain_lines([OK, WRONG])

    assert cell_len(first.partition("logged")[0]) == cell_len(second.partition("no music")[0])


@pytest.mark.parametrize(
    ("findings", "told", "grave"),
    [
        ([OK], "All is well.", Verdict.OK),
        ([OK, WARNING], "Calls can be taken: 1 warning.", Verdict.WARNING),
        ([OK, SKIPPED], "Calls can be taken: 1 thing not checked.", Verdict.OK),
        (
            [WRONG, WRONG, WARNING, WARNING, SKIPPED],
            "2 things are wrong, 2 warnings, 1 thing not checked.",
            Verdict.WRONG,
        ),
    ],
)
def test_the_last_line_sums_up(findings: list[Finding], told: str, grave: Verdict) -> None:
    assert (summary(findings), worst(findings)) == (told, grave)


def test_control_characters_are_shown_and_not_sent_to_the_terminal() -> None:
    evil = Finding(check="ami", verdict=Verdict.WRONG, sentence="\x1b[2Jx\r\n", remedy="\x07")
    stream = io.StringIO()
    print_json([evil], stream)

    assert "\x1b" not in "".join(plain_lines([evil]))
    assert json.loads(stream.getvalue()) == {
        "check": "ami",
        "verdict": "wrong",
        "message": "\\x1b[2Jx\\r\\n",
        "remedy": "\\x07",
    }


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_table_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
    long = Finding(check="music", verdict=Verdict.WRONG, sentence="word " * 40, remedy="[x] do it")
    stream = Terminal()
    print_text([OK, OK, long], stream)
    text = stream.getvalue()

    assert "\x1b[" in text
    assert "[x] do it" in text
    assert text.count("AMI") == 1
