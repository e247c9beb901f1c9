"""
The pictures that the demonstration is compared with: plain text, one file for each.

    python -m tests.lab.demo.pictures

draws them anew. Look at what `git diff` shows of it before you commit it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lab.demo.terminal import ASCII_SIGNS, Signs
from tests.lab.demo.scenes import RUSH, STORY, Step, killed, picture

FOLDER: Final = Path(__file__).parent / "drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A size, and what is different in it."""

    width: int
    height: int
    signs: Signs = field(default_factory=Signs)
    steps: Sequence[Step] = tuple(STORY)
    changes: Mapping[str, Any] = field(default_factory=dict)


DRAWINGS: Final = {
    "80x24": Drawing(width=80, height=24),
    "80x24-killed": Drawing(width=80, height=24, changes=killed()),
    "80x24-addresses": Drawing(width=80, height=24, changes={"addresses": True}),
    "80x24-rush": Drawing(width=80, height=24, steps=RUSH),
    "80x24-ascii": Drawing(width=80, height=24, signs=ASCII_SIGNS),
    "100x34": Drawing(width=100, height=34),
    "120x50": Drawing(width=120, height=50),
    "140x40-rush": Drawing(width=140, height=40, steps=RUSH),
    "160x40-killed": Drawing(width=160, height=40, changes=killed()),
    "40x10": Drawing(width=40, height=10),
}


async def draw(drawing: Drawing) -> str:
    """Return a picture as text, without the blanks at the ends of lines."""
    drawn = await picture(drawing.signs, steps=drawing.steps, **drawing.changes)
    lines = drawn.lines(drawing.width, drawing.height)
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def drawn_before(name: str) -> str:
    """Return the picture that stands in the folder."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


async def draw_all_anew() -> None:
    """Write all pictures."""
    for name, drawing in DRAWINGS.items():
        (FOLDER / f"{name}.txt").write_text(await draw(drawing), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(draw_all_anew())
