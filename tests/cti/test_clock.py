"""The shell's clock never runs back."""

from cti.clock import Clock
from cti.instants import Time


def test_time_goes_on_by_the_monotonic_clock_whatever_the_wall_clock_does() -> None:
    wall, monotonic = [1_000_000_000], [5_000]
    clock = Clock(wall_ns=lambda: wall[0], monotonic_ns=lambda: monotonic[0])

    first = clock.now()
    wall[0] = 0
    monotonic[0] += 2_000_000

    assert Time(1_000_000) == first
    assert Time(1_002_000) == clock.now()


def test_time_begins_no_earlier_than_what_was_journalled() -> None:
    clock = Clock(not_before=Time(9_000), wall_ns=lambda: 1_000, monotonic_ns=lambda: 0)

    assert Time(9_000) == clock.now()
