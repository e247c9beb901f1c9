"""
What the core raises: only for a bug of ours or an unusable snapshot, never for what comes in.

    AcdError
    ├── InvariantError               something that must always hold does not: our bug
    │   └── IllegalTransitionError   a state was to become one that its table does not know: our bug
    └── SnapshotRefusedError         a snapshot of another core version: replay the journal instead

What the outside does (a full queue, an unknown agent, a late answer) is an outcome, not an error.
"""


class AcdError(Exception):
    """The root of what the core raises."""


class InvariantError(AcdError):
    """Something that must always hold does not: our bug, which the distributor heals and tells."""


class IllegalTransitionError(InvariantError):
    """A state was to become one that its table does not know."""

    def __init__(self, who: str, state: str, new_state: str) -> None:
        super().__init__(f"{who} cannot go from {state} to {new_state}")
        self.who = who
        self.state = state
        self.new_state = new_state


class SnapshotRefusedError(AcdError):
    """A snapshot was written by a core whose state this one does not read."""

    def __init__(self, found: int, wanted: int) -> None:
        super().__init__(f"the snapshot has state version {found}, this core reads {wanted}")
        self.found = found
        self.wanted = wanted
