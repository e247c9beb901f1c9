"""Simulated calls a second: a day of 100,000 calls, and how many seconds it takes."""

from time import process_time

from config.scenario import Scenario
from cti.simulation.run import Simulation
from cti.simulation.staff import staff
from tests.bench.figure import Growth

BOUND_S = 60.0


async def measure(*, per_hour: int = 4_200, agents: int = 230) -> Growth:
    """Return the CPU seconds of a day with handle times of three minutes, against a minute."""
    scenario = Scenario.model_validate(
        {
            "seed": 1,
            "duration": "24h",
            "arrivals": [
                {
                    "queue": "sales",
                    "per_hour": per_hour,
                    "handle_time": {"mean": "3m"},
                    "patience": {"mean": "2m"},
                }
            ],
            "agents": [{"count": agents, "queues": ["sales"]}],
        }
    )
    simulation = Simulation(scenario, staff(scenario, None))
    began = process_time()
    simulation.run(lambda _now, _calls: None)
    took = process_time() - began
    rate = round(simulation.arrived / took)
    return Growth(
        name="simulate",
        ours=took,
        bound=BOUND_S,
        unit=f"CPU seconds for a day of {simulation.arrived:,} calls, {rate:,} calls a second",
    )
