"""What became of each line: collected by place, told in groups."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.option import Fate
from config.asterisk_import.place import Place, shown
from config.asterisk_import.reader import Note
from cti.language import _

FINDINGS_MAX = 50_000
"""Lines of a report; five hundred queues of a hundred lines each."""
WORDS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one thing; `what` is shown as it stood there."""

    fate: Fate
    place: Place
    what: str
    words: str

    def __str__(self) -> str:
        """Return `file:line: what: what became of it`."""
        return f"{self.place}: {self.what}: {self.words}"


class Findings:
    """Collects what became of everything; nothing may be left out silently."""

    def __init__(self) -> None:
        self._all: list[Finding] = []

    def add(self, fate: Fate, place: Place, what: str, words: str) -> None:
        """Note what became of something that stood at this place."""
        if len(self._all) >= FINDINGS_MAX:
            raise ImportRefusedError(
                _("{place}: more than {most} things to tell; import fewer queues at once").format(
                    place=place, most=f"{FINDINGS_MAX:,}"
                )
            )
        words = shown(words, WORDS_MAX)  # values of his stand in some of them
        self._all.append(Finding(fate=fate, place=place, what=shown(what), words=words))

    def add_notes(self, notes: Iterable[Note]) -> None:
        """Note what the reader did not read."""
        for note in notes:
            fate = Fate.NOT_NEEDED if note.harmless else Fate.KEPT_IN_MIND
            self.add(fate, note.place, note.what, note.message)

    def of(self, fate: Fate) -> list[Finding]:
        """Return the findings of one kind, by file and line."""
        return sorted(
            (finding for finding in self._all if finding.fate is fate),
            key=lambda finding: finding.place,
        )

    def lines(self) -> Iterator[str]:
        """Yield the report: a heading with the count for each kind, its findings, a blank line."""
        for fate in Fate:
            found = self.of(fate)
            yield f"{fate.value} ({len(found)})"
            yield from (f"  {finding}" for finding in found)
            yield ""
