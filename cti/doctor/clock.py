"""Clocks: this machine's, Asterisk's, and who sets them."""

import ctypes
import time
import zoneinfo

from cti.doctor.findings import Examination, Finding, not_checked, ok, warning
from cti.language import _

APART_S_MAX = 2.0
"""More apart, and times of the call log do not fit Asterisk's own records and recordings."""
_UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2)."""
_ZONE_TRIED = "Europe/Berlin"
_SET_CLOCK = "timedatectl set-ntp true"


class _Timex(ctypes.Structure):
    """`struct timex` as far as its status, with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def is_synchronised() -> bool | None:
    """Ask the kernel whether something keeps the clock right; None: it does not say."""
    told = _Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(told)) < 0:
            return None
    except (OSError, AttributeError):
        return None
    return not told.status & _UNSYNCHRONISED


async def look_at_own_clock(_examination: Examination) -> list[Finding]:
    """Look at this machine's clock and its time zones."""
    found = []
    try:
        zoneinfo.ZoneInfo(_ZONE_TRIED)
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        found.append(
            warning(_("this machine knows no time zones but UTC"), _("apt-get install tzdata"))
        )
    synchronised = is_synchronised()
    if synchronised is False:
        found.append(warning(_("nothing keeps this machine's clock right"), _SET_CLOCK))
    elif synchronised is None:
        found.append(not_checked(_("because the kernel does not tell who sets the clock")))
    return found or [ok(_("this machine's clock is kept right"))]


async def look_at_asterisks_clock(examination: Examination) -> list[Finding]:
    """Compare Asterisk's clock with ours."""
    before = time.time()
    told = await examination.link.value("EPOCH")
    after = time.time()
    if not told.isdecimal():
        return [not_checked(_("because Asterisk does not tell its time"))]
    return [compared(_("Asterisk"), float(told), before, after, granularity_s=1.0)]


def compared(
    whose: str, told: float, before: float, after: float, *, granularity_s: float = 0.0
) -> Finding:
    """Return how another's clock stands against ours; it was read between two of our times."""
    if told + granularity_s < before:
        apart = told + granularity_s - before
    elif told > after:
        apart = told - after
    else:
        apart = 0.0
    if abs(apart) > APART_S_MAX:
        return warning(
            _("the clock of {whose} is {seconds} seconds from this machine's").format(
                whose=whose, seconds=f"{apart:+.0f}"
            ),
            _("on both machines: {command}").format(command=_SET_CLOCK),
        )
    return ok(_("{whose} and this machine have the same time").format(whose=whose))
