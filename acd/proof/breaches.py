"""The word for something that does not hold."""

from typing import NamedTuple

from acd.commands import Invariant


class Breach(NamedTuple):
    """An invariant that does not hold, and of whom or what."""

    name: Invariant
    about: str
