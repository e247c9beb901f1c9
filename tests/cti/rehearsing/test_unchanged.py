"""Nothing changes where nothing is changed: replay is history, whatever happened in it."""

import pytest

from cti.rehearsing.run import Rehearsed
from cti.rehearsing.stays import WatchedCore
from cti.replay import applied
from tests.cti.rehearsing.days import LateCore, rehearsed, taped
from tests.simulation import chance


@pytest.mark.parametrize("seed", range(6))
def test_a_day_with_everything_going_wrong_comes_out_as_it_was(seed: int) -> None:
    _is_as_it_was(rehearsed(taped(seed, 300)))


@pytest.mark.parametrize("seed", range(6, 10))
def test_it_does_where_the_record_begins_in_the_middle_of_the_day(seed: int) -> None:
    _is_as_it_was(rehearsed(taped(seed, 300), skipped=250))


@pytest.mark.parametrize("seed", range(10, 14))
def test_it_does_where_timers_went_off_late(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "Distributor", LateCore)
    # what the checkers look for holds where timers go off in time
    monkeypatch.setattr(chance, "check", LateCore.snapshot)
    tape = taped(seed, 300)
    on_time = WatchedCore()
    late = 0
    for at, body in tape:
        due = on_time.next_deadline()
        late += due is not None and due < at
        applied(on_time, at, body)

    assert late > 100
    _is_as_it_was(rehearsed(tape))


def _is_as_it_was(done: Rehearsed) -> None:
    assert len(done.recording.traces) > 50
    assert done.changes == ()
    assert done.core.snapshot() == done.recording.core.snapshot()
    drawn = done.chances
    assert (drawn.offers_drawn, drawn.talks_drawn, drawn.patience_drawn) == (0, 0, 0)
