"""
Draws the state diagrams of `acd/README.md` from the tables: `python -m tests.acd.diagrams`.

Each diagram stands between a line `<!-- diagram: NAME -->` and the next `<!-- end -->`.
"""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

import acd
from acd.misses import MISS_DELAYS
from acd.tables.agent_state import OCCUPATIONS, WISHES
from acd.tables.offer_state import CONSEQUENCES, MISS_REASONS, OFFER_STATES
from acd.tables.waiting import CALL_STATES
from cti.instants import as_seconds

State = TypeVar("State", bound=Enum)
MARKED = re.compile(r"(<!-- diagram: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def diagram(table: Mapping[tuple[State, State], str]) -> str:
    """Return a table of steps as a mermaid state diagram."""
    first = next(iter(table))[0]
    steps = [f"    {old.value} --> {new.value}: {why}" for (old, new), why in table.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}", *steps, "```"])


def consequences() -> str:
    """Return the table of outcomes as Markdown."""
    rows = ["| outcome | counts as | to the end of the line | not this call | no call at all |"]
    rows.append("|---|---|---|---|---|")
    for outcome, consequence in CONSEQUENCES.items():
        rest = consequence.rest if consequence.miss is None else MISS_DELAYS[consequence.miss]
        words = [
            f"`{outcome.value}`",
            "nothing" if consequence.miss is None else f"`{MISS_REASONS[consequence.miss].value}`",
            "yes" if consequence.loses_turn else "no",
            f"{as_seconds(consequence.spared):g} s" if consequence.spared else "–",
            f"{as_seconds(rest):g} s" if rest else "–",
        ]
        rows.append(f"| {' | '.join(words)} |")
    return "\n".join(rows)


def in_readme(text: str) -> str:
    """Return the README's text with every diagram drawn anew."""
    drawn = {
        "wish": diagram(WISHES),
        "occupation": diagram(OCCUPATIONS),
        "offer": diagram(OFFER_STATES),
        "call": diagram(CALL_STATES),
        "consequences": consequences(),
    }
    return MARKED.sub(lambda found: f"{found[1]}{drawn[found[2]]}\n{found[3]}", text)


if __name__ == "__main__":
    readme = Path(acd.__file__).parent / "README.md"
    readme.write_text(in_readme(readme.read_text(encoding="utf-8")), encoding="utf-8")
