"""
The shape of opening hours in `queues.yaml`, and the time zone that they are read in.

What a text means, and whether it ever opens, is checked at its place by `config.hours_check`.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from config.opening import HOURS_TEXT_MAX
from config.section import Section
from config.values import Editors, Means, Region, rule
from cti.language import _

SPECIAL_DAYS_MAX: Final = 400
ZONE_NAME: Final = r"^[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$"
_LOCALTIME: Final = Path("/etc/localtime")
_SPAN: Final = r"([01]?[0-9]|2[0-3]):[0-5][0-9]-([01]?[0-9]|2[0-4]):[0-5][0-9]"


def time_zone(name: str) -> ZoneInfo | None:
    """Return the time zone of this name, or None where there is none."""
    if re.fullmatch(ZONE_NAME, name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):
        return None  # OSError: a folder of zones, such as Europe


def machine_zone() -> ZoneInfo:
    """Return the time zone of this machine: of TZ, else of /etc/localtime, else UTC."""
    told = os.environ.get("TZ", "").lstrip(":")
    try:
        linked = str(_LOCALTIME.resolve(strict=True)).partition("/zoneinfo/")[2]
    except (OSError, RuntimeError):
        linked = ""
    for name in (told, linked):
        found = time_zone(name)
        if found is not None:
            return found
    return ZoneInfo("UTC")


def _zone_name(name: str) -> str:
    if time_zone(name) is None:
        raise rule(_("must be a time zone such as Europe/Berlin, Asia/Shanghai or UTC"))
    return name


def _special_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise rule(_("there is no such day; a day is written as 2026-12-24")) from None
    return text


def _special_hours(text: str) -> str:
    for span in text.split(","):
        begins, _dash, ends = (part.strip() for part in span.partition("-"))
        if begins and begins.zfill(5) == ends.zfill(5):
            raise rule(_("{span} begins and ends at the same time").format(span=span.strip()))
    return text


TimeZone = Annotated[
    str,
    AfterValidator(_zone_name),
    Editors({"pattern": ZONE_NAME}),
    Means(_("a time zone such as Europe/Berlin, Asia/Shanghai or UTC")),
]
HoursText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=HOURS_TEXT_MAX),
    Means(
        _("opening hours such as Mo-Fr 09:00-17:30; PH off, up to {most} characters").format(
            most=f"{HOURS_TEXT_MAX:,}"
        )
    ),
]
HoursOfQueue = Annotated[
    str,
    StringConstraints(min_length=1, max_length=HOURS_TEXT_MAX),
    Means(_("the name of hours, or opening hours such as Mo-Fr 09:00-17:30; PH off")),
]
SpecialDay = Annotated[
    str,
    StringConstraints(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_special_day),
    Means(_("a day such as 2026-12-24")),
]
SpecialHours = Annotated[
    str,
    StringConstraints(pattern=rf"^(closed|{_SPAN}( ?, ?{_SPAN}){{0,9}})$"),
    AfterValidator(_special_hours),
    Means(_("closed, or times such as 09:00-12:00 or 09:00-12:00,14:00-16:00")),
]


class HoursSection(Section):
    """When something is open: a week, the country's holidays, and days that are different."""

    open: HoursText
    """The opening hours as OpenStreetMap writes them: Mo-Fr 09:00-17:30; PH off."""
    country: Region | None = None
    """Whose public holidays PH means; telephony.country where nothing is said."""
    time_zone: TimeZone | None = None
    """Whose clock counts; telephony.time_zone where nothing is said."""
    special_days: Annotated[
        dict[SpecialDay, SpecialHours],
        Field(max_length=SPECIAL_DAYS_MAX),
        Means(
            _("a mapping of up to {most} days to closed or to times").format(most=SPECIAL_DAYS_MAX)
        ),
    ] = Field(default_factory=dict)
    """Days with hours of their own, whatever the rest says: 2026-12-24: 09:00-12:00."""


NamedHours = Annotated[
    Annotated[HoursText, Tag("text")] | Annotated[HoursSection, Tag("section")],
    Discriminator(lambda value: "section" if isinstance(value, dict | HoursSection) else "text"),
    Means(_("opening hours in text, or a mapping (open, country, time_zone, special_days)")),
]
