"""Who calls again is known by one key, and his number stands nowhere else."""

from cti.ids import PartyKey
from cti.switch import known_callers
from cti.switch.known_callers import KnownCallers

FIRST, SECOND, THIRD = PartyKey("p1"), PartyKey("p2"), PartyKey("p3")


def test_who_calls_again_has_the_key_of_his_first_call() -> None:
    callers = KnownCallers()

    assert callers.key_of("4930123", FIRST) == FIRST
    assert callers.key_of("4930124", SECOND) == SECOND
    assert callers.key_of("4930123", THIRD) == FIRST


def test_who_shows_no_number_is_nobody_known() -> None:
    callers = KnownCallers()

    assert callers.key_of("", FIRST) is None
    assert callers.key_of("", SECOND) is None


def test_the_number_that_has_not_called_for_longest_is_forgotten_first() -> None:
    callers = KnownCallers()
    for number in range(known_callers.NUMBERS_MAX):
        callers.key_of(str(number), FIRST)
    callers.key_of("0", SECOND)
    callers.key_of("new", SECOND)

    assert callers.key_of("0", THIRD) == FIRST
    assert callers.key_of("1", THIRD) == THIRD
