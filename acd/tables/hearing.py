"""What a waiting caller has heard and will hear: frozen, replaced as time goes on."""

from dataclasses import dataclass

from cti.instants import Duration, Time

Said = tuple[int, bool]
"""A figure as it was said, and whether it was said to be more than that; the smaller the better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    An estimate made at an instant: what was expected, and what was said.

    `aloud`: the caller heard it; otherwise his queue was silent, and it would have been said.
    """

    at: Time
    expected: Duration
    said: Duration
    is_more: bool
    aloud: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """
    When a caller hears what next, and what he heard.

    `next_at` is when the next announcement is due, `place_at` and `comfort_at` when the next of
    each kind; `is_due`: it fell due while it could not be heard. `heard_at` is when he was told
    something last, and `comforted` counts the comfort messages. `position` and `wait` are what was
    last said to him, and `estimates` those made in his present queue that are not judged yet.
    """

    next_at: Time | None = None
    is_due: bool = False
    place_at: Time | None = None
    comfort_at: Time | None = None
    heard_at: Time | None = None
    comforted: int = 0
    position: Said | None = None
    wait: Said | None = None
    estimates: tuple[Estimate, ...] = ()

    @property
    def is_awaited(self) -> bool:
        """Return whether a timer runs for what is due next."""
        return self.next_at is not None and not self.is_due


NOTHING_HEARD = Hearing()
