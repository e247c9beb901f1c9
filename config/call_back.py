"""The part of a queue in `queues.yaml` that says how callers are called back."""

from typing import Annotated, Literal

from pydantic import Field

from acd.call_backs import CALL_BACK, CallBackPolicy, First, NotReached
from config.durations import HOUR, MINUTE, SECOND
from config.section import Section
from config.values import Means, Within
from cti.instants import Duration
from cti.language import _

ATTEMPTS_MAX = 20
RETRY_MIN = SECOND
"""A number that was busy is not dialled in a circle."""

Retry = Annotated[Duration, Within(RETRY_MIN, Duration(24 * HOUR))]


class Retries(Section):
    """How long a customer rests after an attempt, by how it ended."""

    busy: Retry | None = None
    """His number was busy."""
    no_answer: Retry | None = None
    """He did not answer."""
    machine: Retry | None = None
    """A machine answered."""
    failed: Retry | None = None
    """He could not be dialled."""


class CallBackSection(Section):
    """How those are called back to whom it is promised."""

    first: Annotated[Literal["agent", "customer"], Means(_("agent or customer"))] = "agent"
    """agent: he sees the card, then the customer is dialled; customer: he is dialled first."""
    attempts_max: Annotated[
        int, Field(ge=1, le=ATTEMPTS_MAX), Means(_("1 to {most}").format(most=ATTEMPTS_MAX))
    ] = CALL_BACK.attempts_max
    """How often he is dialled at most."""
    retry_after: Retry = CALL_BACK.retry_after
    """How long he rests after an attempt that did not reach him."""
    retries: Retries = Retries()
    """Other rests for some of the causes."""
    expires_after: Annotated[Duration, Within(MINUTE, Duration(14 * 24 * HOUR))] = (
        CALL_BACK.expires_after
    )
    """How long a promise holds."""
    dial_time: Annotated[Duration, Within(Duration(5 * SECOND), Duration(2 * MINUTE))] = (
        CALL_BACK.dial_time
    )
    """How long his phone rings."""
    ahead: Annotated[Duration, Within(Duration(0), Duration(10 * MINUTE))] = CALL_BACK.ahead
    """With customer first: he is dialled so much before an agent is expected to be free."""

    def rest_after(self, cause: NotReached) -> Duration:
        """How long he rests after an attempt that ended so."""
        own: Duration | None = getattr(self.retries, cause.value, None)
        return self.retry_after if own is None else own


def call_back_policy(section: CallBackSection) -> CallBackPolicy:
    """Return the section as the core reads it."""
    retries = section.retries
    return CallBackPolicy(
        first=First(section.first),
        attempts_max=section.attempts_max,
        retry_after=section.retry_after,
        retries=tuple(
            (cause, rests)
            for cause in NotReached
            if (rests := getattr(retries, cause.value, None)) is not None
        ),
        expires_after=section.expires_after,
        dial_time=section.dial_time,
        ahead=section.ahead,
    )
