"""
Time as everything here counts it: integer microseconds.

An instant is microseconds of UTC since 1970 and a duration is microseconds. Integers compare, add
and travel through JSON exactly, on every machine. This module reads no clock: the shell does, once
at start, and carries the reading forward by the monotonic clock, so that time never runs back.
"""

from datetime import UTC, datetime, timedelta
from typing import NewType

Time = NewType("Time", int)
Duration = NewType("Duration", int)

MICROSECONDS_PER_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(count: float) -> Duration:
    """Return `count` seconds as a duration, rounded to the microsecond."""
    return Duration(round(count * MICROSECONDS_PER_SECOND))


def as_seconds(duration: int) -> float:
    """Return a duration in seconds."""
    return duration / MICROSECONDS_PER_SECOND


def from_timedelta(delta: timedelta) -> Duration:
    """Return a `timedelta` as a duration, exactly."""
    return Duration(delta // timedelta(microseconds=1))


def later(instant: Time, duration: Duration) -> Time:
    """Return the instant that lies `duration` after `instant`."""
    return Time(instant + duration)


def as_datetime(instant: Time) -> datetime:
    """Return an instant as an aware UTC `datetime`, exactly."""
    return _EPOCH + timedelta(microseconds=instant)


def from_datetime(moment: datetime) -> Time:
    """
    Return an aware `datetime` as an instant.

    Raises:
        ValueError: `moment` has no time zone, so it names no instant.
    """
    if moment.tzinfo is None:
        msg = f"a time without a zone names no instant: {moment!r}"
        raise ValueError(msg)
    return Time((moment - _EPOCH) // timedelta(microseconds=1))
