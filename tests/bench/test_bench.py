from collections.abc import Callable, Coroutine
from functools import partial

import orjson
import pytest

from lab.load.sides import Staff
from tests.bench import (
    agent_free,
    ami_unwanted,
    ami_wanted,
    calls_vs_app_queue,
    decision,
    decision_growth,
    fastagi,
    journal,
    memory,
    reload,
    simulate,
    soak_short,
    world,
)
from tests.bench.__main__ import FIGURES, main
from tests.bench.acd_floor import Size
from tests.bench.calls_vs_app_queue import Trial
from tests.bench.figure import (
    Comparison,
    Figures,
    Growth,
    MeasureError,
    alternately,
    each,
)
from tests.bench.ramp import Ramp
from tests.bench.soak_short import Soak
from tests.bench.world import World

TRIAL = Trial(
    staff=Staff(many=6, few=2),
    cost_rate=8.0,
    cost_s=1.5,
    cost_rounds=1,
    busy_talk_s=0.3,
    busy_load=2.0,
    busy_s=1.0,
    ramp=Ramp(first=6.0, steps_max=1, seconds=1.5, tries=3, pause_s=0.2),
)
SOAK = Soak(
    staff=Staff(many=6, few=1), rate=6.0, seconds=4.0, settle_s=1.0, window_s=1.0, every_s=0.5
)
FLOOR = Size(agents=10, queues=4, waiting=20, queues_each=2)
PARTS = {
    "calls_vs_app_queue": {
        "free_to_invite_median",
        "free_to_invite_p99",
        "wait_over_ideal",
        "cpu_per_call",
        "cpu_per_call_busy",
        "calls_per_s",
    },
    "memory": {"agent", "call"},
    "world": {"seconds", "bytes"},
    "soak_short": {"memory", "descriptors", "tasks", "threads", "asterisk_memory"},
}
TINY: dict[str, Callable[[], Coroutine[None, None, Figures]]] = {
    "ami_wanted": partial(ami_wanted.measure, events=100, rounds=1),
    "ami_unwanted": partial(ami_unwanted.measure, events=100, rounds=1),
    "fastagi": partial(fastagi.measure, sessions=2, calls=1, rounds=1),
    "journal": partial(journal.measure, batches=1, commits=10, rounds=1),
    "decision": partial(decision.measure, size=FLOOR, our_rounds=20, their_rounds=10, rounds=1),
    "decision_growth": partial(decision_growth.measure, few=4, many=16, decisions=10, rounds=1),
    "agent_free": partial(agent_free.measure, size=FLOOR, our_rounds=20, their_rounds=10, rounds=1),
    "memory": partial(memory.measure, agents=20, calls=100),
    "world": partial(
        world.measure, World(agents=20, skills=3, kinds=30, queues=40, memberships=75)
    ),
    "reload": partial(reload.measure, agents=4, queues=3, rounds=1),
    "simulate": partial(simulate.measure, per_hour=20, agents=2),
    "calls_vs_app_queue": partial(calls_vs_app_queue.measure, TRIAL),
    "soak_short": partial(soak_short.measure, SOAK),
}


def test_every_figure_has_a_tiny_size_here() -> None:
    assert list(TINY) == list(FIGURES)


@pytest.mark.parametrize("name", TINY)
async def test_each_figure_is_one_line_of_json_under_its_name(name: str) -> None:
    lines = [figure.line() for figure in each(await TINY[name]())]
    figures = [orjson.loads(line) for line in lines]

    assert not any("\n" in line for line in lines)
    assert {figure["name"] for figure in figures} == (
        {f"{name}.{part}" for part in PARTS[name]} if name in PARTS else {name}
    )
    assert len(figures) == len(PARTS.get(name, {name}))
    for figure in figures:
        assert figure["ours"] > 0
        assert figure["ratio"] >= 0
        assert figure["unit"]
        assert set(figure) in (
            {"name", "ours", "peer", "peer_name", "unit", "ratio"},
            {"name", "ours", "bound", "unit", "ratio"},
        )


def test_where_less_is_better_the_ratio_is_still_above_1_where_ours_is_better() -> None:
    figure = Comparison(
        name="n", ours=2.0, peer=500.0, peer_name="p", unit="ms", less_is_better=True
    )

    assert figure.line() == (
        '{"name":"n","ours":2.0,"peer":500,"peer_name":"p","unit":"ms","ratio":250.0}'
    )


def test_the_ratio_of_a_comparison_is_above_1_where_ours_is_better() -> None:
    figure = Comparison(name="n", ours=30_000.4, peer=15_000, peer_name="p", unit="u")

    assert figure.line() == (
        '{"name":"n","ours":30000,"peer":15000,"peer_name":"p","unit":"u","ratio":2.0}'
    )


def test_the_ratio_of_a_growth_is_below_1_where_the_bound_is_kept() -> None:
    figure = Growth(name="n", ours=1.204, bound=2.0, unit="u")

    assert figure.line() == '{"name":"n","ours":1.2,"bound":2.0,"unit":"u","ratio":0.6}'


async def test_two_sides_are_measured_in_turns_and_by_their_medians() -> None:
    turns: list[str] = []

    async def one() -> float:
        turns.append("one")
        return float(len(turns))

    async def other() -> float:
        turns.append("other")
        return float(len(turns))

    # One comes first, fourth and fifth; the other second, third and sixth.
    assert await alternately(one, other, rounds=3) == (4.0, 3.0)
    assert turns == ["one", "other", "other", "one", "one", "other"]


def test_an_unknown_figure_is_refused_by_one_line_with_the_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["decision", "speed"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "There is no figure 'speed'. The figures are: "
        "ami_wanted, ami_unwanted, fastagi, journal, decision, decision_growth, agent_free, "
        "memory, world, reload, simulate, calls_vs_app_queue, soak_short.\n"
    )


def test_the_figures_asked_for_are_printed_and_what_goes_on_is_told_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure() -> Figures:
        return Growth(name="decision", ours=1.0, bound=2.0, unit="u")

    monkeypatch.setitem(FIGURES, "decision", measure)

    assert main(["decision"]) == 0
    printed = capsys.readouterr()
    assert printed.out == '{"name":"decision","ours":1.0,"bound":2.0,"unit":"u","ratio":0.5}\n'
    assert "decision (1 of 1)" in printed.err


def test_several_figures_of_one_name_are_a_line_each_and_minutes_are_told_beforehand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure() -> Figures:
        return [Growth(name=f"soak_short.{part}", ours=1, bound=2, unit="u") for part in "ab"]

    monkeypatch.setitem(FIGURES, "soak_short", measure)

    assert main(["soak_short"]) == 0
    printed = capsys.readouterr()
    assert [orjson.loads(line)["name"] for line in printed.out.splitlines()] == [
        "soak_short.a",
        "soak_short.b",
    ]
    assert printed.err.startswith("This takes about 11 minutes; Ctrl-C ends it.\n")


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (MeasureError("it is too busy here"), 1, "It cannot be measured: it is too busy here.\n"),
    ],
)
def test_what_cannot_be_measured_to_its_end_is_told_in_one_line(
    ends: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def measure() -> Figures:
        raise ends

    monkeypatch.setitem(FIGURES, "decision", measure)

    assert code == main(["decision"])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"decision (1 of 1) ...\n{said}"


def test_help_names_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in FIGURES if name not in printed] == []
