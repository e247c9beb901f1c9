"""
Makes sounds: pure tones that tests can tell apart, and quiet music for people who wait.

Everything is 16-bit mono at 8 kHz, what Asterisk plays without converting. Samples are floats
between -1 and 1; the same call gives the same samples every time.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples per second."""

MUSIC_HZ = 300
"""The tone that stands for music on hold in tests."""

FULL_SCALE = 32767

Samples = NDArray[np.float64]

_BEAT_S = 0.5
_HARMONIES = (
    (196.00, 246.94, 293.66, 392.00),  # G
    (164.81, 246.94, 329.63, 392.00),  # E minor
    (130.81, 261.63, 329.63, 392.00),  # C
    (146.83, 220.00, 293.66, 369.99),  # D
)
_FIGURE = (0, 1, 2, 3, 2, 1, 3, 2)
"""Which notes of a harmony are plucked, beat by beat."""

_MELODY = (587.33, 493.88, 440.00, 392.00, 659.26, 587.33, 440.00, 493.88)
"""One long note over each half bar, within what a telephone carries well."""


def tone(hz: float, seconds: float, *, level: float = 0.3) -> Samples:
    """Return a sine of a frequency. Whole periods loop without a click: 300 Hz over 10 s do."""
    return _sine(hz, _moments(seconds)) * level


def silence(seconds: float) -> Samples:
    """Return silence."""
    return np.zeros(round(RATE * seconds))


def melody(*, level: float = 0.12) -> Samples:
    """Return 16 s of slow plucked chords with a tune above, made to be played over and over."""
    beats = len(_HARMONIES) * len(_FIGURE)
    music = silence(beats * _BEAT_S)
    for beat in range(beats):
        harmony = _HARMONIES[beat // len(_FIGURE)]
        _add(music, beat, _pluck(harmony[_FIGURE[beat % len(_FIGURE)]], 1.5))
        if beat % 4 == 0:
            _add(music, beat, 0.8 * _pluck(_MELODY[beat // 4], 2.4))
    loudest = float(np.max(np.abs(music)))
    return music * (level / loudest)


def write_wav(path: Path, samples: Samples) -> Path:
    """Write samples as a WAV file that Asterisk plays, folder included; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2").tobytes())
    return path


def _pluck(hz: float, seconds: float) -> Samples:
    """Return a soft string: a few overtones under an envelope that rises fast and dies away."""
    moments = _moments(seconds)
    overtones = sum(
        (_sine(hz * part, moments) / part**2 for part in (1, 2, 3)),
        start=silence(seconds),
    )
    rise = np.minimum(1.0, moments / 0.02)
    fall = np.minimum(1.0, (seconds - moments) / 0.05)
    return overtones * rise * fall * np.exp(-2.2 * moments)


def _sine(hz: float, moments: Samples) -> Samples:
    return np.asarray(np.sin(2 * np.pi * hz * moments), dtype=np.float64)


def _add(music: Samples, beat: int, note: Samples) -> None:
    """Lay a note over the music from a beat on; what runs past the end sounds at the beginning."""
    start = round(beat * _BEAT_S * RATE)
    places = (start + np.arange(len(note))) % len(music)
    np.add.at(music, places, note)


def _moments(seconds: float) -> Samples:
    return np.arange(round(RATE * seconds)) / RATE
