"""The guide names every check, in the words of the program."""

from pathlib import Path

from cti.doctor.registry import CHECKS, TITLES

GUIDE = Path(__file__).parents[3] / "docs" / "doctor.md"


def test_the_guide_has_a_row_for_each_check() -> None:
    rows = [f"| `{check.name}` | {check.title} | {check.about} |" for check in CHECKS]
    told = [line for line in GUIDE.read_text().splitlines() if line in rows]

    assert told == rows
    assert len(TITLES) == len(CHECKS)
