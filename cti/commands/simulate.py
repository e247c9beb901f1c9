"""`cordboard simulate`."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from config.errors import ConfigError
from config.load import load_policy
from config.scenario import Scenario, read_scenario
from cti.commands._common import GivenPath, fail
from cti.instants import Time, as_seconds
from cti.language import _
from cti.simulation.figures import DIGITS, figures
from cti.simulation.run import Simulation
from cti.simulation.staff import staff
from cti.simulation.tally import BATCHES

PROGRESS_PAUSE_S = 5.0
"""Between two lines about progress where no terminal is."""


@click.command(
    help=_(
        """Run queues in virtual time under synthetic load, and say how callers would fare.

        FILE says who calls and who works; docs/simulate.md tells its keys. The same file gives the
        same result on every machine.

        Exit code 0: it has run. 1: it cannot, and what is wrong is said.
        """
    )
)
@click.option(
    "--scenario",
    "file",
    required=True,
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help=_("The YAML file that holds the scenario."),
)
@click.option(
    "--config",
    "folder",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_("Decide by the queues and agents of this configuration. Without it: plain queues."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON and no table."))
def command(file: Path, folder: Path | None, *, as_json: bool) -> None:
    """Simulate a scenario."""
    try:
        read = read_scenario(file)
        policy = None if folder is None else load_policy(folder, os.environ)
        read.refuse_queues(None if policy is None else [queue.name for queue in policy.queues])
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        fail(_("the scenario cannot be simulated; put right what stands above"))
    scenario = read.scenario
    if policy is not None:
        late = [queue.name for queue in policy.queues if queue.ring_time <= scenario.ring]
        if late:
            fail(
                _(
                    "ring must be shorter than the ring time of every queue; it is not for {queues}"
                ).format(queues=", ".join(late))
            )
    work = staff(scenario, policy)
    began = time.monotonic()
    simulation = Simulation(scenario, work)
    _run(simulation, scenario)
    result = figures(simulation.tally, scenario.service_level)
    result |= {
        "seed": scenario.seed,
        "policy_version": work.policy.version,
        "agents_made_up": work.made_up,
        "batches": BATCHES,
        "warm_up_s": as_seconds(scenario.warm_up),
        "virtual_s": as_seconds(scenario.duration),
        "wall_s": round(time.monotonic() - began, DIGITS),
    }
    if as_json:
        click.echo(json.dumps(result, indent=2))
    else:
        _show(result)


def _run(simulation: Simulation, scenario: Scenario) -> None:
    console = Console(stderr=True)
    title = _("virtual time")
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=scenario.duration)
        tell: Callable[[Time, int], None]
        if console.is_terminal:

            def tell(now: Time, calls: int) -> None:
                del calls
                progress.update(task, completed=now)
        else:
            told = time.monotonic()

            def tell(now: Time, calls: int) -> None:
                nonlocal told
                if time.monotonic() - told > PROGRESS_PAUSE_S:
                    told = time.monotonic()
                    share = f"{now / scenario.duration:.0%}"
                    said = _("{share} of the virtual time, {calls} calls")
                    click.echo(said.format(share=share, calls=f"{calls:,}"), err=True)

        simulation.run(tell)


def _show(result: dict[str, Any]) -> None:
    columns = {_("in total"): result, **result["queues"]}
    table = Table(title=_("How callers fared, with 99 % intervals"))
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    level = next(iter(result["service_level"]))
    rows: list[tuple[str, tuple[str, ...]]] = [
        (_("calls"), ("arrivals",)),
        (_("answered"), ("answered",)),
        (_("abandoned"), ("abandoned",)),
        (_("blocked, no line free"), ("blocked",)),
        (_("turned away, queue full"), ("turned_away",)),
        (_("moved on by a rule"), ("overflowed",)),
        (_("in the system at the end, not answered"), ("waiting",)),
        (_("share that had to wait"), ("wait_probability",)),
        (_("share answered within {level} s").format(level=level), ("service_level", level)),
        (_("mean wait of the answered, s"), ("asa_s",)),
        (_("half of them waited at most, s"), ("wait_s", "p50")),
        (_("90 % of them waited at most, s"), ("wait_s", "p90")),
        (_("99 % of them waited at most, s"), ("wait_s", "p99")),
        (_("agents' occupancy"), ("occupancy",)),
        (_("offers to agents"), ("decisions",)),
    ]
    for title, path in rows:
        table.add_row(title, *(_cell(column, path) for column in columns.values()))
    # into a pipe no line is cut to the width that a terminal happens to have
    console = Console()
    if not console.is_terminal:
        console = Console(width=60 + 40 * len(columns), no_color=True)
    console.print(table)
    said = _("{batches} batches; {virtual} s of virtual time in {wall} s")
    console.print(
        said.format(
            batches=result["batches"], virtual=f"{result['virtual_s']:,.0f}", wall=result["wall_s"]
        )
    )
    if result["agents_made_up"]:
        made_up = _("{count} of the agents are made up: agents.yaml has too few for their queues")
        console.print(made_up.format(count=result["agents_made_up"]))
    sys.stdout.flush()


def _cell(column: dict[str, Any], path: tuple[str, ...]) -> str:
    value: Any = column
    spread: Any = column["interval_99"]
    for step in path:
        value = value[step]
        spread = spread.get(step) if isinstance(spread, dict) else None
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    shown = f"{value:.3f}"
    return shown if spread is None else f"{shown} ({spread[0]:.3f} – {spread[1]:.3f})"
