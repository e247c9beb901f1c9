"""
One caller's way through one menu.

Decides what the caller hears next and which choice he made. It never sees an impossible result:
the interpreter has checked that a result answers the action before it comes here.
"""

from typing import assert_never

from ivr.actions import AwaitKey, Play
from ivr.flow import NO_KEY, WRONG_KEY, Menu
from ivr.results import KeyPressed, NoKey, Played
from ivr.steps import Next


class MenuRun:
    """The state of one caller in one menu: how often he still may try."""

    def __init__(self, menu: Menu) -> None:
        self._menu = menu
        self._tries_left = menu.tries

    def begin(self) -> Next:
        """Greet the caller."""
        return Next(to=Play(prompts=self._menu.greeting))

    def handle(self, result: Played | KeyPressed | NoKey) -> Next:
        """Return what follows; a key that was pressed during the greeting is a choice at once."""
        match result:
            case Played():
                return Next(to=AwaitKey(timeout=self._menu.first_key))
            case NoKey():
                return self._missed(NO_KEY, self._menu.no_key)
            case KeyPressed(key):
                choice = self._menu.choice_of(key)
                if choice is None:
                    return self._missed(WRONG_KEY, self._menu.wrong_key)
                return Next(to=choice.to, made=choice.name)
            case _ as unreachable:
                assert_never(unreachable)

    def _missed(self, made: str, prompts: tuple[str, ...]) -> Next:
        """Count a try without a choice: greet again, or leave for `otherwise`."""
        self._tries_left -= 1
        if self._tries_left == 0:
            return Next(to=self._menu.otherwise, made=made)
        return Next(to=Play(prompts=prompts + self._menu.greeting), made=made)
