"""What a manager link has counted since the client was made. Every silent outcome is counted."""

from dataclasses import dataclass


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
    links_up: int = 0
    links_lost: int = 0
    """Links that had been up and were lost."""
