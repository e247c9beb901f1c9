"""
Quiet music for people who wait: slow plucked chords with a tune above, 16 s, composed here.

An Asterisk without music lets its callers wait in silence, so that they think the line dead. This
is music that nobody has to be paid for: 16 bit, mono, 8 kHz, made to be played over and over.
"""

import io
import sys
import wave
from array import array
from math import exp, pi, sin

RATE = 8000
"""Samples per second."""

BEAT = RATE // 2
"""Samples of half a second."""

_LEVEL = 0.12
"""How loud the loudest sample is; a telephone's speech is some 0.3."""

_FULL_SCALE = 32_767
_PARTS = 3
_HARMONIES = (
    (196.00, 246.94, 293.66, 392.00),  # G
    (164.81, 246.94, 329.63, 392.00),  # E minor
    (130.81, 261.63, 329.63, 392.00),  # C
    (146.83, 220.00, 293.66, 369.99),  # D
)
_FIGURE = (0, 1, 2, 3, 2, 1, 3, 2)
"""Which notes of a harmony are plucked, beat by beat."""

_TUNE = (587.33, 493.88, 440.00, 392.00, 659.26, 587.33, 440.00, 493.88)
"""One long note over each half bar, within what a telephone carries well."""


def melody() -> bytes:
    """Return the music as a WAV file; the same one every time."""
    beats = len(_HARMONIES) * len(_FIGURE)
    music = [0.0] * (beats * BEAT)
    for beat in range(beats):
        harmony = _HARMONIES[beat // len(_FIGURE)]
        _add(music, beat, _pluck(harmony[_FIGURE[beat % len(_FIGURE)]], 1.5))
        if beat % 4 == 0:
            _add(music, beat, [0.8 * sample for sample in _pluck(_TUNE[beat // 4], 2.4)])
    scale = _FULL_SCALE * _LEVEL / max(map(abs, music))
    samples = array("h", (int(sample * scale) for sample in music))
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _pluck(hz: float, seconds: float) -> list[float]:
    """Return a soft string: a few overtones under an envelope that rises fast and dies away."""
    count = round(RATE * seconds)
    string = [0.0] * count
    for part in range(1, _PARTS + 1):
        step = 2 * pi * hz * part / RATE
        for at in range(count):
            string[at] += sin(step * at) / part**2
    for at in range(count):
        moment = at / RATE
        rise = min(1.0, moment / 0.02)
        fall = min(1.0, (seconds - moment) / 0.05)
        string[at] *= rise * fall * exp(-2.2 * moment)
    return string


def _add(music: list[float], beat: int, note: list[float]) -> None:
    """Lay a note over the music from a beat on; what runs past the end sounds at the beginning."""
    for place, sample in enumerate(note, start=beat * BEAT):
        music[place % len(music)] += sample
