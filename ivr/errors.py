"""
The errors of the flow interpreter.

    IvrError
    ├── FlowError                 a flow that cannot be told to a caller; found when it is built
    └── ImpossibleResultError     our bug: the shell reported what cannot have happened
"""


class IvrError(Exception):
    """Anything that `ivr` raises."""


class FlowError(IvrError):
    """A flow contradicts itself; the message names the flow's part and what is allowed."""


class ImpossibleResultError(IvrError):
    """
    A result came that does not answer the pending action, or one after the end.

    What a caller does cannot cause it: the shell has mixed something up.
    """
