"""
What the configuration raises, and the problems that it is made of.

    ConfigurationError
    ├── ConfigError             the configuration cannot be used; holds every problem found
    └── UnreadableFileError     one file cannot be read; becomes a problem before it leaves here
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from cti.language import _


class Severity(Enum):
    """Whether the daemon can work with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """A place in a file; both count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One thing that is wrong, or that is worth a look.

    `file` is relative to the configuration's folder; `path` leads to the value (`queues.sales.to`)
    and is empty where the file as a whole is meant; line 0 means no place in a file. `message`
    says what is wrong and what is allowed. No problem holds a secret or what stands where a secret
    should.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Return `file:line:column: path: message`, as compilers and editors have it."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f"{self.path}: " if self.path else ""
        text = f"{path}{self.message}"
        if self.severity is Severity.WARNING:
            text = _("warning: {text}").format(text=text)
        return harmless(f"{place}: {text}")


def harmless(text: str) -> str:
    """
    Return the text with all escaped that could disturb a terminal or a log.

    Names of files and whatever stands in them may come from others.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems by file and place, each once."""
    return sorted(
        set(problems),
        key=lambda problem: (
            problem.file,
            problem.line,
            problem.column,
            problem.path,
            problem.message,
        ),
    )


class ConfigurationError(Exception):
    """Anything that `config` raises."""


class ConfigError(ConfigurationError):
    """The configuration cannot be used; `problems` holds all errors and warnings, in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnreadableFileError(ConfigurationError):
    """A file cannot be read, or is none; the message says why and needs the file's name before."""
