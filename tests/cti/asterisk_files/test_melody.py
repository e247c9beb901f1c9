"""The music that comes with the files."""

import io
import wave

import numpy as np
import pytest

from cti.asterisk_files.melody import RATE, melody


def test_the_melody_is_what_asterisk_plays_without_converting() -> None:
    with wave.open(io.BytesIO(melody())) as written:
        assert written.getparams()[:4] == (1, 2, 8000, 16 * RATE)


def test_the_melody_is_quiet_and_the_same_every_time_and_has_no_gap() -> None:
    first = melody()
    with wave.open(io.BytesIO(first)) as written:
        music = np.frombuffer(written.readframes(written.getnframes()), "<i2") / 32_767

    assert first == melody()
    assert np.max(np.abs(music)) == pytest.approx(0.12, abs=1e-4)
    loudness = np.sqrt(np.mean(music.reshape(-1, RATE // 4) ** 2, axis=1))
    assert loudness.min() > 0.01
    steps = np.abs(np.diff(np.append(music, music[0])))
    assert steps.max() < 0.1
