"""What callers of a queue are told while they wait, as the administrators decided."""

from dataclasses import dataclass

from cti.instants import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPolicy:
    """How many callers come first; beyond `at_most` it is said that there are more than that."""

    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatePolicy:
    """
    How long it will take, in full multiples of `round_to`; beyond `at_most`: more than that.

    Silent while of the last calls fewer than `trusted` millionths were answered within what they
    were told, if `cases` of them at least tell.
    """

    round_to: Duration
    at_most: Duration
    trusted: int
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfortPolicy:
    """Prompts that callers hear in turn, first after `first_after`, then every `every`."""

    prompts: tuple[str, ...]
    first_after: Duration
    every: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncePolicy:
    """
    What is told of a caller's place, first after `first_after`, then every `every`.

    `only_improved`: a position or an estimate is said again only if it is better than the last
    one that this caller heard. `comfort` has times of its own.
    """

    first_after: Duration
    every: Duration
    only_improved: bool = True
    position: PositionPolicy | None = None
    estimate: EstimatePolicy | None = None
    comfort: ComfortPolicy | None = None
