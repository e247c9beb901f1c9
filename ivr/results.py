"""What came of an action, as the shell reports it: past participles all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Played:
    """
    All prompts of a `Play` were heard to the end.

    Also what the shell reports when a sound file cannot be played: the menu goes on in silence,
    which is better for the caller than no menu.
    """


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """
    The caller pressed a key, during a `Play` or an `AwaitKey`, or typed it ahead.

    Any text will do: what is not a choice (a tone A to D, say) is a wrong key.
    """

    key: str


@dataclass(frozen=True, slots=True)
class NoKey:
    """The time of an `AwaitKey` passed without a key."""


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller's session ended during the action."""


Result = Played | KeyPressed | NoKey | CallerGone
