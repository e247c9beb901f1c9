"""
Durations as people write them: `15s`, `2m`, `500ms`, `1h30m`.

A number without a unit is refused: whether `15` means seconds or minutes is not for us to guess.
"""

import re

from cti.instants import Duration, seconds
from cti.language import _

MILLISECOND = Duration(1_000)
SECOND = seconds(1)
MINUTE = seconds(60)
HOUR = seconds(3_600)

_UNITS = (("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND))
# at most nine digits each: no number here is long enough to be slow
_DURATION = re.compile("".join(rf"(?:(\d{{1,9}}){unit})?" for unit, _ in _UNITS), re.ASCII)


def duration_from(text: str) -> Duration:
    """
    Return the duration that the text means; units may be joined from the greatest down.

    Raises:
        ValueError: the text is no duration.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        msg = _("a duration is a number with its unit, such as 500ms, 15s, 2m or 1h30m")
        raise ValueError(msg)
    amounts = zip(match.groups(), _UNITS, strict=True)
    return Duration(sum(int(amount) * size for amount, (_, size) in amounts if amount))


def duration_pattern(least: Duration, most: Duration) -> str:
    """
    Return a regular expression for durations within limits, as JSON Schema has them.

    It knows the limits where one unit stands alone; joined units it takes as they are.
    """
    alone = []
    for unit, size in _UNITS:
        lowest, highest = -(-least // size), most // size
        if lowest <= highest:
            alone.append(f"0*({_numbers(lowest, highest)}){unit}")
    joined = "".join(f"([0-9]{{1,9}}{unit})?" for unit, _size in _UNITS)
    two = "|".join(
        f"[0-9]+{first}[0-9]+{second}"
        for index, (first, _first_size) in enumerate(_UNITS)
        for second, _second_size in _UNITS[index + 1 :]
    )
    return f"^({'|'.join(alone)}|(?=.*({two})){joined})$"


def _numbers(lowest: int, highest: int) -> str:
    """Return a regular expression for the whole numbers from one to another."""
    parts = []
    while lowest <= highest:
        # the greatest block of numbers that begin alike and end in any digits
        block = 1
        while lowest % (block * 10) == 0 and lowest and lowest + block * 10 - 1 <= highest:
            block *= 10
        steps = 9 - (lowest // block) % 10
        last = min(steps, (highest - lowest + 1) // block - 1)
        head, digit = divmod(lowest // block, 10)
        rest = len(str(block)) - 1
        tail = "" if rest == 0 else f"[0-9]{{{rest}}}"
        parts.append(f"{head or ''}[{digit}-{digit + last}]{tail}")
        lowest += (last + 1) * block
    return "|".join(parts)


def duration_text(duration: Duration) -> str:
    """Return a duration the way `duration_from` reads it, to the millisecond; `0s` for none."""
    parts, rest = [], int(duration)
    for unit, size in _UNITS:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
