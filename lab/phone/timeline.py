"""
What a party heard, and when: spans of tones, of sound, and of packets coming in at all.

Fed window by window as packets arrive, so that whoever waits for a tone is woken by the packet
that brings it. Times are seconds on the event loop's clock. This module decides what a gap is; it
knows nothing of RTP.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from lab.phone.errors import NotHeardError
from lab.phone.tones import Sound

JITTER_S = 0.03
"""A pause up to this long between two packets is the network's, and no gap (20 ms would be one
packet lost)."""
TONE_HEARD_S = 0.06
"""A shorter tone (under three packets) may be a click at a switch: nobody is said to hear it."""
TONE_GONE_S = 0.1
"""A tone absent for this long has stopped."""
SPANS_MAX = 100_000
"""Per kind; beyond it the older half is forgotten."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until `end`, in seconds on the event loop's clock."""

    start: float
    end: float

    @property
    def length_s(self) -> float:
        """How long it lasts, in seconds."""
        return self.end - self.start


class Spans:
    """Times at which one thing was so, in order, neighbours joined over `JITTER_S`."""

    def __init__(self) -> None:
        self._bounds: list[list[float]] = []

    def add(self, start: float, end: float) -> None:
        """Add the time from `start` to `end`, which begins no earlier than those before."""
        if self._bounds and start - self._bounds[-1][1] <= JITTER_S:
            self._bounds[-1][1] = max(end, self._bounds[-1][1])
            return
        self._bounds.append([start, end])
        if len(self._bounds) > SPANS_MAX:
            del self._bounds[: SPANS_MAX // 2]

    def last(self) -> Span | None:
        """Return the latest span."""
        return Span(*self._bounds[-1]) if self._bounds else None

    def within(self, since: float, until: float) -> list[Span]:
        """Return the spans between `since` and `until`, cut off at both."""
        return [
            Span(max(start, since), min(end, until))
            for start, end in self._bounds
            if end > since and start < until
        ]

    def gaps(self, since: float, until: float) -> list[Span]:
        """Return the times between `since` and `until` that no span covers."""
        edges = [since]
        for span in self.within(since, until):
            edges += [span.start, span.end]
        edges.append(until)
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [Span(start, end) for start, end in pairs if end > start]


@dataclass(slots=True, kw_only=True, eq=False)
class _Listener:
    hz: int
    since: float
    for_s: float
    heard: asyncio.Future[float]


class Timeline:
    """
    What one party of one call heard.

    `since` defaults to the first packet and `until` to now in every question.
    """

    def __init__(self, tones_hz: Iterable[int]) -> None:
        self._tones = {hz: Spans() for hz in tones_hz}
        self._sound = Spans()
        self._stream = Spans()
        self._listeners: list[_Listener] = []
        self.first_packet_at: float | None = None

    def add(self, at: float, length_s: float, sound: Sound) -> None:
        """Note that `sound` arrived at the instant `at` and lasts `length_s`."""
        if self.first_packet_at is None:
            self.first_packet_at = at
        end = at + length_s
        self._stream.add(at, end)
        if sound.audible:
            self._sound.add(at, end)
        for hz in sound.tones_hz:
            self._tones[hz].add(at, end)
        if self._listeners and sound.tones_hz:
            self._wake()

    async def hears(
        self, hz: int, *, within_s: float, for_s: float = TONE_HEARD_S, since: float | None = None
    ) -> float:
        """
        Wait until the tone has sounded for `for_s` without a gap, counted from `since` (now).

        Returns the instant at which it began (or `since`, when it sounded already).

        Raises:
            NotHeardError: it did not within `within_s`; the message tells what was heard instead.
        """
        now = asyncio.get_running_loop().time()
        listener = _Listener(
            hz=hz,
            since=now if since is None else since,
            for_s=for_s,
            heard=asyncio.get_running_loop().create_future(),
        )
        began = self._answer(listener)
        if began is not None:
            return began
        self._listeners.append(listener)
        try:
            async with asyncio.timeout(within_s):
                return await listener.heard
        except TimeoutError:
            heard = self.tones_heard(since=listener.since)
            message = f"{hz} Hz not heard within {within_s} s; heard {heard or 'nothing'}"
            raise NotHeardError(message) from None
        finally:
            self._listeners.remove(listener)

    async def stops_hearing(
        self, hz: int, *, within_s: float, quiet_s: float = TONE_GONE_S
    ) -> float:
        """
        Wait until the tone has been absent for `quiet_s`; return the instant it ended.

        Raises:
            NotHeardError: it still sounded after `within_s`.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        while True:
            last = self._of(hz).last()
            if last is None:
                return asked
            quiet_at = last.end + quiet_s
            if loop.time() >= quiet_at:
                return last.end
            if last.end >= asked + within_s:
                raise NotHeardError(f"{hz} Hz still heard after {within_s} s")
            # Packets that are in already are read before a timer of the same turn of the loop.
            await asyncio.sleep(quiet_at - loop.time())

    def spans_of(
        self, hz: int, *, since: float | None = None, until: float | None = None
    ) -> list[Span]:
        """Return the times at which the tone sounded."""
        return self._of(hz).within(*self._bounds(since, until))

    def tones_heard(self, *, since: float | None = None, until: float | None = None) -> list[int]:
        """Return the tones heard long enough to count, in order of frequency."""
        return [
            hz
            for hz in self._tones
            if any(
                span.length_s >= TONE_HEARD_S
                for span in self.spans_of(hz, since=since, until=until)
            )
        ]

    def longest_gap_of(
        self, hz: int, since: float | None = None, until: float | None = None
    ) -> float:
        """Return the longest time without the tone, in seconds; 0.0 when it never paused."""
        return _longest(self._of(hz).gaps(*self._bounds(since, until)))

    def silence_gaps(
        self, min_s: float, *, since: float | None = None, until: float | None = None
    ) -> list[Span]:
        """Return the times of at least `min_s` in which nothing could be heard."""
        gaps = self._sound.gaps(*self._bounds(since, until))
        return [gap for gap in gaps if gap.length_s >= min_s]

    def longest_pause_of_packets(
        self, *, since: float | None = None, until: float | None = None
    ) -> float:
        """Return the longest time without any packet, in seconds."""
        return _longest(self._stream.gaps(*self._bounds(since, until)))

    def _bounds(self, since: float | None, until: float | None) -> tuple[float, float]:
        now = asyncio.get_running_loop().time()
        first = now if self.first_packet_at is None else self.first_packet_at
        return (first if since is None else since, now if until is None else until)

    def _of(self, hz: int) -> Spans:
        try:
            return self._tones[hz]
        except KeyError:
            message = f"{hz} Hz is not listened for, only {sorted(self._tones)}"
            raise ValueError(message) from None

    def _wake(self) -> None:
        for listener in self._listeners:
            began = self._answer(listener)
            if began is not None and not listener.heard.done():
                listener.heard.set_result(began)

    def _answer(self, listener: _Listener) -> float | None:
        last = self._of(listener.hz).last()
        if last is None or last.end - max(last.start, listener.since) < listener.for_s:
            return None
        return max(last.start, listener.since)


def _longest(spans: list[Span]) -> float:
    return max((span.length_s for span in spans), default=0.0)
