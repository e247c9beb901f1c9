"""What was broken in the core is told once in the log and counted by its name."""

from structlog.testing import capture_logs

from acd.commands import Healing, Invariant, InvariantBroken, TurnAwayCall, TurnAwayCause
from cti.ids import CallId, QueueName
from cti.operations.defects import FIGURES, Defects
from cti.operations.figure import Sheet


def test_what_was_broken_is_logged_and_counted_by_its_name() -> None:
    defects = Defects()
    with capture_logs() as lines:
        defects.carry_out(
            InvariantBroken(name=Invariant.INDEXED, about="queue sales", healed_by=Healing.REBUILT)
        )
        defects.carry_out(
            TurnAwayCall(
                call=CallId("c1"), queue=QueueName("sales"), cause=TurnAwayCause.QUEUE_FULL
            )
        )
    sheet = Sheet(FIGURES)
    defects.write(sheet)
    (family,) = sheet.families()
    values = {sample.labels["name"]: sample.value for sample in family.samples}

    assert lines == [
        {
            "event": "invariant_broken",
            "log_level": "error",
            "invariant": "indexed",
            "about": "queue sales",
            "healed_by": "rebuilt",
        }
    ]
    assert values == {name.value: float(name is Invariant.INDEXED) for name in Invariant}
