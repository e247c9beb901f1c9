"""
Tones: making them, and telling which of a few known ones sound in 20 ms of audio.

Each party of a test sends a tone of its own, so what a party hears tells who is connected to whom.
The set in use lies on multiples of 50 Hz: a window of 20 ms then holds whole periods, and the
Goertzel sums (here as one product with a matrix of sines and cosines) do not leak into each other.
This module knows nothing of time and packets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lab.phone import g711

WINDOW_SAMPLES = 160
"""20 ms at 8,000 samples a second: one packet, and the resolution of 50 Hz."""
TONE_AMPLITUDE = 8_000
TONE_AMPLITUDE_MIN = 600
"""A tone weaker than this (35 dB under full scale) does not count as heard."""
TONE_SHARE_MIN = 0.1
"""Of the energy of a window: speech and noise put less than this at one frequency, and a mix of
four equal voices more."""
AUDIBLE_RMS_MIN = 200.0
"""44 dB under full scale; anything weaker is silence."""
WINDOWS_REMEMBERED_MAX = 1_024

KNOWN_TONES_HZ: tuple[int, ...] = (300, 500, 600, 700, 900, 1100)
"""Music on hold 300, callers 500, agents 700, announcements and further parties the others."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What 20 ms hold: the known tones in them, in Hz, and whether there is anything at all."""

    tones_hz: tuple[int, ...]
    audible: bool


class ToneDetector:
    """Tells which of `tones_hz` sound in a window of mu-law audio."""

    def __init__(self, tones_hz: Iterable[int] = KNOWN_TONES_HZ) -> None:
        self.tones_hz = tuple(tones_hz)
        # A steady tone on a multiple of 50 Hz gives the same bytes again and again, so most windows
        # of a test were seen before; this makes 60 phones cheap.
        self.listen = lru_cache(maxsize=WINDOWS_REMEMBERED_MAX)(self._listen)

    def _listen(self, payload: bytes) -> Sound:
        """Return what sounds in `payload`; half a window or more is needed to hear a tone."""
        samples = g711.decode(payload).astype(np.float64)
        count = len(samples)
        energy = float(samples @ samples)
        if count == 0 or energy < AUDIBLE_RMS_MIN**2 * count:
            return Sound((), audible=False)
        if count < WINDOW_SAMPLES // 2:
            return Sound((), audible=True)
        amplitudes = 2 / count * np.abs(samples @ _waves(self.tones_hz, count))
        # A sine of amplitude a holds the energy a² / 2 per sample.
        shares = amplitudes**2 * count / 2 / energy
        heard = (amplitudes >= TONE_AMPLITUDE_MIN) & (shares >= TONE_SHARE_MIN)
        return Sound(
            tuple(hz for hz, here in zip(self.tones_hz, heard, strict=True) if here), audible=True
        )


@lru_cache(maxsize=64)
def _waves(
    tones_hz: tuple[int, ...], count: int
) -> "np.ndarray[tuple[int, ...], np.dtype[np.complex128]]":
    turns = np.outer(np.arange(count), np.array(tones_hz)) / g711.SAMPLES_PER_SECOND
    waves: np.ndarray[tuple[int, ...], np.dtype[np.complex128]] = np.exp(-2j * np.pi * turns)
    return waves


@lru_cache(maxsize=64)
def tone_packets(hz: int | None, amplitude: int = TONE_AMPLITUDE) -> tuple[bytes, ...]:
    """
    Return one second of a tone as mu-law packets of 20 ms, to be sent round and round.

    One second holds a whole number of periods of any whole frequency, so the seam is not heard.
    `None` is silence.
    """
    if hz is None:
        return (bytes([g711.SILENCE]) * WINDOW_SAMPLES,)
    instants = np.arange(g711.SAMPLES_PER_SECOND) / g711.SAMPLES_PER_SECOND
    second = g711.encode(np.rint(amplitude * np.sin(2 * np.pi * hz * instants)).astype(np.int16))
    return tuple(
        second[start : start + WINDOW_SAMPLES] for start in range(0, len(second), WINDOW_SAMPLES)
    )
