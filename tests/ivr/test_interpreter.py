"""What a caller hears and where he arrives, key by key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ids import QueueName
from ivr.actions import KEYS, Action, AwaitKey, EnterQueue, HangUp, Play, Stop
from ivr.errors import ImpossibleResultError
from ivr.flow import TRIES_MAX, Destination, ToHangUp
from ivr.interpreter import ANSWERS, Interpreter
from ivr.results import CallerGone, KeyPressed, NoKey, Played, Result
from tests.ivr.flows import FIRST_KEY, GOODBYE, HOTLINE, SUPPORT, flow

GREETING = Play(prompts=("welcome", "choices"))
GREETING_AFTER_WRONG_KEY = Play(prompts=("wrong-key", "welcome", "choices"))
GREETING_AFTER_NO_KEY = Play(prompts=("no-key", "welcome", "choices"))
AWAIT = AwaitKey(timeout=FIRST_KEY)
SALES_REACHED = EnterQueue(queue=QueueName("sales"), choice="sales")


def led(interpreter: Interpreter, *results: Result) -> list[Action]:
    """Return all the actions of a flow that is begun and given these results."""
    return [interpreter.begin(), *(interpreter.handle(result) for result in results)]


def test_a_caller_hears_the_greeting_then_has_time_then_his_choice_leads_to_its_queue() -> None:
    interpreter = Interpreter(flow())

    assert led(interpreter, Played(), KeyPressed("1")) == [GREETING, AWAIT, SALES_REACHED]
    assert interpreter.trace == ("sales",)


def test_any_key_stops_the_greeting() -> None:
    assert GREETING.keys == KEYS


def test_a_key_during_the_greeting_is_the_choice_at_once() -> None:
    assert led(Interpreter(flow()), KeyPressed("1")) == [GREETING, SALES_REACHED]


def test_a_choice_can_hang_up() -> None:
    assert [GREETING, HangUp(choice="leave")] == led(Interpreter(flow()), KeyPressed("#"))


@pytest.mark.parametrize("key", ["9", "*", "A", "\x00", "12", ""])
def test_a_wrong_key_is_told_and_the_greeting_comes_again(key: str) -> None:
    interpreter = Interpreter(flow())

    assert led(interpreter, Played(), KeyPressed(key), KeyPressed("1")) == [
        GREETING,
        AWAIT,
        GREETING_AFTER_WRONG_KEY,
        SALES_REACHED,
    ]
    assert interpreter.trace == ("wrong_key", "sales")


def test_a_caller_who_presses_nothing_is_told_and_the_greeting_comes_again() -> None:
    interpreter = Interpreter(flow())

    assert led(interpreter, Played(), NoKey(), Played(), KeyPressed("1")) == [
        GREETING,
        AWAIT,
        GREETING_AFTER_NO_KEY,
        AWAIT,
        SALES_REACHED,
    ]
    assert interpreter.trace == ("no_key", "sales")


def test_after_the_last_try_with_a_wrong_key_the_caller_goes_where_otherwise_leads() -> None:
    interpreter = Interpreter(flow(tries=2))

    assert [
        GREETING,
        GREETING_AFTER_WRONG_KEY,
        EnterQueue(queue=QueueName("support"), choice="wrong_key"),
    ] == led(interpreter, KeyPressed("7"), KeyPressed("8"))
    assert interpreter.trace == ("wrong_key", "wrong_key")


def test_after_the_last_try_without_a_key_otherwise_is_reached_by_the_name_no_key() -> None:
    interpreter = Interpreter(flow(tries=2))
    actions = led(interpreter, KeyPressed("7"), Played(), NoKey())

    assert EnterQueue(queue=QueueName("support"), choice="no_key") == actions[-1]
    assert interpreter.trace == ("wrong_key", "no_key")


@pytest.mark.parametrize("last", [Played(), KeyPressed("1"), KeyPressed("9")])
@pytest.mark.parametrize(
    ("otherwise", "prompts", "end"),
    [
        (HOTLINE, ("sorry",), EnterQueue(queue=QueueName("support"), choice="no_key")),
        (GOODBYE, ("goodbye",), HangUp(choice="no_key")),
    ],
)
def test_prompts_before_the_end_are_played_first_and_any_key_only_shortens_them(
    last: Result, otherwise: Destination, prompts: tuple[str, ...], end: Action
) -> None:
    interpreter = Interpreter(flow(tries=1, otherwise=otherwise))

    assert [GREETING, AWAIT, Play(prompts=prompts), end] == led(
        interpreter, Played(), NoKey(), last
    )
    assert interpreter.trace == ("no_key",)


@pytest.mark.parametrize("before", [(), (Played(),), (Played(), NoKey(), Played(), NoKey())])
def test_a_flow_stops_when_the_caller_goes(before: tuple[Result, ...]) -> None:
    interpreter = Interpreter(flow(tries=2, otherwise=GOODBYE))

    assert Stop() == led(interpreter, *before, CallerGone())[-1]


ENDINGS: list[tuple[Result, ...]] = [
    (KeyPressed("1"),),
    (KeyPressed("#"),),
    (Played(), NoKey()),
    (CallerGone(),),
]


@pytest.mark.parametrize("late", [Played(), KeyPressed("1"), NoKey(), CallerGone()])
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_can_come_after_the_end(ending: tuple[Result, ...], late: Result) -> None:
    interpreter = Interpreter(flow(tries=1))
    led(interpreter, *ending)

    with pytest.raises(ImpossibleResultError, match="does not answer"):
        interpreter.handle(late)


@pytest.mark.parametrize("result", [Played(), KeyPressed("1"), NoKey(), CallerGone()])
def test_nothing_can_come_before_the_beginning(result: Result) -> None:
    with pytest.raises(ImpossibleResultError, match="does not answer None"):
        Interpreter(flow()).handle(result)


def test_a_prompt_cannot_end_while_none_is_playing() -> None:
    interpreter = Interpreter(flow())
    led(interpreter, Played())

    with pytest.raises(ImpossibleResultError, match="Played"):
        interpreter.handle(Played())


def test_time_cannot_run_out_during_a_prompt() -> None:
    interpreter = Interpreter(flow())
    interpreter.begin()

    with pytest.raises(ImpossibleResultError, match="NoKey"):
        interpreter.handle(NoKey())


def test_an_impossible_result_changes_nothing() -> None:
    interpreter = Interpreter(flow())
    interpreter.begin()
    with pytest.raises(ImpossibleResultError):
        interpreter.handle(NoKey())

    assert interpreter.handle(Played()) == AWAIT


def test_a_flow_begins_once() -> None:
    interpreter = Interpreter(flow())
    interpreter.begin()

    with pytest.raises(ImpossibleResultError, match="begun already"):
        interpreter.begin()


KEYS_AND_WORSE: st.SearchStrategy[Result] = st.one_of(
    st.sampled_from(KEYS).map(KeyPressed), st.text(max_size=2).map(KeyPressed)
)
ANY_RESULT = st.one_of(st.sampled_from([Played(), NoKey(), CallerGone()]), KEYS_AND_WORSE)
STAYING: dict[type[Action], st.SearchStrategy[Result]] = {
    Play: st.just(Played()) | KEYS_AND_WORSE,
    AwaitKey: st.just(NoKey()) | KEYS_AND_WORSE,
}
"""What a caller can do who never goes by himself."""


@given(
    tries=st.integers(1, TRIES_MAX),
    otherwise=st.sampled_from([SUPPORT, HOTLINE, GOODBYE, ToHangUp()]),
    data=st.data(),
)
def test_whatever_callers_do_a_flow_ends_within_bounded_steps(
    tries: int, otherwise: Destination, data: st.DataObject
) -> None:
    """Each try is a `Play` and at most one `AwaitKey`; one `Play` more says goodbye."""
    interpreter = Interpreter(flow(tries=tries, otherwise=otherwise))
    action = interpreter.begin()
    results_given = 0
    while not isinstance(action, EnterQueue | HangUp):
        action = interpreter.handle(data.draw(STAYING[type(action)]))
        results_given += 1

    assert interpreter.trace[-1] == action.choice
    assert results_given <= 2 * tries + 1


@given(results=st.lists(ANY_RESULT, max_size=30))
def test_any_results_in_any_order_are_followed_or_refused_but_never_surprise(
    results: list[Result],
) -> None:
    interpreter = Interpreter(flow())
    action = interpreter.begin()
    for result in results:
        if isinstance(result, ANSWERS[type(action)]):
            action = interpreter.handle(result)
        else:
            with pytest.raises(ImpossibleResultError):
                interpreter.handle(result)
