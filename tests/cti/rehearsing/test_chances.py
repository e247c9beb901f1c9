import pytest

from cti.instants import Duration, seconds
from cti.rehearsing.chances import patience


def test_the_estimate_is_that_of_kaplan_and_meier() -> None:
    """
    Weeks of remission with 6-mercaptopurine.

    Freireich et al. (1963), with the estimates that every text on survival takes from them: 0.857
    at 6 weeks, 0.807 at 7, 0.753 at 10, 0.690 at 13, 0.627 at 16, 0.538 at 22 and 0.448 at 23.
    """
    left = (6, 6, 6, 7, 10, 13, 16, 22, 23)
    censored = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    waits = [(seconds(wait), True) for wait in left] + [(seconds(wait), False) for wait in censored]
    estimate = patience(waits)

    assert estimate.waits == tuple(seconds(wait) for wait in (6, 7, 10, 13, 16, 22, 23))
    assert estimate.remaining == pytest.approx(
        (0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448), abs=5e-4
    )


def test_who_has_waited_so_long_leaves_later_or_never() -> None:
    estimate = patience(
        [(seconds(wait), True) for wait in (10, 20, 30, 40)] + [(seconds(50), False)]
    )

    assert estimate.beyond(seconds(20), 0.99) == seconds(30)
    assert estimate.beyond(seconds(20), 0.5) == seconds(40)
    assert estimate.beyond(seconds(20), 0.3) is None
    assert estimate.beyond(seconds(40), 0.999) is None
    assert estimate.beyond(Duration(0), 0.99) == seconds(10)


def test_where_nobody_left_everybody_stays() -> None:
    assert patience([(seconds(5), False)]).beyond(Duration(0), 0.0) is None
