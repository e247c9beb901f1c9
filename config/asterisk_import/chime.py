"""The greeting that callers hear until somebody records one: two soft notes, half a second."""

import io
import math
import struct
import wave

RATE_HZ = 8_000
_NOTES_HZ = (659.26, 523.25)
_NOTE_S = 0.28
_LOUDNESS = 9_000
_DECAY_PER_S = 9.0


def chime() -> bytes:
    """Return the WAV file, always the same."""
    frames = int(RATE_HZ * _NOTE_S)
    samples = (
        int(
            _LOUDNESS
            * math.sin(2 * math.pi * pitch * at / RATE_HZ)
            * math.exp(-_DECAY_PER_S * at / RATE_HZ)
            * min(1.0, at / 80, (frames - at) / 80)
        )
        for pitch in _NOTES_HZ
        for at in range(frames)
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()
