"""Flows that the tests send callers through."""

from cti.ids import QueueName
from cti.instants import seconds
from ivr.flow import Choice, Destination, Flow, Menu, ToHangUp, ToQueue

SALES = ToQueue(queue=QueueName("sales"))
SUPPORT = ToQueue(queue=QueueName("support"))
HOTLINE = ToQueue(queue=QueueName("support"), prompts=("sorry",))
GOODBYE = ToHangUp(prompts=("goodbye",))
FIRST_KEY = seconds(5)
CHOICES = (
    Choice(key="1", name="sales", to=SALES),
    Choice(key="2", name="support", to=SUPPORT),
    Choice(key="#", name="leave", to=ToHangUp()),
)


def menu(
    name: str = "main",
    *,
    tries: int = 3,
    otherwise: Destination = SUPPORT,
    choices: tuple[Choice, ...] = CHOICES,
) -> Menu:
    """Return a menu with sales on 1, support on 2 and hanging up on #."""
    return Menu(
        name=name,
        greeting=("welcome", "choices"),
        first_key=FIRST_KEY,
        tries=tries,
        choices=choices,
        otherwise=otherwise,
        wrong_key=("wrong-key",),
        no_key=("no-key",),
    )


def flow(*, tries: int = 3, otherwise: Destination = SUPPORT) -> Flow:
    """Return a flow that is one such menu."""
    return Flow(name="welcome", steps=(menu(tries=tries, otherwise=otherwise),))
