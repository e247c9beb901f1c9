"""What a manager link has counted since the client was made. Every silent outcome is counted."""

from dataclasses import dataclass, field

from cti.buckets import Buckets

ANSWER_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Asterisk answers in about a millisecond; an action is given up after some seconds."""


@dataclass(slots=True, kw_only=True)
class AmiCounters:
    """Only ever grow; they outlive reconnects. Written by the codec and the client."""

    events: int = 0
    """Events received, wanted or not."""
    events_dropped_by_name: int = 0
    """Events nobody wanted, dropped before they were parsed."""
    events_before_up: int = 0
    """Wanted events that came before the link was up: the first live picture includes them."""
    responses: int = 0
    responses_unmatched: int = 0
    """Responses to nothing in flight: late, doubled, or forged."""
    list_entries_late: int = 0
    """Entries of lists that nobody waits for any more."""
    noise: int = 0
    """Messages that begin with neither `Event:` nor `Response:`. Hostile data, most likely."""
    stray_lines: int = 0
    """Lines without a colon in messages that were otherwise used."""
    doubled_headers: int = 0
    """Messages with a header twice that Asterisk writes once. Hostile data, most likely."""
    messages_too_long: int = 0
    messages_with_too_many_headers: int = 0
    framing_lost: int = 0
    """Links closed because the other side's bytes could not be cut into messages."""
    callback_failures: int = 0
    actions_timed_out: int = 0
    pings_late: int = 0
    """Pings unanswered in time on a link that went on delivering other data."""
    answers_s: Buckets = field(default_factory=lambda: Buckets(ANSWER_BOUNDS_S), compare=False)
    """How long actions took that were answered, refusals included."""
    heard_at_s: float | None = field(default=None, compare=False)
    """When something last came from Asterisk, by the loop's clock; None before the first time."""
    links_up: int = 0
    links_lost: int = 0
    """Links that had been up and were lost."""
