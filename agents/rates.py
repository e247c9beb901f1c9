"""How often is too often. Pure: the time comes with each question."""


class TokenBucket:
    """
    Allows `burst` at once and `rate_per_s` in the long run.

    Begins full. What is asked for beyond what is there is not allowed and costs nothing.
    """

    __slots__ = ("_at", "_burst", "_rate_per_s", "_tokens")

    def __init__(self, *, rate_per_s: float, burst: int, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, count: int = 1) -> bool:
        """Take `count` tokens at the monotonic second `now`; False where there are fewer."""
        elapsed = max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate_per_s)
        if self._tokens < count:
            return False
        self._tokens -= count
        return True
