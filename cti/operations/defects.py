"""What the decision core found wrong with itself and healed: told in the log, counted by name."""

from collections import Counter
from typing import Final

import structlog

from acd.commands import AcdCommand, Invariant, InvariantBroken
from cti.operations.figure import Sheet, counter

BROKEN: Final = counter(
    "cordboard_invariants_broken_total",
    "Times that something did not hold in the decision core that must, by its name; it was healed, "
    "and the log's invariant_broken tells what it was about. More than 0 is a defect of ours.",
    "name",
)

FIGURES: Final = (BROKEN,)

log = structlog.get_logger(__name__)


class Defects:
    """A sink of the writer's; each name is there from the start, so that a first time is seen."""

    def __init__(self) -> None:
        self.broken: Counter[Invariant] = Counter()

    def carry_out(self, command: AcdCommand) -> None:
        """Tell and count what was broken; all other commands concern others."""
        if isinstance(command, InvariantBroken):
            self.broken[command.name] += 1
            log.error(
                "invariant_broken",
                invariant=command.name.value,
                about=command.about,
                healed_by=command.healed_by.value,
            )

    def write(self, sheet: Sheet) -> None:
        """Write how often each did not hold."""
        for name in Invariant:
            sheet.write(BROKEN, self.broken[name], name.value)
