"""`cordboard simulate`."""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click
from rich.console import Console
from rich.progress import Progress

from config.errors import ConfigError
from config.load import load_policy
from config.scenario import SEED_MAX, Scenario, read_scenario
from cti.commands._common import GivenPath, fail
from cti.commands._figures import show_figures
from cti.commands._journals import typed_moment
from cti.commands._rehearse import BOUND_MAX_S, BOUND_S, Asked, rehearse_journal
from cti.instants import Time, as_seconds, seconds
from cti.language import _
from cti.simulation.figures import DIGITS, figures
from cti.simulation.run import Simulation
from cti.simulation.staff import staff
from cti.simulation.tally import BATCHES

PROGRESS_PAUSE_S = 5.0
"""Between two lines about progress where no terminal is."""


@click.command(
    help=_(
        """Run queues in virtual time, and say how callers would fare.

        With --scenario under synthetic load: FILE says who calls and who works; docs/simulate.md
        tells its keys. The same file gives the same result on every machine.

        With --journal on recorded traffic, under another configuration: the calls whose fate
        changes are listed, with what was assumed. JOURNAL is a day such as 2026-11-22, of the
        journal that belongs to the configuration, or a journal's file.

        Exit code 0: it has run. 1: it cannot, and what is wrong is said.
        """
    )
)
@click.option(
    "--scenario",
    "file",
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help=_("The YAML file that holds the scenario."),
)
@click.option(
    "--journal",
    "journal",
    type=GivenPath(),
    metavar="JOURNAL",
    help=_("The day, or the journal's file, whose traffic is rehearsed."),
)
@click.option(
    "--config",
    "folder",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help=_(
        "Decide by the queues and agents of this configuration. Without it: plain queues, or the"
        " rules that the journal holds."
    ),
)
@click.option(
    "--from",
    "since",
    callback=typed_moment,
    metavar="TIME",
    help=_("Rehearse a journal's file from this time on, such as 14:05 or 2026-11-23T14:05Z."),
)
@click.option("--to", "until", callback=typed_moment, metavar="TIME", help=_("End at this time."))
@click.option(
    "--bound",
    type=click.FloatRange(0, BOUND_MAX_S),
    metavar="SECONDS",
    help=_("By how much a wait must change for a call to be listed. [default: {bound:g}]").format(
        bound=BOUND_S
    ),
)
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    help=_("The seed of what is drawn by chance with --journal. [default: 1]"),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON and no table."))
def command(
    *,
    file: Path | None,
    journal: str | None,
    folder: Path | None,
    since: Time | None,
    until: Time | None,
    bound: float | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Simulate a scenario, or rehearse what was recorded."""
    if (file is None) == (journal is None):
        raise click.UsageError(_("name a scenario by --scenario, or recorded traffic by --journal"))
    if bound is not None and math.isnan(bound):  # which no range keeps out
        raise click.BadParameter(_("must be a number of seconds"), param_hint="--bound")
    if journal is not None:
        asked = Asked(
            journal=journal,
            folder=folder,
            since=since,
            until=until,
            bound=seconds(BOUND_S if bound is None else bound),
            seed=1 if seed is None else seed,
        )
        rehearse_journal(asked, as_json=as_json)
        return
    if not all(option is None for option in (since, until, bound, seed)):
        raise click.UsageError(_("--from, --to, --bound and --seed belong to --journal"))
    _simulate(cast("Path", file), folder, as_json=as_json)


def _simulate(file: Path, folder: Path | None, *, as_json: bool) -> None:
    try:
        read = read_scenario(file)
        policy = None if folder is None else load_policy(folder, os.environ)
        read.refuse_queues(None if policy is None else [queue.name for queue in policy.queues])
        agents = () if policy is None else policy.agents
        read.refuse_skills(skill for agent in agents for skill, _level in agent.skills)
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
        show_figures({_("in total"): result, **result["queues"]})
        _show_run(result)


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


def _show_run(result: dict[str, Any]) -> None:
    said = _("{batches} batches; {virtual} s of virtual time in {wall} s")
    click.echo(
        said.format(
            batches=result["batches"], virtual=f"{result['virtual_s']:,.0f}", wall=result["wall_s"]
        )
    )
    if result["agents_made_up"]:
        made_up = _("{count} of the agents are made up: agents.yaml has too few for their queues")
        click.echo(made_up.format(count=result["agents_made_up"]))
    sys.stdout.flush()
