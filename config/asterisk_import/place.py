"""Places in the files of others, and how what stands there is shown: on one line, harmless."""

from typing import NamedTuple

SHOWN_MAX = 100


class Place(NamedTuple):
    """A line of a file; the file is named from the folder of the first one."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{shown(self.file)}:{self.line}"


def shown(text: str, most: int = SHOWN_MAX) -> str:
    """Return text for a report or a remark: no control characters, no line breaks, not too long."""
    cut = text[:most] + "…" if len(text) > most else text
    if cut.isprintable() and "`" not in cut:
        return cut
    return "".join(one if one.isprintable() and one != "`" else _escaped(one) for one in cut)


def _escaped(character: str) -> str:
    if character == "`":
        return "'"
    return character.encode("unicode_escape").decode("ascii")
