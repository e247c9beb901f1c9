"""Runs a scenario that is given as its values."""

from typing import Any

from acd.policy import Policy
from config.scenario import Scenario
from cti.simulation.figures import figures
from cti.simulation.run import Simulation
from cti.simulation.staff import staff


def simulated(values: dict[str, Any], policy: Policy | None = None) -> dict[str, Any]:
    """Return the figures of a scenario."""
    scenario = Scenario.model_validate(values)
    simulation = Simulation(scenario, staff(scenario, policy))
    simulation.run(lambda _now, _calls: None)
    return figures(simulation.tally, scenario.service_level)


def plain_scenario(per_hour: int, agents: int, **more: object) -> dict[str, Any]:
    """Return a scenario of one queue with a handle time of three minutes."""
    patience = more.pop("patience", "none")
    stream = {
        "queue": "sales",
        "per_hour": per_hour,
        "handle_time": {"mean": "3m"},
        "patience": patience,
    }
    team = {"count": agents, "queues": ["sales"]}
    return {"seed": 7, "duration": "100h", "warm_up": "4h", **more} | {
        "arrivals": [stream],
        "agents": [team],
    }
