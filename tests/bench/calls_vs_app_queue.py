"""
The same calls through Asterisk's own app_queue and through Cordboard, in one run.

Both have an Asterisk of their own, with the same trunk, phones, music and menu (`lab.load.sides`),
and get the same calls in turns: the same moments, numbers, keys and lengths of talk. What each
costs is the processor time of all its processes: Asterisk's, and on our side the daemon's and its
Postgres's. Times are the kernel's, of datagrams at the phones. docs/figures.md tells the rest.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final

from lab.load.load import planned_calls
from lab.load.sides import FEW, MANY, AppQueue, Cordboard, Staff
from lab.load.times import LoadTimes, PlannedCall
from tests.bench.fetched import fetched_asterisk
from tests.bench.figure import Comparison, MeasureError, alternately
from tests.bench.queue_times import free_to_invite_s, wait_over_ideal_s
from tests.bench.ramp import TALK_S, Ramp

NAME: Final = "calls_vs_app_queue"
PEER: Final = "app_queue of Asterisk 22"
RESOLUTION_MS: Final = 0.1
"""Less than this above the ideal is the ideal."""
_MS: Final = 1_000
_CPU: Final = "ms of processor time of all processes for a call"
_SHARE_MAX: Final = 0.99

Side = Cordboard | AppQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    How much is measured.

    Cost: `cost_rate` calls a second for `cost_s` among the many agents, `cost_rounds` times each.
    Times: more callers than the few agents can be ready for, `busy_load` of what they can do, for
    `busy_s`. Then the `ramp`.
    """

    staff: Staff = Staff(many=200, few=30)  # noqa: RUF009 - frozen
    cost_rate: float = 50.0
    cost_s: float = 8.0
    cost_rounds: int = 3
    busy_talk_s: float = 2.0
    busy_load: float = 0.97
    busy_s: float = 40.0
    ramp: Ramp = field(default_factory=Ramp)

    @property
    def busy_rate(self) -> float:
        """How many calls a second the few agents get."""
        return self.busy_load * self.staff.few / self.busy_talk_s


async def measure(trial: Trial | None = None) -> list[Comparison]:
    """Compare the two, and return a figure for each thing that is compared."""
    trial = trial or Trial()
    installation = await fetched_asterisk()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cordboard-bench-")))
        # Where root measures, Postgres is somebody else, and has to pass through.
        await asyncio.to_thread(folder.chmod, 0o711)
        _tell("two Asterisks, the daemon and its Postgres, and a desk for each agent begin")
        ours = await stack.enter_async_context(
            Cordboard(installation, folder / "ours", trial.staff)
        )
        peer = await stack.enter_async_context(
            AppQueue(installation, folder / "peer", trial.staff, beside=ours)
        )
        return [
            *await _times(trial, ours, peer),
            await _cost(trial, ours, peer),
            await _sustained(trial, ours, peer),
        ]


async def _cost(trial: Trial, ours: Cordboard, peer: AppQueue) -> Comparison:
    _tell(f"cost at {trial.cost_rate:.0f} calls/s, {trial.cost_rounds} times each")
    ours_ms, peer_ms = await alternately(
        lambda: _cost_ms(trial, ours), lambda: _cost_ms(trial, peer), rounds=trial.cost_rounds
    )
    return _less("cpu_per_call", ours_ms, peer_ms, f"{_CPU}, agents free")


async def _cost_ms(trial: Trial, side: Side) -> float:
    plan = planned_calls(
        rate=trial.cost_rate, seconds=trial.cost_s, talk_s=TALK_S, key=MANY, seed=1
    )
    _, cost_ms = await _costing(side, plan)
    return cost_ms


async def _costing(side: Side, plan: Sequence[PlannedCall]) -> tuple[LoadTimes, float]:
    """Make these calls; return what was seen, and the processor time of each in milliseconds."""
    before = side.processor_s()
    times = await side.load.run(plan)
    if not times.served:
        raise MeasureError("no call was served: the machine is too busy to measure anything")
    return times, (side.processor_s() - before) / len(times.served) * _MS


async def _times(trial: Trial, ours: Cordboard, peer: AppQueue) -> list[Comparison]:
    _tell(f"times at {trial.busy_rate:.0f} calls/s for {trial.staff.few} agents")
    ours_times, ours_cpu_ms = await _busy(trial, ours)
    peer_times, peer_cpu_ms = await _busy(trial, peer)
    few = trial.staff.few
    ours_free, peer_free = free_to_invite_s(ours_times, few), free_to_invite_s(peer_times, few)
    if not (ours_free and peer_free):
        raise MeasureError("no agent had a caller waiting for him: let it measure for longer")
    unit = "ms from an agent's end of talk to his next INVITE"
    return [
        _less("free_to_invite_median", median(ours_free) * _MS, median(peer_free) * _MS, f"{unit}"),
        _less("free_to_invite_p99", _p99(ours_free) * _MS, _p99(peer_free) * _MS, unit),
        _less(
            "wait_over_ideal",
            max(RESOLUTION_MS, wait_over_ideal_s(ours_times, few) * _MS),
            max(RESOLUTION_MS, wait_over_ideal_s(peer_times, few) * _MS),
            "ms that callers waited on average beyond an ideal server",
        ),
        _less("cpu_per_call_busy", ours_cpu_ms, peer_cpu_ms, f"{_CPU}, all agents busy"),
    ]


async def _busy(trial: Trial, side: Side) -> tuple[LoadTimes, float]:
    """Return what was seen, and what a call cost in milliseconds."""
    plan = planned_calls(
        rate=trial.busy_rate,
        seconds=trial.busy_s,
        talk_s=trial.busy_talk_s,
        key=FEW,
        seed=2,
    )
    times, cost_ms = await _costing(side, plan)
    if times.lost:
        _tell(f"{times.lost} of {len(times.calls)} calls were lost")
    return times, cost_ms


async def _sustained(trial: Trial, ours: Cordboard, peer: AppQueue) -> Comparison:
    _tell("calls/s without loss")
    best = await trial.ramp.sustained({"Cordboard": ours.load, "app_queue": peer.load})
    if not all(best.values()):
        raise MeasureError("not even the first step was sustained: the machine is too busy")
    return Comparison(
        name=f"{NAME}.calls_per_s",
        ours=best["Cordboard"],
        peer=best["app_queue"],
        peer_name=PEER,
        unit="calls/s without loss",
    )


def _p99(values: list[float]) -> float:
    """Return the value that one in a hundred is above; of few values, the largest."""
    if len(values) < 1 / (1 - _SHARE_MAX):
        return max(values)
    return quantiles(values, n=100)[-1]


def _less(part: str, ours: float, peer: float, unit: str) -> Comparison:
    return Comparison(
        name=f"{NAME}.{part}",
        ours=ours,
        peer=peer,
        peer_name=PEER,
        unit=unit,
        less_is_better=True,
    )


def _tell(step: str) -> None:
    print(f"  {step}", file=sys.stderr, flush=True)
