"""Findings as people read them: a table with colours on a terminal, plain columns into a pipe."""

import json
from collections.abc import Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.errors import harmless
from cti.doctor.findings import Finding, Verdict
from cti.doctor.registry import TITLES
from cti.language import _, ngettext

WORDS = {
    Verdict.OK: _("ok"),
    Verdict.WARNING: _("warning"),
    Verdict.WRONG: _("wrong"),
    Verdict.NOT_CHECKED: _("not checked"),
}
STYLES = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.WRONG: "bold red",
    Verdict.NOT_CHECKED: "dim",
}
GAP = 2
ARROW = "→ "


def print_text(findings: Sequence[Finding], stream: TextIO) -> None:
    """Print all findings and a line that sums them up."""
    if stream.isatty():
        _print_table(findings, Console(file=stream, highlight=False))
    else:
        for line in plain_lines(findings):
            print(line, file=stream)


def print_json(findings: Sequence[Finding], stream: TextIO) -> None:
    """Print one object a line for each finding."""
    for finding in findings:
        told = {
            "check": finding.check,
            "verdict": finding.verdict.value,
            "message": harmless(finding.sentence),
            "remedy": harmless(finding.remedy),
        }
        print(json.dumps(told, ensure_ascii=False), file=stream)


def plain_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the lines for a pipe: verdict, subject, sentence; a remedy on a line of its own."""
    word_width = max(cell_len(word) for word in WORDS.values()) + GAP
    title_width = max((cell_len(title) for title in TITLES.values()), default=0) + GAP
    lines = []
    for finding in findings:
        word, title = WORDS[finding.verdict], TITLES.get(finding.check, finding.check)
        columns = _padded(word, word_width) + _padded(title, title_width)
        lines.append(columns + harmless(finding.sentence))
        if finding.remedy:
            lines.append(" " * (word_width + title_width) + ARROW + harmless(finding.remedy))
    return [*lines, "", summary(findings)]


def _padded(text: str, width: int) -> str:
    """Fill a text up to a width in a terminal's cells, of which a Chinese character takes two."""
    return text + " " * max(0, width - cell_len(text))


def _print_table(findings: Sequence[Finding], console: Console) -> None:
    table = Table.grid(padding=(0, GAP))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    before = ""
    for finding in findings:
        style = STYLES[finding.verdict]
        title = TITLES.get(finding.check, finding.check)
        sentence = Text(harmless(finding.sentence))
        if finding.verdict is Verdict.NOT_CHECKED:
            sentence.stylize("dim")
        if finding.remedy:
            sentence.append(f"\n{ARROW}{harmless(finding.remedy)}", style="cyan")
        table.add_row(
            Text(WORDS[finding.verdict], style=style),
            Text("" if finding.check == before else title, style="bold"),
            sentence,
        )
        before = finding.check
    console.print(table)
    console.print()
    console.print(Text(summary(findings), style=STYLES[worst(findings)]))


def worst(findings: Sequence[Finding]) -> Verdict:
    """Return the gravest verdict; what was not checked is none of its own."""
    verdicts = {finding.verdict for finding in findings}
    for verdict in (Verdict.WRONG, Verdict.WARNING):
        if verdict in verdicts:
            return verdict
    return Verdict.OK


def summary(findings: Sequence[Finding]) -> str:
    """Return how it stands in one line."""
    count = dict.fromkeys(Verdict, 0)
    for finding in findings:
        count[finding.verdict] += 1
    parts = []
    if wrong := count[Verdict.WRONG]:
        parts.append(
            ngettext("{count} thing is wrong", "{count} things are wrong", wrong).format(
                count=wrong
            )
        )
    if warnings := count[Verdict.WARNING]:
        parts.append(
            ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings)
        )
    if skipped := count[Verdict.NOT_CHECKED]:
        parts.append(
            ngettext("{count} thing not checked", "{count} things not checked", skipped).format(
                count=skipped
            )
        )
    if not parts:
        return _("All is well.")
    if not wrong:
        return _("Calls can be taken: {parts}.").format(parts=", ".join(parts))
    return _("{parts}.").format(parts=", ".join(parts))
