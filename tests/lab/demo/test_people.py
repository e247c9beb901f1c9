"""What an agent of the demo has to do something about."""

from datetime import UTC, datetime

import pytest

from acd.tables.offer_state import MISS_REASONS
from lab.demo.people import _needs_him
from protocols.ws.events import AgentState


@pytest.mark.parametrize(
    ("reason", "needed"),
    [
        *((reason.value, True) for reason in MISS_REASONS.values()),
        ("break", False),
        ("logged_on", False),
        (None, False),
    ],
)
def test_an_agent_whom_misses_made_not_ready_asks_for_calls_again(
    reason: str | None, *, needed: bool
) -> None:
    state = AgentState(
        wish="not_ready",
        reason=reason,
        occupation="idle",
        since=datetime(2026, 11, 23, tzinfo=UTC),
    )

    assert needed == _needs_him(state)
