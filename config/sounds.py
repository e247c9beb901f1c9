"""What can be heard of a prompt: whether it is silent, too short or distorted."""

from collections.abc import Sequence

from cti.language import _

SAMPLES_MAX = 200_000
"""So many samples of a sound are looked at, evenly; more would take the check's time."""
SHORT_S = 0.1
SILENT_PEAK = 160
"""-46 dB below full: nothing that can be heard on a telephone."""
FULL = 32_700
CLIPPED_SHARE = 0.01
"""Of a good recording next to no sample is at full level."""


def sound_doubt(samples: Sequence[int], rate: int) -> str | None:
    """Return why callers would hear nothing or noise of 16-bit samples, or None."""
    if len(samples) < SHORT_S * rate:
        return _("is heard for {milliseconds} ms only").format(
            milliseconds=round(1_000 * len(samples) / rate)
        )
    # an odd step, so that no tone of the telephone's band is met at the same phase each time
    step = (len(samples) // SAMPLES_MAX) | 1
    seen = samples[::step]
    loudest, deepest = max(seen), min(seen)
    if max(loudest, -deepest) < SILENT_PEAK:
        return _("is silent")
    clipped = sum(not -FULL < sample < FULL for sample in seen) / len(seen)
    if clipped > CLIPPED_SHARE:
        return _("is distorted: {share} of it are at full level; record it less loudly").format(
            share=f"{clipped:.0%}"
        )
    return None
