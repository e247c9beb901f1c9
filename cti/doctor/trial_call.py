"""
The doctor's test calls: between two ends of a Local channel, which no caller and no phone is at.

Asterisk runs the dialplan at the one end and waits at the other. Both ends have ids of our own
choosing, so that they can be hung up whatever happened to us meanwhile; and should we be killed,
the dialplan ends the call by itself, in ten seconds at most.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cti.doctor.link import Manager
from cti.switch.dialplan import DOCTOR_CONTEXT
from protocols.ami.errors import ActionRejectedError, AmiError

POLL_S = 0.03
END_S = 2.0
TOGETHER_S = 0.5
LAST_EVENTS_S = 0.5
RING_MS = 3_000


@dataclass(slots=True, kw_only=True)
class Trial:
    """What the test calls have shown so far."""

    uniqueids: set[str] = field(default_factory=set)
    prompts: str = ""
    prompts_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCall:
    """One test call: the ids of its waiting end and of the end that runs the dialplan."""

    link: Manager
    waiting: str
    running: str

    async def value(self, variable: str) -> str | None:
        """Return a variable of the running end; None: that end is gone."""
        try:
            return await self.link.value(variable, self.running)
        except ActionRejectedError:
            return None

    async def is_up(self, uniqueid: str) -> bool:
        """Tell whether an end is still there."""
        try:
            await self.link.value("CHANNEL(name)", uniqueid)
        except ActionRejectedError:
            return False
        return True


@asynccontextmanager
async def placed_call(
    link: Manager, trial: Trial, extension: str, *, wait: tuple[str, str], token: str = ""
) -> AsyncIterator[TrialCall]:
    """
    Place a call to an extension of our context; `wait` is what is run at the other end meanwhile.

    Raises:
        AmiError: Asterisk refuses it, or does not answer.
    """
    name = f"{DOCTOR_CONTEXT}-{secrets.token_hex(8)}"
    call = TrialCall(link=link, waiting=f"{name}-1", running=f"{name}-2")
    try:
        await link.ask(
            "Originate",
            ("Channel", f"Local/{extension}@{DOCTOR_CONTEXT}/n"),
            ("ChannelId", call.waiting),
            ("OtherChannelId", call.running),
            ("Application", wait[0]),
            ("Data", wait[1]),
            ("Variable", f"CORD_DOCTOR={token}"),
            *(("Variable", name) for name in await _kept_out_of_records(link)),
            ("Timeout", str(RING_MS)),
            ("Async", "true"),
        )
        trial.uniqueids |= {call.waiting, call.running}
        await _there(call)
        yield call
    finally:
        # In a task of its own: Ctrl-C and a deadline cancel us, and may not cancel this.
        ending = asyncio.ensure_future(_end(call))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait({ending}, timeout=END_S)
            raise


async def _kept_out_of_records(link: Manager) -> list[str]:
    """Return what keeps the waiting end out of the call records, where Asterisk can be told so."""
    there = await link.value("IFMODULE(func_cdr.so)") == "1"
    return ["CDR_PROP(disable)=1"] if there else []


async def _there(call: TrialCall) -> None:
    """Wait until both ends are there: an Originate is answered before it is begun."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            while not await call.is_up(call.running):  # noqa: ASYNC110 - asks Asterisk
                await asyncio.sleep(POLL_S)


async def _end(call: TrialCall) -> None:
    """See both ends gone, and take the events that tell of it."""
    with contextlib.suppress(AmiError, TimeoutError):
        async with asyncio.timeout(END_S):
            await _hang_up(call, call.waiting)
            with contextlib.suppress(TimeoutError):  # as a rule it takes the other along
                async with asyncio.timeout(TOGETHER_S):
                    await _gone(call, call.running)
            await _hang_up(call, call.running)
            await call.link.until_gone(frozenset({call.waiting, call.running}), LAST_EVENTS_S)


async def _hang_up(call: TrialCall, end: str) -> None:
    with contextlib.suppress(ActionRejectedError):
        if await call.is_up(end):
            await call.link.ask("Hangup", ("Channel", end))
            await _gone(call, end)


async def _gone(call: TrialCall, end: str) -> None:
    while await call.is_up(end):  # noqa: ASYNC110 - asks Asterisk
        await asyncio.sleep(POLL_S)
