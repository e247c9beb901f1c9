"""
The page of figures that Prometheus reads.

Figures are looked up when somebody asks, in the loop's own thread, from what the parts know anyway;
they are written out as text in another thread. Who asks more often than `FRESH_S` gets the page
before, so that asking costs the calls next to nothing, however it is done.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, exposition
from prometheus_client.openmetrics import exposition as openmetrics

from cti.operations import defects, floor_figures, part_figures
from cti.operations.figure import Figure, Sheet

FRESH_S: Final = 0.2
"""How old a page may be that is given out again."""
OPENMETRICS: Final = "application/openmetrics-text"
FIGURES: Final[Sequence[Figure]] = (
    *floor_figures.FIGURES,
    *part_figures.FIGURES,
    *defects.FIGURES,
)
"""Every figure of ours; those of the process itself are the Prometheus client's."""


class Source(Protocol):
    """Who knows some figures."""

    def write(self, sheet: Sheet) -> None:
        """Write them all; called in the loop's thread."""


class Metrics:
    """The figures of one daemon; `sources` are added as the daemon is built."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._process = ProcessCollector(registry=None)
        self._sheet = Sheet(())
        self._texts: dict[bool, asyncio.Future[bytes]] = {}
        self._looked_up_at_s = float("-inf")

    def look_up(self) -> Sheet:
        """Look all figures of ours up."""
        sheet = Sheet(FIGURES)
        for source in self.sources:
            source.write(sheet)
        return sheet

    async def page(self, accept: str) -> tuple[str, bytes]:
        """Return content type and text, in the form that `accept` (HTTP's header) asks for."""
        now = time.monotonic()
        if now - self._looked_up_at_s >= FRESH_S:
            self._sheet = self.look_up()
            self._texts = {}
            self._looked_up_at_s = now
        modern = OPENMETRICS in accept
        if modern not in self._texts:
            writing = asyncio.to_thread(self._text, self._sheet, modern=modern)
            self._texts[modern] = asyncio.ensure_future(writing)
        text = await asyncio.shield(self._texts[modern])  # one who goes must not take it with him
        if modern:
            return openmetrics.CONTENT_TYPE_LATEST, text
        return exposition.CONTENT_TYPE_PLAIN_0_0_4, text

    def _text(self, sheet: Sheet, *, modern: bool) -> bytes:
        write: Callable[[CollectorRegistry], bytes] = (
            openmetrics.generate_latest if modern else exposition.generate_latest
        )
        return write(_Written([*sheet.families(), *self._process.collect()]))


class _Written(CollectorRegistry):
    """A registry of what was looked up already."""

    def __init__(self, families: list[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
