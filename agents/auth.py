"""
Who may sign in: argon2 hashes, checked beside the event loop, and wrong passwords slowed down.

A wrong password and an unknown agent look the same from outside: the same answer, after the same
work (an unknown agent's password is checked against a hash that fits no password), under the same
limits. Passwords and hashes are never logged.
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from pydantic import SecretStr

from agents.attempts import AttemptCounter
from agents.errors import TooManyAttemptsError, WrongCredentialsError
from agents.ports import AgentDirectory, AgentEntry, Timers
from agents.settings import AttemptSettings
from cti.ids import AgentId

CHECKS_AT_ONCE: Final = 2
"""Passwords checked side by side: each takes some 35 ms of a core and 19 MiB of memory."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's first choice of parameters for argon2id."""

log = structlog.get_logger(__name__)


def hash_password(password: str) -> str:
    """Return what stands as an agent's `password_hash` for this password; takes some 35 ms."""
    return _HASHER.hash(password)


class Authenticator:
    """Signs agents in by password."""

    def __init__(
        self, directory: AgentDirectory, settings: AttemptSettings, *, timers: Timers
    ) -> None:
        self._directory = directory
        self._timers = timers
        self._by_agent = AttemptCounter(settings, free=settings.free_per_agent)
        self._by_address = AttemptCounter(settings, free=settings.free_per_address)
        self._threads = ThreadPoolExecutor(CHECKS_AT_ONCE, thread_name_prefix="argon2")
        self._hash_of_nobody = _hash_of_nobody(directory)

    async def sign_in(self, agent: AgentId, password: SecretStr, address: str) -> AgentEntry:
        """
        Return the agent whose password this is.

        Raises:
            TooManyAttemptsError: the password was not looked at.
            WrongCredentialsError: no such agent, or not his password.
        """
        now = self._timers.time()
        pause_s = max(self._by_agent.pause_s(agent, now), self._by_address.pause_s(address, now))
        if pause_s > 0:
            log.warning("sign_in_paused", agent_id=self._known(agent), address=address)
            raise TooManyAttemptsError(
                f"too many wrong passwords; wait {pause_s:.0f} seconds", retry_after_s=pause_s
            )
        # Counted as wrong until it turns out right, so that a hundred guesses at the same moment
        # are a hundred and not one. An address is counted afterwards: a whole floor may come back
        # from one address at the same moment, and its strangers' connections are few anyway.
        self._by_agent.count(agent, now)
        entry = self._directory.entry(agent)
        expected = self._hash_of_nobody if entry is None else entry.password_hash
        right = await asyncio.get_running_loop().run_in_executor(
            self._threads, _matches, expected, password
        )
        if right and entry is not None:
            entry = self._directory.entry(agent)  # it may have changed while that took its time
            right = entry is not None and entry.password_hash == expected
        if entry is None or not right:
            self._by_address.count(address, self._timers.time())
            log.warning("sign_in_refused", agent_id=self._known(agent), address=address)
            raise WrongCredentialsError("agent or password is wrong")
        # The address' count stays: else whoever has one account could guess at all others for ever.
        self._by_agent.clear(agent)
        return entry

    def _known(self, agent: AgentId) -> AgentId | None:
        """Return an agent's name for the log; a name of nobody's may be a password, mistyped."""
        return None if self._directory.entry(agent) is None else agent

    def close(self) -> None:
        """End the threads; checks that wait are dropped, those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _matches(expected: str, password: SecretStr) -> bool:
    try:
        return _HASHER.verify(expected, password.get_secret_value())
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        # The loader of the configuration checks hashes: this one was damaged on the way here.
        log.exception("password_hash_unusable")
        return False


def _hash_of_nobody(directory: AgentDirectory) -> str:
    # Made with the agents' own parameters, so that it takes as long to check as theirs.
    hasher = _HASHER
    for entry in directory.entries():
        hasher = PasswordHasher.from_parameters(extract_parameters(entry.password_hash))
        break
    return hasher.hash(secrets.token_urlsafe())
