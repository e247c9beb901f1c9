from collections.abc import Callable, Coroutine
from functools import partial

import orjson
import pytest

from tests.bench import acd, acd_growth, ami_unwanted, ami_wanted, fastagi, journal
from tests.bench.__main__ import FIGURES, main
from tests.bench.acd_floor import Size
from tests.bench.figure import Comparison, Figure, Growth, alternately

TINY: dict[str, Callable[[], Coroutine[None, None, Figure]]] = {
    "ami_wanted": partial(ami_wanted.measure, events=100, rounds=1),
    "ami_unwanted": partial(ami_unwanted.measure, events=100, rounds=1),
    "fastagi": partial(fastagi.measure, sessions=2, calls=1, rounds=1),
    "journal": partial(journal.measure, batches=1, commits=10, rounds=1),
    "acd": partial(
        acd.measure,
        size=Size(agents=10, queues=4, waiting=20, queues_each=2),
        our_rounds=20,
        their_rounds=10,
        rounds=1,
    ),
    "acd_growth": partial(acd_growth.measure, few=4, many=16, facts=10, rounds=1),
}


def test_every_figure_has_a_tiny_size_here() -> None:
    assert list(TINY) == list(FIGURES)


@pytest.mark.parametrize("name", TINY)
async def test_a_figure_is_one_line_of_json_under_its_name(name: str) -> None:
    line = (await TINY[name]()).line()
    figure = orjson.loads(line)

    assert "\n" not in line
    assert figure["name"] == name
    assert figure["ours"] > 0
    assert figure["ratio"] >= 0
    assert figure["unit"]
    assert set(figure) in (
        {"name", "ours", "peer", "peer_name", "unit", "ratio"},
        {"name", "ours", "bound", "unit", "ratio"},
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
    assert main(["acd", "speed"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "There is no figure 'speed'. The figures are: "
        "ami_wanted, ami_unwanted, fastagi, journal, acd, acd_growth.\n"
    )


def test_the_figures_asked_for_are_printed_and_what_goes_on_is_told_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure() -> Figure:
        return Growth(name="acd", ours=1.0, bound=2.0, unit="u")

    monkeypatch.setitem(FIGURES, "acd", measure)

    assert main(["acd"]) == 0
    printed = capsys.readouterr()
    assert printed.out == '{"name":"acd","ours":1.0,"bound":2.0,"unit":"u","ratio":0.5}\n'
    assert "acd (1 of 1)" in printed.err
