"""
How much a session may take: every limit of this package, and what happens at it.

The defaults fit Asterisk 22: it opens with 24 lines and the script's arguments, answers GET
VARIABLE with at most 1,023 bytes, and reads command lines of at most 8,191.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """The limits of one server and its sessions. Times in seconds, sizes in bytes."""

    environment_lines_max: int = 160
    """More lines in the opening block: session aborted. Asterisk passes at most 128 arguments."""
    environment_bytes_max: int = 16_384
    """A longer opening block: session aborted."""
    environment_s_max: float = 5.0
    """The opening block not complete in this time after the connection: session aborted."""
    line_bytes_max: int = 8_192
    """A longer line, newline not counted: session aborted."""
    usage_lines_max: int = 200
    """More lines of usage text in one 520 answer: session aborted."""
    sessions_max: int = 2_000
    """One connection more: closed at once, counted, logged."""
    interrupt_s_max: float = 30.0
    """An interruption unanswered for so long: session aborted (the dialplan goes on)."""
    hangup_s_max: float = 2.0
    """So long after a HANGUP line that is not followed by the end: we close, else it leaks."""
    close_s_max: float = 2.0
    """Closing: what is not written by then is thrown away; handlers get as long to finish."""
