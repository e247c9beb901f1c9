"""The page of figures: its forms, its names, its limits."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from acd.distributor import Distributor
from acd.facts import CallQueued, PolicyApplied
from acd.policy import QueuePolicy
from acd.tables.calibration import Calibration
from cti.ids import CallId, QueueName
from cti.instants import Time, seconds
from cti.operations import floor_figures
from cti.operations.figure import Sheet
from cti.operations.floor_figures import FloorFigures
from cti.operations.metrics import FIGURES, FRESH_S, OPENMETRICS, Metrics
from cti.operations.reference import reference
from cti.operations.tally import Tally
from tests.acd.script import announce_policy, policy
from tests.cti.operations.scraped import Scrape

DOCS = Path(__file__).parents[3] / "docs"
read_openmetrics: Callable[[str], Iterable[Metric]] = openmetrics.text_string_to_metric_families

HOSTILE = 'x"} 1\nforged 1 \\'
UNITS = ("_seconds", "_bytes", "_total", "_records", "_info")


def queue_policy(name: str) -> QueuePolicy:
    return QueuePolicy(
        name=QueueName(name),
        ring_time=seconds(20),
        wrap_up=seconds(5),
        misses_max=2,
        waiting_max=100,
    )


def floor(core: Distributor, *queues: str, now: Time = Time(0)) -> FloorFigures:  # noqa: B008 - an int
    names = [QueueName(name) for name in queues]
    return FloorFigures(
        services={"8000": "hotline", "8001": "hotline"},
        queues=names,
        tally=Tally(services={"8000", "8001"}, queues=names),
        picture=lambda: core.picture(now),
        living=lambda: (),
    )


async def page_of(*sources: FloorFigures, accept: str = "") -> tuple[str, str]:
    metrics = Metrics()
    metrics.sources.extend(sources)
    content_type, text = await metrics.page(accept)
    return content_type, text.decode()


def test_each_name_is_there_once_and_says_its_unit_as_is_the_custom() -> None:
    names = [figure.name for figure in FIGURES]

    assert len(names) == len(set(names))
    for figure in FIGURES:
        assert re.fullmatch("cordboard_[a-z]+(_[a-z]+)*", figure.name)
        assert figure.name.endswith("_total") == (figure.kind == "counter")
        assert figure.help.endswith(".")
        if figure.kind == "histogram":
            assert figure.name.endswith(UNITS)


async def test_both_forms_are_read_by_prometheus_own_parsers() -> None:
    figures = floor(Distributor(), "sales")
    plain_type, plain = await page_of(figures)
    modern_type, modern = await page_of(
        figures, accept=f"{OPENMETRICS};version=1.0.0;q=0.7,text/plain;version=0.0.4;q=0.3"
    )
    families = {family.name for family in read_text(plain)}

    assert plain_type == "text/plain; version=0.0.4; charset=utf-8"
    assert modern_type.startswith(f"{OPENMETRICS}; version=1.0.0")
    assert {figure.name.removesuffix("_total") for figure in FIGURES} < families
    assert families == {family.name for family in read_openmetrics(modern)}
    assert "process_resident_memory_bytes" in families


async def test_a_queue_that_was_removed_is_gone_although_the_core_still_knows_it() -> None:
    core = Distributor()
    both = policy("", queue_policy("sales"), queue_policy("old"))
    core.handle(PolicyApplied(policy=both), Time(0))
    core.handle(CallQueued(call=CallId("c1"), queue=QueueName("old")), Time(0))
    core.handle(PolicyApplied(policy=policy("", queue_policy("sales"))), Time(1))
    _, text = await page_of(floor(core, "sales"))

    assert "old" in {queue.name for queue in core.picture(Time(1)).queues}
    assert '"old"' not in text
    assert Scrape(text).value("cordboard_queue_waiting_calls", queue="sales") == 0


async def test_who_waits_longest_is_told_by_when_he_began() -> None:
    core = Distributor()
    core.handle(PolicyApplied(policy=policy("", queue_policy("sales"))), Time(seconds(100)))
    for name, since_s in (("c1", 10), ("c2", 4), ("c3", 60)):
        queued = CallQueued(
            call=CallId(name), queue=QueueName("sales"), entered_at=Time(seconds(since_s))
        )
        core.handle(queued, Time(seconds(100)))
    _, text = await page_of(floor(core, "sales", now=Time(seconds(100))))

    assert Scrape(text).value("cordboard_queue_waiting_calls", queue="sales") == 3
    assert Scrape(text).value("cordboard_queue_longest_wait_seconds", queue="sales") == 96


async def test_a_queue_that_estimates_waits_tells_how_right_it_was_and_if_it_is_silent() -> None:
    told = announce_policy(estimate=(60, 600))
    core = Distributor()
    sales = replace(queue_policy("sales"), announce=told)
    content = policy("", sales, queue_policy("support"))
    core.handle(PolicyApplied(policy=content), Time(0))
    _, text = await page_of(floor(core, "sales", "support"))

    assert 'cordboard_queue_estimates_told{queue="sales"} 1' in text
    assert 'cordboard_queue_estimates_told{queue="support"}' not in text
    assert 'cordboard_queue_estimates_right_ratio{queue="sales"}' not in text

    state = core.snapshot()
    wrong = Calibration(cases=((True, 0),) * 25 + ((False, 0),) * 75, trusted=False)
    queues = tuple(replace(queue, calibration=wrong) for queue in state.queues)
    core = Distributor.restore(replace(state, queues=queues))
    _, text = await page_of(floor(core, "sales", "support"))

    assert Scrape(text).value("cordboard_queue_estimates_told", queue="sales") == 0
    assert Scrape(text).value("cordboard_queue_estimates_right_ratio", queue="sales") == 0.25


async def test_numbers_that_lead_to_services_of_one_name_count_together() -> None:
    figures = floor(Distributor())
    figures.tally.arrived.update({"8000": 2, "8001": 3, "": 1})
    _, text = await page_of(figures)

    assert Scrape(text).not_zero("cordboard_calls_arrived_total") == {
        ("hotline",): 5,
        ("other",): 1,
    }


async def test_a_hostile_name_in_the_configuration_cannot_forge_a_figure() -> None:
    _, text = await page_of(floor(Distributor(), HOSTILE))

    assert not any(line.startswith("forged") for line in text.splitlines())
    assert Scrape(text).value("cordboard_queue_waiting_calls", queue=HOSTILE) == 0


def test_a_label_too_few_or_too_many_is_our_mistake() -> None:
    sheet = Sheet(floor_figures.FIGURES)
    sheet.write(floor_figures.QUEUE_LEFT, 1, "sales")

    with pytest.raises(ValueError, match="shorter"):
        sheet.families()


async def test_whoever_asks_too_often_gets_the_page_of_before() -> None:
    class Looks:
        count = 0

        def write(self, _sheet: Sheet) -> None:
            self.count += 1

    metrics, looks = Metrics(), Looks()
    metrics.sources.append(looks)
    began = time.monotonic()
    pages = await asyncio.gather(*(metrics.page("") for _ in range(20)))
    took_s = time.monotonic() - began
    at_once = looks.count
    written = {id(text) for _, text in pages}
    await asyncio.sleep(FRESH_S)
    await metrics.page("")

    assert at_once <= 1 + took_s / FRESH_S
    assert len(written) == at_once
    assert looks.count == at_once + 1


def test_the_list_of_figures_in_the_guide_is_the_programs() -> None:
    assert (DOCS / "metrics.md").read_text() == reference()
