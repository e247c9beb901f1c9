"""
Takes a queue's strategy over, with the order or the weights that come of its members' penalties.

What app_queue of Asterisk 22 does stands in its calc_metric: the member of the lowest metric is
rung. A penalty is a tier above everything else, but in wrandom the end of the range that a member's
number is drawn from (0 up to 1000 times penalty + 1), and in a queue of no more members than
penaltymemberslimit nothing at all.
"""

from collections.abc import Mapping
from math import lcm
from typing import Final

from config.asterisk_import.draft import QueueDraft
from config.asterisk_import.option import Fate
from config.asterisk_import.report import Findings
from config.models import ORDER_MAX, WEIGHT_MAX
from cti.language import _

RINGALL: Final = "ringall"
"""What counts where nothing is said, or nothing that Asterisk knows."""
_COUNTERPARTS: Final = {
    RINGALL: (
        "longest_idle",
        Fate.DIFFERS,
        _("strategy: longest_idle; no phones are rung all at once yet: one after the other"),
    ),
    "leastrecent": (
        "longest_idle",
        Fate.TAKEN,
        _("strategy: longest_idle; idle time counts over all queues of an agent"),
    ),
    "fewestcalls": (
        "fewest_calls",
        Fate.DIFFERS,
        _(
            "strategy: fewest_calls; the calls of the last 8 hours count, of all queues, and not "
            "this queue's since its figures were reset"
        ),
    ),
    "rrmemory": ("round_robin", Fate.TAKEN, _("strategy: round_robin")),
    "rrordered": (
        "round_robin",
        Fate.TAKEN,
        _("strategy: round_robin; order: the members as they stand"),
    ),
    "linear": (
        "ordered",
        Fate.TAKEN,
        _("strategy: ordered; order: the members by their penalties, then as they stand"),
    ),
    "random": ("weighted_random", Fate.TAKEN, _("strategy: weighted_random, without weights")),
    "wrandom": (
        "weighted_random",
        Fate.DIFFERS,
        _(
            "strategy: weighted_random; weights: in proportion to 1/(penalty + 1), which is near "
            "to app_queue: it draws a number below 1000 times (penalty + 1) for each member and "
            "rings the lowest, so that of two members the likelier one is likelier still"
        ),
    ),
}
_OTHER_NAMES: Final = {"roundrobin": "rrmemory"}
"""Asterisk 22 still takes it so: tried."""
_IN_ORDER: Final = frozenset({"linear", "rrordered"})


def take_strategy(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    """Give a queue the counterpart of its strategy, and say what it is."""
    told = value.lower()
    known = _OTHER_NAMES.get(told, told)
    draft.app_queue_strategy = known if known in _COUNTERPARTS else RINGALL
    draft.strategy, fate, words = _COUNTERPARTS[draft.app_queue_strategy]
    if known not in _COUNTERPARTS:
        words = _(
            "Asterisk does not know it either and rings all phones at once, which is not there "
            "yet: strategy: longest_idle, one after the other"
        )
    return fate, words


def no_strategy() -> str:
    """Return what is said of a queue without one."""
    return _(
        "no strategy, which is ringall: strategy: longest_idle; no phones are rung all at once "
        "yet: one after the other"
    )


def becomes_of_penalty(queue: QueueDraft) -> tuple[Fate, str] | None:
    """Say what a penalty becomes in this queue; None: nothing, and that is a loss."""
    if queue.app_queue_strategy == "wrandom":
        return Fate.TAKEN, _("his weight in the queue")
    if not queue.penalties_count:
        return Fate.NOT_NEEDED, _("the queue has no more members than penaltymemberslimit")
    if queue.app_queue_strategy == "linear":
        return Fate.TAKEN, _("his place in the queue's order")
    return None


def settle(findings: Findings, queue: QueueDraft, names: Mapping[str, str]) -> None:
    """Give a queue its order or its weights, now that its agents have names."""
    penalties = queue.penalties
    if queue.app_queue_strategy in _IN_ORDER:
        tiered = queue.app_queue_strategy == "linear" and queue.penalties_count
        phones = sorted(penalties, key=lambda phone: penalties[phone] if tiered else 0)
        if len(phones) > ORDER_MAX:
            words = _("order: the first {most} agents alone; the others come after them")
            header = f"[{queue.original}]"
            findings.add(Fate.DIFFERS, queue.place, header, words.format(most=ORDER_MAX))
        queue.order = [names[phone] for phone in phones[:ORDER_MAX]]
    elif queue.app_queue_strategy == "wrandom" and len(set(penalties.values())) > 1:
        weights = _weights(penalties)
        queue.weights = {names[phone]: weights[phone] for phone in penalties}


def _weights(penalties: Mapping[str, int]) -> dict[str, int]:
    """Return whole weights in proportion to 1/(penalty + 1), exactly so where they can be."""
    least = min(penalties.values()) + 1
    one = least
    for penalty in penalties.values():
        one = lcm(one, penalty + 1)
        if one > WEIGHT_MAX * least:
            one = WEIGHT_MAX * least
            break
    return {phone: max(1, one // (penalty + 1)) for phone, penalty in penalties.items()}
