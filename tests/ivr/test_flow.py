"""Flows that contradict themselves are refused when they are built."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cti.instants import Duration
from ivr.errors import FlowError
from ivr.flow import Choice, Flow, Menu, ToHangUp
from tests.ivr.flows import CHOICES, menu


def choices_plus(key: str, name: str) -> tuple[Choice, ...]:
    """Return the usual choices and one more."""
    return (*CHOICES, Choice(key=key, name=name, to=ToHangUp()))


BROKEN: dict[str, Callable[[], Menu]] = {
    "menu main: a greeting of one prompt at least is needed": lambda: replace(menu(), greeting=()),
    "menu main: first_key must be longer than nothing": lambda: replace(
        menu(), first_key=Duration(0)
    ),
    "menu main: tries must be 1 to 10, not 0": lambda: menu(tries=0),
    "menu main: tries must be 1 to 10, not 11": lambda: menu(tries=11),
    "menu main: 'A' is not one of the keys 0123456789*#": lambda: menu(
        choices=choices_plus("A", "a")
    ),
    "menu main: '12' is not one of the keys 0123456789*#": lambda: menu(
        choices=choices_plus("12", "a")
    ),
    "menu main: '' is not one of the keys 0123456789*#": lambda: menu(
        choices=choices_plus("", "a")
    ),
    "menu main: key 1 has two choices": lambda: menu(choices=choices_plus("1", "a")),
    "menu main: the name no_key is taken": lambda: menu(choices=choices_plus("9", "no_key")),
    "menu main: the name wrong_key is taken": lambda: menu(choices=choices_plus("9", "wrong_key")),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_menu_that_contradicts_itself_is_refused_and_says_why(message: str) -> None:
    with pytest.raises(FlowError) as refused:
        BROKEN[message]()

    assert message == str(refused.value)


def test_a_flow_needs_a_step_to_begin_with() -> None:
    with pytest.raises(FlowError, match="flow empty: there is no step to begin with"):
        Flow(name="empty", steps=())


def test_steps_of_one_flow_have_names_of_their_own() -> None:
    with pytest.raises(FlowError, match="flow twice: two steps have the same name"):
        Flow(name="twice", steps=(menu("a"), menu("b"), menu("a")))


def test_a_flow_begins_with_its_first_step() -> None:
    flow = Flow(name="two", steps=(menu("a"), menu("b")))

    assert flow.steps[0].name == "a"
