"""How long the loop stands still while a big configuration is read again and put in force."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from structlog.testing import capture_logs

from config.load import load
from cti.control import ask_to_reload
from cti.daemon import Daemon
from tests.bench.figure import Growth, MeasureError
from tests.config.folders import HASH, Folder

BOUND_MS = 100.0
BEAT_S = 0.001
START_S_MAX = 60.0
NOWHERE = {"AMI_SECRET": "bench-ami-secret", "DATABASE": "postgresql://cordboard@127.0.0.1:1/none"}


class Beat:
    """Something that is due on the loop every millisecond, and how late it was at worst."""

    def __init__(self) -> None:
        self.latest_s = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat meanwhile."""
        self.latest_s = 0.0
        self._go_on()
        try:
            yield
        finally:
            self._look()
            if self._timer is not None:
                self._timer.cancel()

    def _look(self) -> None:
        self.latest_s = max(self.latest_s, perf_counter() - self._due)

    def _beat(self) -> None:
        self._look()
        self._go_on()

    def _go_on(self) -> None:
        self._due = perf_counter() + BEAT_S
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._beat)


def write(folder: Folder, *, agents: int, queues: int, round_: int) -> None:
    """Write a call centre's files; in each round a little is different, as when somebody edits."""
    lines = ["hours:", "  office:", f"    open: Mo-Fr 08:0{round_}-17:30; PH off", "queues:"]
    for number in range(queues):
        ring_time = 15 + (round_ if number == 0 else 0)
        lines += [
            f"  q{number}:",
            f"    ring_time: {ring_time}s",
            "    wrap_up: 10s",
            "    hours: office"
            if number % 2
            else f"    hours: Mo-Fr 0{number % 9}:00-17:00; PH off",
        ]
    folder.write("queues.yaml", "\n".join([*lines, ""]))
    lines = ["agents:"]
    for number in range(agents + round_):
        served = dict.fromkeys(
            (number + way + round_ * (number == 1)) % queues for way in (0, 1, 7)
        )
        lines += [
            f"  a{number}:",
            f"    name: Agent {number}",
            f"    password_hash: {HASH}",
            f"    phones: [p{number}]",
            f"    queues: [{', '.join(f'q{queue}' for queue in served)}]",
        ]
    folder.write("agents.yaml", "\n".join([*lines, ""]))


def new_folder(place: Path) -> Folder:
    """Return a configuration whose PBX and database are away, and whose ports are free."""
    folder = Folder(place)
    folder.replace("cordboard.yaml", "port: 4573", "port: 0")
    folder.replace("cordboard.yaml", "port: 8400", "port: 0")
    folder.replace("cordboard.yaml", "url: null", "url: {env: DATABASE}")
    folder.replace("cordboard.yaml", "username: cordboard", "username: cordboard\n      port: 1")
    folder.replace("flows.yaml", "queue: sales", "queue: q0")
    folder.replace("flows.yaml", "queue: support", "queue: q1")
    folder.replace("flows.yaml", "queue: support", "queue: q1")
    return folder


async def measure(*, agents: int = 2_000, queues: int = 500, rounds: int = 5) -> Growth:
    """Return the longest step on the loop of a whole daemon, the median of some reloads."""
    with TemporaryDirectory(prefix="cordboard-bench-") as place, capture_logs():
        folder = new_folder(Path(place))
        write(folder, agents=agents, queues=queues, round_=0)
        configuration = load(folder.path, {**environ, **NOWHERE})
        daemon = Daemon(configuration, {**environ, **NOWHERE})
        living = asyncio.create_task(daemon.run())
        try:
            await _listening(daemon, living)
            steps_s = [
                await _reload(folder, configuration.data, agents, queues, number)
                for number in range(1, rounds + 1)
            ]
        finally:
            daemon.stop()
            await living
    return Growth(
        name="reload",
        ours=median(steps_s) * 1_000,
        bound=BOUND_MS,
        unit=f"ms of the longest step on the loop while {agents:,} agents and {queues:,} queues "
        "are read and put in force",
    )


async def _listening(daemon: Daemon, living: asyncio.Task[None]) -> None:
    async with asyncio.timeout(START_S_MAX):
        while not daemon.readiness()["journal"]:
            if living.done():
                raise MeasureError(f"the daemon ended: {living.exception()}")
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)  # the first second has steps of its own


async def _reload(folder: Folder, data: Path, agents: int, queues: int, number: int) -> float:
    write(folder, agents=agents, queues=queues, round_=number)
    beat = Beat()
    with beat.beating():
        answer = await asyncio.to_thread(ask_to_reload, data)
        await asyncio.sleep(0.1)  # the writer's turn, and what follows from it
    if answer.problems or "queues and agents" not in answer.changed:
        raise MeasureError(f"nothing was put in force: {answer}")
    return beat.latest_s
