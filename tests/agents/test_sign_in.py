"""Passwords: right, wrong, guessed."""

import asyncio

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from structlog.testing import capture_logs

from agents.auth import Authenticator, hash_password
from agents.errors import TooManyAttemptsError, WrongCredentialsError
from agents.ports import AgentEntry
from agents.settings import AttemptSettings
from cti.ids import AgentId
from lab.desk import DeskRefusedError
from protocols.ws.answers import Refused
from protocols.ws.codes import RefusalCode
from tests.agents.fakes import PASSWORD, Directory, ManualTimers, entry
from tests.agents.house import house

ADDRESS = "192.0.2.7"
STRICT = AttemptSettings(
    free_per_agent=2, free_per_address=4, pause_first_s=1.0, pause_max_s=8.0, forget_after_s=60.0
)


class Gate:
    """An authenticator with time in the test's hands."""

    def __init__(self, *entries: AgentEntry, settings: AttemptSettings = STRICT) -> None:
        self.timers = ManualTimers()
        self.auth = Authenticator(
            Directory(*(entries or (entry("ann"), entry("ben")))), settings, timers=self.timers
        )

    async def attempt(self, agent: str, password: str, address: str = ADDRESS) -> str:
        try:
            found = await self.auth.sign_in(AgentId(agent), SecretStr(password), address)
        except WrongCredentialsError:
            return "wrong"
        except TooManyAttemptsError as error:
            return f"wait {error.retry_after_s:g}"
        return found.agent


async def test_the_right_password_signs_in() -> None:
    assert await Gate().attempt("ann", PASSWORD) == "ann"


@pytest.mark.parametrize(
    ("agent", "password"), [("ann", "guess"), ("nobody", PASSWORD), ("ann", PASSWORD + " ")]
)
async def test_a_wrong_password_and_an_unknown_agent_get_the_same_answer(
    agent: str, password: str
) -> None:
    async with house() as here, here.desk() as desk:
        with pytest.raises(DeskRefusedError) as refused:
            await desk.sign_in(agent, password)

        answer = refused.value.answer
        assert isinstance(answer, Refused)
        assert (answer.code, answer.message) == (
            RefusalCode.WRONG_CREDENTIALS,
            "agent or password is wrong",
        )
        assert here.sessions.connected_agents() == []


async def test_a_second_try_on_the_same_connection_may_be_right() -> None:
    async with house() as here, here.desk() as desk:
        with pytest.raises(DeskRefusedError):
            await desk.sign_in("ann", "guess")

        assert (await desk.sign_in("ann", PASSWORD)).agent == "ann"


async def test_guesses_for_one_agent_are_paused_longer_each_time_wherever_they_come_from() -> None:
    gate = Gate()
    answers = [await gate.attempt("ann", "guess", f"192.0.2.{n}") for n in range(3)]
    assert answers == ["wrong", "wrong", "wait 1"]

    waits = []
    for n in range(5):
        gate.timers.advance(8)
        assert await gate.attempt("ann", "guess", f"198.51.100.{n}") == "wrong"
        waits.append(await gate.attempt("ann", PASSWORD, "203.0.113.1"))

    assert waits == ["wait 2", "wait 4", "wait 8", "wait 8", "wait 8"]
    assert await gate.attempt("ben", PASSWORD) == "ben"


async def test_unknown_agents_are_paused_like_known_ones() -> None:
    gate = Gate()

    known = [await gate.attempt("ann", "guess", f"192.0.2.{n}") for n in range(4)]
    unknown = [await gate.attempt("nobody", "guess", f"198.51.100.{n}") for n in range(4)]

    assert known == unknown


async def test_guesses_from_one_address_are_paused_whomever_they_are_for() -> None:
    gate = Gate()
    answers = [await gate.attempt(f"agent{n}", "guess") for n in range(5)]

    assert answers == ["wrong", "wrong", "wrong", "wrong", "wait 1"]
    assert await gate.attempt("ben", PASSWORD) == "wait 1"
    assert await gate.attempt("ben", PASSWORD, "203.0.113.1") == "ben"


async def test_an_account_of_ones_own_buys_no_more_guesses() -> None:
    gate = Gate()
    answers = []
    for n in range(5):
        answers.append(await gate.attempt(f"agent{n}", "guess"))
        answers.append(await gate.attempt("ben", PASSWORD))

    assert answers == [
        *["wrong", "ben", "wrong", "ben", "wrong", "ben"],
        *["wrong", "wait 1", "wait 1", "wait 1"],
    ]


async def test_a_hundred_guesses_at_once_are_a_hundred() -> None:
    gate = Gate()
    answers = await asyncio.gather(*(gate.attempt("ann", f"guess{n}") for n in range(100)))

    assert answers.count("wrong") == 2


async def test_the_right_password_clears_the_agents_count_and_time_clears_it_too() -> None:
    gate = Gate()
    assert await gate.attempt("ann", "guess") == "wrong"
    assert await gate.attempt("ann", PASSWORD) == "ann"
    assert await gate.attempt("ann", "guess") == "wrong"
    assert await gate.attempt("ann", "guess") == "wrong"
    gate.timers.advance(61)
    assert await gate.attempt("ann", "guess") == "wrong"
    assert await gate.attempt("ann", "guess") == "wrong"


async def test_at_most_so_many_agents_and_addresses_are_remembered() -> None:
    gate = Gate(settings=AttemptSettings(tracked_max=3, free_per_address=1000))
    for n in range(10):
        await gate.attempt(f"agent{n}", "guess", f"192.0.2.{n}")

    assert len(gate.auth._by_agent._records) == 3
    assert len(gate.auth._by_address._records) == 3


async def test_an_unknown_agent_costs_the_work_that_a_known_one_costs() -> None:
    hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    known = AgentEntry(
        agent=AgentId("ann"),
        name="Ann",
        password_hash=hasher.hash(PASSWORD),
        phones={},
        queues=(),
    )
    gate = Gate(known)

    # Same algorithm and parameters, so the same work: `$argon2id$v=19$m=16,t=2,p=1$...`.
    assert gate.auth._hash_of_nobody.split("$")[:4] == known.password_hash.split("$")[:4]


async def test_passwords_do_not_reach_the_log() -> None:
    gate = Gate()
    with capture_logs() as logs:
        await gate.attempt("ann", "canary-4711")
        await gate.attempt("ann", "canary-4711")
        await gate.attempt("ann", "canary-4711")

    assert {log["event"] for log in logs} == {"sign_in_refused", "sign_in_paused"}
    assert "canary-4711" not in str(logs)


async def test_a_password_typed_where_the_name_belongs_does_not_reach_it_either() -> None:
    gate = Gate()
    with capture_logs() as logs:
        for _ in range(8):
            await gate.attempt("canary-4711", "ann")

    assert [log["agent_id"] for log in logs] == [None] * len(logs)
    assert {log["event"] for log in logs} == {"sign_in_refused", "sign_in_paused"}
    assert "canary-4711" not in str(logs)


async def test_a_damaged_hash_fits_no_password() -> None:
    damaged = AgentEntry(
        agent=AgentId("ben"), name="Ben", password_hash="$argon2id$x", phones={}, queues=()
    )
    gate = Gate(entry("ann"), damaged)

    with capture_logs() as logs:
        assert await gate.attempt("ben", PASSWORD) == "wrong"
    assert logs[0]["event"] == "password_hash_unusable"


def test_a_new_hash_is_argon2id_and_salted() -> None:
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
