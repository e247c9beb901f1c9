"""What is known of one option of app_queue: what it becomes here, or what happens instead."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from config.asterisk_import.arguments import truth, whole
from cti.language import _


class Fate(Enum):
    """What became of something; the value is how reports and the guide call it."""

    TAKEN = _("taken over")
    DIFFERS = _("differs")
    KEPT_IN_MIND = _("no counterpart yet")
    NOT_NEEDED = _("not needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRule:
    """
    One option. `words` say what becomes of it, or what happens instead.

    `idle` tells whether a value switches the option off: then nothing is lost with it.
    """

    name: str
    fate: Fate
    words: str
    default: str = ""
    aliases: tuple[str, ...] = ()
    becomes: str = ""
    idle: Callable[[str], bool] | None = None


def off(value: str) -> bool:
    """Tell whether a value means no."""
    return truth(value) is not True


def zero(value: str) -> bool:
    """Tell whether a number is 0, or none."""
    return whole(value) <= 0


def empty(value: str) -> bool:
    """Tell whether nothing is said."""
    return not value


def none(value: str) -> bool:
    """Tell whether a list of conditions is empty for sure, or says no."""
    return not value or truth(value) is False
