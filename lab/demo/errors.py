"""
What can end the demonstration early.

    DemoError             the text is one readable sentence
    └── NotShownError     it ran, and something that it shows is missing at its end
"""


class DemoError(Exception):
    """The demonstration cannot begin or go on."""


class NotShownError(DemoError):
    """What was to be shown is missing: calls that never came to stand in the call log."""
