"""
Finished calls, as they stand in the call log: read from Postgres, and from nowhere else.

What is shown at the end of a show is what an administrator would find there the next day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import asyncpg
import orjson

from cti.ids import AgentId, CallId

QUERY_S_MAX = 5.0

_NEW_CALLS = """
SELECT calls.*, parties.number AS caller_number, parties.name AS caller_name
FROM calls LEFT JOIN parties ON parties.key = calls.party
WHERE position > $1 ORDER BY position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOffer:
    """
    One offer of a finished call.

    `outcome` is None where the agent answered. `pop_lead_s` is by how much the screen pop was
    before the ringing; None where one of the two never came.
    """

    agent: AgentId
    outcome: str | None
    pop_lead_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """One row of the call log: times in seconds, `answered` as the log has it."""

    call: CallId
    arrived_at: datetime
    caller: str
    choices: tuple[str, ...]
    queues: tuple[str, ...]
    offers: tuple[LoggedOffer, ...]
    agent: AgentId | None
    waited_s: float
    talked_s: float
    outcome: str
    hung_up_by: str


class CallLogReader:
    """Gives each finished call once, in the order in which they ended. Close it after use."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._position = 0
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def new_calls(self) -> list[LoggedCall]:
        """
        Return the calls that came into the log since the last time.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database is away; what is
                new then is given the next time.
        """
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._address, timeout=QUERY_S_MAX, command_timeout=QUERY_S_MAX
            )
        rows = await self._connection.fetch(_NEW_CALLS, self._position)
        if rows:
            self._position = rows[-1]["position"]
        return [read_row(dict(row)) for row in rows]


def read_row(row: Mapping[str, Any]) -> LoggedCall:
    """Return a row of the query as a call."""
    return LoggedCall(
        call=CallId(row["call"]),
        arrived_at=row["arrived_at"],
        caller=row["caller_name"] or row["caller_number"] or "",
        choices=tuple(
            step["choice"] for step in orjson.loads(row["path"]) if step["choice"] is not None
        ),
        queues=tuple(stay["queue"] for stay in orjson.loads(row["queues"])),
        offers=tuple(_read_offer(offer) for offer in orjson.loads(row["offers"])),
        agent=row["agent"],
        waited_s=row["waited"].total_seconds(),
        talked_s=row["talked"].total_seconds(),
        outcome=row["outcome"],
        hung_up_by=row["hung_up_by"],
    )


def _read_offer(offer: Mapping[str, Any]) -> LoggedOffer:
    lead_s = None
    if offer["popped_at"] is not None and offer["rang_at"] is not None:
        popped, rang = (datetime.fromisoformat(offer[name]) for name in ("popped_at", "rang_at"))
        lead_s = (rang - popped).total_seconds()
    return LoggedOffer(agent=offer["agent"], outcome=offer["outcome"], pop_lead_s=lead_s)
