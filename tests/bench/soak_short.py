"""
Ten minutes of calls at a tenth of the peak: does anything of the daemon grow?

The site is the one of `calls_vs_app_queue`: a real Asterisk, journal, Postgres and desks, on which
a call keeps nothing once it is over. The daemon's memory and descriptors are asked of the kernel,
its tasks of its own `/metrics`. Asterisk's memory stands beside it: PJSIP keeps a finished call for
half a minute, so it rises at first and is bound by the rate.
"""

import asyncio
import re
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

from lab.load.load import planned_calls
from lab.load.processes import footprint
from lab.load.sides import MANY, Cordboard, Staff
from tests.bench.fetched import fetched_asterisk
from tests.bench.figure import Growth, MeasureError

NAME: Final = "soak_short"
TALK_S: Final = 0.5
PJSIP_KEEPS_S: Final = 32.0
"""64 times T1: how long a transaction over UDP is kept when it is over (RFC 3261, section 17)."""
CALL_MIB: Final = 0.19
"""What PJSIP keeps for a call of two legs, at most as it was measured on Asterisk 22."""
FIRST_USE_MIB: Final = 42.0
"""What Asterisk takes for threads and their arenas when calls come at all, also as measured."""
SLACK: Final = 1.5
"""glibc keeps what is freed: for what lies between things still in use."""

_TASKS: Final = re.compile(r"^cordboard_loop_tasks ([0-9.e+]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What there was at a moment."""

    memory_mib: float
    descriptors: int
    threads: int
    tasks: float
    asterisk_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """
    How long, and at how many calls a second.

    The first `settle_s` are not looked at: pools fill, and code is met for the first time. What
    was there in the `window_s` after it is compared with the last `window_s`.
    """

    staff: Staff = Staff(many=50, few=1)  # noqa: RUF009 - frozen
    rate: float = 10.0
    seconds: float = 600.0
    settle_s: float = 60.0
    window_s: float = 60.0
    every_s: float = 5.0


async def measure(soak: Soak | None = None) -> list[Growth]:
    """Return by how much each of these has grown."""
    soak = soak or Soak()
    installation = await fetched_asterisk()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cordboard-bench-")))
        # Where root measures, Postgres is somebody else, and has to pass through.
        await asyncio.to_thread(folder.chmod, 0o711)
        side = await stack.enter_async_context(Cordboard(installation, folder, soak.staff))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        rested = await _sample(side, client)
        samples = await _soaked(soak, side, client)
    return _figures(soak, rested, samples)


async def _soaked(soak: Soak, side: Cordboard, client: aiohttp.ClientSession) -> list[Sample]:
    """Let the calls come, and return what was seen while they came."""
    plan = planned_calls(rate=soak.rate, seconds=soak.seconds, talk_s=TALK_S, key=MANY, seed=3)
    samples: list[Sample] = []
    running = asyncio.create_task(side.load.run(plan))
    try:
        while len(samples) * soak.every_s < soak.seconds:
            await asyncio.sleep(soak.every_s)
            samples.append(await _sample(side, client))
            _tell(len(samples) * soak.every_s, soak, samples[-1])
        times = await running
    finally:
        running.cancel()
    if times.lost:
        raise MeasureError(f"{times.lost} of {len(times.calls)} calls were lost")
    return samples


async def _sample(side: Cordboard, client: aiohttp.ClientSession) -> Sample:
    async with client.get(f"{side.site.daemon.web}/metrics") as answer:
        found = _TASKS.search(await answer.text())
    if found is None:
        raise MeasureError("the daemon does not tell how many tasks it has")
    daemon = footprint(side.site.daemon.pid)
    return Sample(
        memory_mib=daemon.memory_mib,
        descriptors=daemon.descriptors,
        threads=daemon.threads,
        tasks=float(found[1]),
        asterisk_mib=footprint(side.site.asterisk.pid).memory_mib,
    )


def _figures(soak: Soak, rested: Sample, samples: list[Sample]) -> list[Growth]:
    settled = round(soak.settle_s / soak.every_s)
    window = max(1, round(soak.window_s / soak.every_s))
    first, last = samples[settled : settled + window], samples[-window:]

    def grown(name: str, bound: float, unit: str) -> Growth:
        before, after = (
            median(getattr(sample, name) for sample in samples) for samples in (first, last)
        )
        part = name.removesuffix("_mib")
        return Growth(name=f"{NAME}.{part}", ours=after / before, bound=bound, unit=unit)

    minutes = f"in the last minute of {soak.seconds / 60:g}, times those of the second"
    kept = soak.rate * PJSIP_KEEPS_S * CALL_MIB * SLACK
    return [
        grown("memory_mib", 1.05, f"memory {minutes}"),
        grown("descriptors", 1.1, f"descriptors {minutes}"),
        grown("tasks", 1.2, f"tasks {minutes}"),
        grown("threads", 1.2, f"threads {minutes}"),
        Growth(
            name=f"{NAME}.asterisk_memory",
            ours=median(sample.asterisk_mib for sample in last),
            bound=rested.asterisk_mib + FIRST_USE_MIB + kept,
            unit=f"MiB of Asterisk at the end, {rested.asterisk_mib:.0f} before the first call",
        ),
    ]


def _tell(at_s: float, soak: Soak, sample: Sample) -> None:
    print(
        f"  {at_s:.0f} of {soak.seconds:.0f} s: daemon {sample.memory_mib:.1f} MiB, "
        f"{sample.descriptors} descriptors, {sample.tasks:.0f} tasks, {sample.threads} threads; "
        f"Asterisk {sample.asterisk_mib:.0f} MiB",
        file=sys.stderr,
        flush=True,
    )
