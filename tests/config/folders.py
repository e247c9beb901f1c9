"""Configuration folders for tests: a small one that is right, changed in one place."""

import io
import wave
from collections.abc import Mapping
from pathlib import Path

from config.errors import Problem
from config.load import check, load
from config.settings import Configuration

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
ENVIRONMENT = {"AMI_SECRET": "canary-ami-secret"}
# both of: canary-password
HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$ehOoy1dijxszcM75Sjb5Lg"
    "$s395cd2PoReR/0sOh3Iv/qvnHekILY+nW7PibuFFQCg"
)
OTHER_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$/nRQjJRBTLOPjUg1gyBizg"
    "$3nnhYbScSJivtODN6Tp886DIWl/6qr6ElybTUf6I398"
)
FILES = {
    "cordboard.yaml": """\
pbx:
  main:
    ami:
      username: cordboard
      secret: {env: AMI_SECRET}
    agi: {listen: 127.0.0.1, port: 4573, peers: [127.0.0.1]}
    music: default
web:
  listen: 127.0.0.1
  port: 8400
  origins: []
database:
  url: null
telephony:
  country: DE
log:
  format: console
watchdog:
  limit: 5s
data: var/lib
""",
    "services.yaml": """\
services:
  - number: "8000"
    name: hotline
    flow: welcome
""",
    "flows.yaml": """\
flows:
  welcome:
    menu:
      greeting: [welcome]
      first_key: 5s
      tries: 3
      choices:
        1: {name: sales, queue: sales}
        2: {name: support, queue: support}
      wrong_key: [wrong-key]
      otherwise: {queue: support}
""",
    "queues.yaml": """\
queues:
  sales:
    ring_time: 15s
    misses_max: 3
    overflow:
      after: 60s
      to: support
  support: {}
""",
    "agents.yaml": f"""\
agents:
  ann:
    name: Ann Archer
    password_hash: {HASH}
    phones: [a1]
    queues: [sales, support]
  chen:
    name: 陈晓
    password_hash: {OTHER_HASH}
    phones: [a1, a2]
    queues: [sales]
""",
}


def sound(
    *, rate: int = 8_000, width: int = 2, channels: int = 1, frames: int = 800, value: int = 17
) -> bytes:
    """Return a WAV file; by default a tenth of a second that Asterisk can play."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(bytes([value]) * (frames * width * channels))
    return file.getvalue()


class Folder:
    """A folder that is right, and that a test may spoil."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / "configuration"
        self.path.mkdir()
        for file, text in FILES.items():
            self.write(file, text)
        for prompt in ("welcome", "wrong-key"):
            self.write(f"prompts/{prompt}.wav", sound())

    def write(self, file: str, content: str | bytes) -> Path:
        """Write a file anew, and return its path."""
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace the first place in the file where this text stands."""
        text = (self.path / file).read_text(encoding="utf-8")
        if old not in text:
            msg = f"{old!r} does not stand in {file}"
            raise ValueError(msg)
        self.write(file, text.replace(old, new, 1))

    def problems(self, environment: Mapping[str, str] = ENVIRONMENT) -> list[Problem]:
        """Return what a check finds."""
        return check(self.path, environment)

    def complaints(self, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
        """Return what a check finds, as an administrator reads it."""
        return [str(problem) for problem in self.problems(environment)]

    def load(self, environment: Mapping[str, str] = ENVIRONMENT) -> Configuration:
        """Return the configuration."""
        return load(self.path, environment)
