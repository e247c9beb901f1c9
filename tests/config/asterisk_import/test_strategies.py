"""Which strategy a queue gets, and what its members' penalties make of its order and weights."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from config.asterisk_import.draft import QueueDraft
from config.load import check
from tests.config.asterisk_import.setups import SECRET, drafted, loaded, run, told, write

MEMBERS = "member => PJSIP/c,2\nmember => PJSIP/a,0\nmember => PJSIP/d,2\nmember => PJSIP/b,1\n"


def queue(folder: Path, options: str) -> QueueDraft:
    (draft,) = drafted(folder, f"[sales]\n{options}").queues
    return draft


def said_of(folder: Path, options: str, wanted: str) -> list[str]:
    lines = told(drafted(folder, f"[sales]\n{options}"))
    return [line for line in lines if wanted in line]


@pytest.mark.parametrize(
    ("option", "strategy", "order", "weights"),
    [
        ("", "longest_idle", [], {}),
        ("strategy = ringall\n", "longest_idle", [], {}),
        ("strategy = nonsense\n", "longest_idle", [], {}),
        ("strategy = leastrecent\n", "longest_idle", [], {}),
        ("strategy = FewestCalls\n", "fewest_calls", [], {}),
        ("strategy = rrmemory\n", "round_robin", [], {}),
        ("strategy = roundrobin\n", "round_robin", [], {}),
        ("strategy = rrordered\n", "round_robin", ["c", "a", "d", "b"], {}),
        ("strategy = linear\n", "ordered", ["a", "b", "c", "d"], {}),
        ("strategy = random\n", "weighted_random", [], {}),
        ("strategy = wrandom\n", "weighted_random", [], {"c": 2, "a": 6, "d": 2, "b": 3}),
    ],
)
def test_each_strategy_of_app_queue_has_a_counterpart(
    tmp_path: Path, option: str, strategy: str, order: list[str], weights: dict[str, int]
) -> None:
    draft = queue(tmp_path, option + MEMBERS)

    assert (draft.strategy, draft.order, draft.weights) == (strategy, order, weights)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (
            "strategy = ringall",
            (
                "differs: {at} strategy = ringall: strategy: longest_idle; no phones are rung all "
                "at once yet: one after the other"
            ),
        ),
        (
            "strategy = nonsense",
            (
                "differs: {at} strategy = nonsense: Asterisk does not know it either and rings all "
                "phones at once, which is not there yet: strategy: longest_idle, one after the "
                "other"
            ),
        ),
        ("strategy = rrmemory", "taken over: {at} strategy = rrmemory: strategy: round_robin"),
        (
            "strategy = wrandom",
            (
                "differs: {at} strategy = wrandom: strategy: weighted_random; weights: in "
                "proportion to 1/(penalty + 1), which is near to app_queue: it draws a number "
                "below 1000 times (penalty + 1) for each member and rings the lowest, so that of "
                "two members the likelier one is likelier still"
            ),
        ),
    ],
)
def test_it_is_said_what_a_strategy_becomes(tmp_path: Path, option: str, line: str) -> None:
    wanted = line.format(at="queues.conf:2: [sales]")

    assert said_of(tmp_path, f"{option}\n", "strategy") == [wanted]


def test_a_queue_without_a_strategy_is_told_as_what_it_is_to_asterisk(tmp_path: Path) -> None:
    assert said_of(tmp_path, "timeout = 9\n", "strategy") == [
        (
            "differs: queues.conf:1: [sales]: no strategy, which is ringall: strategy: "
            "longest_idle; no phones are rung all at once yet: one after the other"
        )
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("strategy = linear\n", "taken over: {at}: penalty 5: his place in the queue's order"),
        ("strategy = wrandom\n", "taken over: {at}: penalty 5: his weight in the queue"),
        (
            "strategy = linear\npenaltymemberslimit = 1\n",
            "not needed: {at}: penalty 5: the queue has no more members than penaltymemberslimit",
        ),
        ("strategy = random\n", "no counterpart yet: {at}: penalty 5: he is rung like all others"),
    ],
)
def test_a_penalty_is_told_as_what_it_is_in_its_queue(
    tmp_path: Path, options: str, line: str
) -> None:
    (said,) = said_of(tmp_path, options + "member => PJSIP/a,5\n", "penalty 5")
    at = f"queues.conf:{2 + options.count(chr(10))}: [sales] member = PJSIP/a,5"

    assert said.startswith(line.format(at=at))


def test_penalties_do_not_order_a_queue_that_is_too_small_for_them(tmp_path: Path) -> None:
    draft = queue(tmp_path, f"strategy = linear\npenaltymemberslimit = 4\n{MEMBERS}")

    assert draft.order == ["c", "a", "d", "b"]


def test_of_a_member_told_twice_the_first_place_and_the_last_penalty_count(tmp_path: Path) -> None:
    """As for Asterisk: `queue show` tells the last penalty (test_on_asterisk)."""
    again = "member => PJSIP/a,0\nmember => PJSIP/b,1\nmember => PJSIP/a,2\n"

    assert queue(tmp_path, f"strategy = linear\n{again}").order == ["b", "a"]


@pytest.mark.parametrize(
    ("penalties", "weights"),
    [
        ((0, 0), []),
        ((3, 3), []),
        ((0, 1), [2, 1]),
        ((-4, 1), [2, 1]),
        ((6, 4, 10, 12), [714, 1000, 454, 384]),
        ((0, 999_999), [1000, 1]),
    ],
)
def test_weights_fall_with_the_penalty_and_stay_within_their_limits(
    tmp_path: Path, penalties: Sequence[int], weights: list[int]
) -> None:
    members = "".join(f"member => PJSIP/p{at},{one}\n" for at, one in enumerate(penalties))
    draft = queue(tmp_path, f"strategy = wrandom\n{members}")

    assert list(draft.weights.values()) == weights


def test_what_is_written_is_read_back_as_order_and_weights(tmp_path: Path) -> None:
    text = (
        f"[a]\nautopause = all\nstrategy = linear\n{MEMBERS}"
        f"[b]\nautopause = all\nstrategy = wrandom\n{MEMBERS}"
    )
    out = tmp_path / "out"
    result = run(write(tmp_path / "asterisk", {"queues.conf": text}), "--out", out)
    queues = {str(queue.name): queue for queue in loaded(out).policy.queues}

    assert result.exit_code == 0
    assert [str(problem) for problem in check(out, SECRET)] == []
    assert queues["a"].order == ("a", "b", "c", "d")
    assert queues["b"].weights == (("c", 2), ("a", 6), ("d", 2), ("b", 3))


@pytest.mark.usefixtures("quick_hashes")
def test_an_order_of_nobody_is_a_point_that_is_still_to_be_given(tmp_path: Path) -> None:
    out = tmp_path / "out"
    queues = write(tmp_path / "asterisk", {"queues.conf": "[a]\nstrategy = linear\n"})
    result = run(queues, "--out", out)

    assert "  - The order of the agents of 1 queue in queues.yaml." in result.stdout.splitlines()
    assert "strategy: ordered   # FILL IN: an order of agents" in (out / "queues.yaml").read_text()
