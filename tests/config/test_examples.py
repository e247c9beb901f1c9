"""The examples are what newcomers start from: they must be right, and complete."""

import wave
from pathlib import Path

import numpy as np
import pytest
from argon2 import PasswordHasher

from config.load import FILES, check, load
from config.prompts import PROMPTS_FOLDER
from config.settings import Configuration
from cti.ids import AgentId, QueueName
from ivr.actions import EnterQueue, Play
from ivr.interpreter import Interpreter
from ivr.results import KeyPressed
from tests.config.folders import EXAMPLES

ENVIRONMENT = {"CORDBOARD_AMI_SECRET": "canary-ami-secret"}
PROMPTS = sorted((EXAMPLES / PROMPTS_FOLDER).glob("*.wav"))


@pytest.fixture
def examples() -> Configuration:
    """Return the configuration of the examples."""
    return load(EXAMPLES, ENVIRONMENT)


def test_the_examples_have_no_problem_and_no_warning() -> None:
    assert check(EXAMPLES, ENVIRONMENT) == []


def test_every_file_teaches_by_remarks() -> None:
    lacking = [name for name in FILES if not (EXAMPLES / name).read_text().startswith("# ")]

    assert lacking == []


def test_a_caller_of_8000_hears_the_welcome_and_reaches_sales_by_one_key(
    examples: Configuration,
) -> None:
    interpreter = Interpreter(examples.flows[examples.services["8000"].flow])

    assert interpreter.begin() == Play(prompts=("welcome",))
    assert interpreter.handle(KeyPressed("1")) == EnterQueue(
        queue=QueueName("sales"), choice="sales"
    )


def test_five_agents_have_a_phone_each_and_every_queue_has_three_of_them(
    examples: Configuration,
) -> None:
    phones = {agent: list(entry.phones) for agent, entry in examples.agents.items()}
    serving = {
        queue.name: sum(queue.name in agent.queues for agent in examples.policy.agents)
        for queue in examples.policy.queues
    }

    assert phones == {"ann": ["a1"], "ben": ["a2"], "chen": ["a3"], "dora": ["a4"], "emil": ["a5"]}
    assert serving == {"sales": 3, "support": 4}
    assert examples.agents[AgentId("chen")].name == "陈晓"


def test_everybody_signs_in_with_the_password_of_the_demonstration(
    examples: Configuration,
) -> None:
    verified = [
        PasswordHasher().verify(agent.password_hash, "cordboard-demo")
        for agent in examples.agents.values()
    ]

    assert verified == [True] * 5


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda path: path.stem)
def test_a_prompt_speaks_loudly_enough_and_without_clipping(prompt: Path) -> None:
    with wave.open(str(prompt)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    peak = int(np.abs(samples.astype(np.int32)).max())
    loudness = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))

    assert 8_000 < peak < 30_000
    assert loudness > 800


def test_the_prompts_are_small_and_no_one_is_missing() -> None:
    assert [prompt.stem for prompt in PROMPTS] == ["no-key", "sorry", "welcome", "wrong-key"]
    assert sum(prompt.stat().st_size for prompt in PROMPTS) < 400_000
