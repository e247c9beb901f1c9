"""
What is legal but surely not meant: how warnings about a configuration are made.

Each rule reads files that are right by themselves (their models), and names the place in the file
(their trees). Warnings must be worth reading: what people do on purpose is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import Problem, Severity
from config.main_file import MainFile
from config.models import AgentsFile, FlowsFile, QueuesFile, ServicesFile
from config.nodes import KeyPath, Node, key_position, problem_at, value_position
from config.section import Section

MAIN: Final = "cordboard.yaml"
SERVICES: Final = "services.yaml"
FLOWS: Final = "flows.yaml"
QUEUES: Final = "queues.yaml"
AGENTS: Final = "agents.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A folder's files as far as each of them is right by itself, and their trees."""

    folder: Path
    trees: Mapping[str, Node]
    files: Mapping[str, Section]

    @property
    def main(self) -> MainFile | None:
        """`cordboard.yaml`."""
        found = self.files.get(MAIN)
        return found if isinstance(found, MainFile) else None

    @property
    def services(self) -> ServicesFile | None:
        """`services.yaml`."""
        found = self.files.get(SERVICES)
        return found if isinstance(found, ServicesFile) else None

    @property
    def flows(self) -> FlowsFile | None:
        """`flows.yaml`."""
        found = self.files.get(FLOWS)
        return found if isinstance(found, FlowsFile) else None

    @property
    def queues(self) -> QueuesFile | None:
        """`queues.yaml`."""
        found = self.files.get(QUEUES)
        return found if isinstance(found, QueuesFile) else None

    @property
    def agents(self) -> AgentsFile | None:
        """`agents.yaml`."""
        found = self.files.get(AGENTS)
        return found if isinstance(found, AgentsFile) else None

    def doubt(self, file: str, path: KeyPath, message: str) -> Problem:
        """Return a warning at a value, or at its nearest parent that is written down."""
        position = value_position(self.trees[file], path)
        return problem_at(file, position, path, message, Severity.WARNING)

    def doubt_key(self, file: str, path: KeyPath, message: str) -> Problem:
        """Return a warning at the key that a path ends with."""
        position = key_position(self.trees[file], path)
        return problem_at(file, position, path, message, Severity.WARNING)

    def line(self, file: str, path: KeyPath) -> int:
        """Return the line of a value."""
        return value_position(self.trees[file], path).line
