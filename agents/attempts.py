"""How guessing passwords is slowed down. Pure: the time comes with each question."""

from collections import OrderedDict
from dataclasses import dataclass

from agents.settings import AttemptSettings

_DOUBLINGS_MAX = 30
"""Beyond this many, any pause has long met its limit."""


@dataclass(slots=True)
class _Record:
    wrong: int
    last_at: float
    closed_until: float


class AttemptCounter:
    """Wrong passwords by key (an agent's id, or an address), of which `free` cost no pause."""

    __slots__ = ("_free", "_records", "_settings")

    def __init__(self, settings: AttemptSettings, *, free: int) -> None:
        self._settings = settings
        self._free = free
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def pause_s(self, key: str, now: float) -> float:
        """Return for how many seconds no attempt for this key is looked at; 0 means come in."""
        record = self._records.get(key)
        if record is None:
            return 0.0
        return max(0.0, record.closed_until - now)

    def count(self, key: str, now: float) -> None:
        """Count a wrong password for this key, and begin the pause that it costs."""
        record = self._records.get(key)
        if record is None or now - record.last_at > self._settings.forget_after_s:
            record = _Record(wrong=0, last_at=now, closed_until=now)
            self._records[key] = record
        self._records.move_to_end(key)
        record.wrong += 1
        record.last_at = now
        beyond = record.wrong - self._free
        if beyond >= 0:
            doubled = self._settings.pause_first_s * 2.0 ** min(beyond, _DOUBLINGS_MAX)
            record.closed_until = now + min(doubled, self._settings.pause_max_s)
        while len(self._records) > self._settings.tracked_max:
            self._records.popitem(last=False)

    def clear(self, key: str) -> None:
        """Forget this key's wrong passwords: the right one came."""
        self._records.pop(key, None)
