"""
Makes sounds that tests can tell apart: pure tones.

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


def tone(hz: float, seconds: float, *, level: float = 0.3) -> Samples:
    """Return a sine of a frequency. Whole periods loop without a click: 300 Hz over 10 s do."""
    return _sine(hz, _moments(seconds)) * level


def write_wav(path: Path, samples: Samples) -> Path:
    """Write samples as a WAV file that Asterisk plays, folder included; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2").tobytes())
    return path


def _sine(hz: float, moments: Samples) -> Samples:
    return np.asarray(np.sin(2 * np.pi * hz * moments), dtype=np.float64)


def _moments(seconds: float) -> Samples:
    return np.arange(round(RATE * seconds)) / RATE
