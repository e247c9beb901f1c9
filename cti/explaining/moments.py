"""Times as people type them, and as they are shown to them: local time, and ISO 8601."""

import re
from datetime import datetime, time, timedelta

from cti.instants import Duration, Time, as_datetime, as_seconds, from_datetime
from cti.language import _

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*", re.ASCII)
_MINUTE_S, _HOUR_S = 60, 3_600
_SHOWN_TENTHS_BELOW_S = 10


class NoMomentError(ValueError):
    """What was typed names no moment; the message says what would."""


def moment(typed: str, now: datetime) -> Time:
    """
    Return the moment that somebody means who types this at `now` (local time, with its zone).

    A time without a date is today's, or yesterday's where today's is still to come.

    Raises:
        NoMomentError: it names none, or two, or one that is still to come.
    """
    typed = typed.strip()
    if _CLOCK.fullmatch(typed):
        clock = _clock(typed)
        found = _local(datetime.combine(now.date(), clock), typed)
        if found > now:
            found = _local(datetime.combine(now.date() - timedelta(days=1), clock), typed)
    elif _DATE.fullmatch(typed):
        stated = _date(typed)
        found = _local(stated, typed) if stated.tzinfo is None else stated.astimezone()
    else:
        raise _none(typed)
    if found > now:
        raise NoMomentError(
            _("{moment} is still to come; now it is {now}").format(
                moment=as_typed(from_datetime(found)), now=as_typed(from_datetime(now))
            )
        )
    return from_datetime(found)


def as_typed(instant: Time) -> str:
    """Return a moment in local time, such as it may be typed."""
    return as_datetime(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def as_clock(instant: Time) -> str:
    """Return a moment's time of day, in local time, to the millisecond."""
    shown = as_datetime(instant).astimezone()
    return f"{shown:%H:%M:%S}.{shown.microsecond // 1_000:03d}"


def as_iso(instant: Time) -> str:
    """Return a moment in UTC, exactly; in microseconds where it is beyond any calendar's years."""
    try:
        return as_datetime(instant).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return str(instant)


def as_length(duration: Duration) -> str:
    """Return how long something lasts, as people say it."""
    length = as_seconds(max(0, duration))
    if length < _SHOWN_TENTHS_BELOW_S:
        return _("{seconds} s").format(seconds=f"{length:.1f}")
    whole = round(length)
    if whole < _MINUTE_S:
        return _("{seconds} s").format(seconds=whole)
    if whole < _HOUR_S:
        return _("{minutes} min {seconds} s").format(
            minutes=whole // _MINUTE_S, seconds=whole % _MINUTE_S
        )
    return _("{hours} h {minutes} min").format(
        hours=whole // _HOUR_S, minutes=whole % _HOUR_S // _MINUTE_S
    )


def _clock(typed: str) -> time:
    hours, _colon, rest = typed.partition(":")
    try:
        return time.fromisoformat(f"{hours:0>2}:{rest}")
    except ValueError as error:
        raise _none(typed) from error


def _date(typed: str) -> datetime:
    try:
        stated = datetime.fromisoformat(typed)
        stated.astimezone()  # the first and the last year have moments that no zone can name
    except (ValueError, OverflowError) as error:
        raise _none(typed) from error
    return stated


def _local(stated: datetime, typed: str) -> datetime:
    """Return a local time with its zone; the clocks' change makes some of them none, or two."""
    first, second = stated.replace(fold=0).astimezone(), stated.replace(fold=1).astimezone()
    if first.replace(tzinfo=None) != stated:
        raise NoMomentError(
            _("there is no {typed} on that day: the clocks were put forward").format(typed=typed)
        )
    if first.utcoffset() != second.utcoffset():
        raise NoMomentError(
            _(
                "{typed} came twice on that day, as the clocks were put back: add which,"
                " {first} or {second}"
            ).format(typed=typed, first=first.isoformat(), second=second.isoformat())
        )
    return first


def _none(typed: str) -> NoMomentError:
    return NoMomentError(
        _(
            "{typed} is no time: write 14:05, 14:05:30, 2026-11-23 14:05, or ISO 8601 with a zone,"
            " such as 2026-11-23T14:05:30Z"
        ).format(typed=repr(typed))
    )
