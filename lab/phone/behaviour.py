"""
What a phone does by itself with calls that come in: scripted people.

A behaviour is given the call and lives until it has nothing more to do with it.
"""

from collections.abc import Awaitable, Callable

from lab.phone.incoming import IncomingCall

Behaviour = Callable[[IncomingCall], Awaitable[None]]


def answering(after_s: float, hang_up_after_s: float | None) -> Behaviour:
    """Ring, answer after `after_s`, and hang up `hang_up_after_s` later, if that is a number."""

    async def behave(call: IncomingCall) -> None:
        call.ring()
        if await call.ends_within(after_s):
            return
        await call.answer()
        if hang_up_after_s is not None and not await call.ends_within(hang_up_after_s):
            await call.hang_up()

    return behave


async def ring_for_ever(call: IncomingCall) -> None:
    """Ring, and leave it at that."""
    call.ring()


def rejecting(status: int, after_s: float) -> Behaviour:
    """Ring for `after_s` and then refuse."""

    async def behave(call: IncomingCall) -> None:
        if after_s > 0:
            call.ring()
            if await call.ends_within(after_s):
                return
        call.reject(status)

    return behave


async def leave_to_the_test(call: IncomingCall) -> None:
    """Do nothing: the test takes the call from `next_call` and decides."""
