"""
G.711 mu-law, by two tables.

Tables are computed once from the definition (ITU-T G.711, with the bias of 132 in 16-bit scale);
this module knows only samples and bytes.
"""

import numpy as np
from numpy.typing import NDArray

SAMPLES_PER_SECOND = 8_000
SILENCE = 0xFF
"""The byte that stands for a sample of zero."""

_BIAS = 132
_CLIP = 32_635

Samples = NDArray[np.int16]


def _decoding_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encoding_table() -> NDArray[np.uint8]:
    linear = np.arange(65_536, dtype=np.int32).astype(np.uint16).view(np.int16).astype(np.int32)
    sign = np.where(linear < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(linear), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


_DECODED = _decoding_table()
_ENCODED = _encoding_table()


def encode(samples: Samples) -> bytes:
    """Return 16-bit linear samples as mu-law, one byte each."""
    return _ENCODED[samples.view(np.uint16)].tobytes()


def decode(payload: bytes) -> Samples:
    """Return mu-law bytes as 16-bit linear samples."""
    return _DECODED[np.frombuffer(payload, dtype=np.uint8)]
