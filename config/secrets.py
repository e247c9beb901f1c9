"""
Secrets: where they come from, and how they are kept from being shown.

A configuration file only says where a secret is. `Secret` shows itself as `Secret(…)` in logs,
messages and tracebacks; only `reveal` gives it out, to the one place that sends it.
"""

import hmac
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from config.errors import Problem, Severity, UnreadableFileError
from config.files import FileContent, read_file
from config.links import is_open, open_database
from config.nodes import ANY, KeyPath, Node, Table, child, problem_at, texts, value_position
from config.values import FILE_PATH, VARIABLE_NAME, database_url_fault
from cti.language import _

SECRET_BYTES_MAX = 4_096
AMI_SECRET_SHORT = 12
"""Whoever is let in by it makes calls at the owner's cost."""
AMI_SECRET: Final = re.compile(r"[!-:<-~]{1,200}")
"""What can stand in manager.conf, where a semicolon begins a comment."""
_DATABASE_URL: Final[KeyPath] = ("database", "url")
_SECRETS: Final[tuple[KeyPath, ...]] = (("pbx", ANY, "ami", "secret"), _DATABASE_URL)
"""Where in `cordboard.yaml` a secret's source may stand."""


class Secret:
    """A text that does not show itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself; never log, format or keep what this returns."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsFound:
    """The secrets by their path in `cordboard.yaml`, and what is wrong with them."""

    secrets: Mapping[KeyPath, Secret]
    problems: tuple[Problem, ...]


class _NoSecretError(Exception):
    """A secret cannot be had; the message never holds it."""


class _UnsetError(_NoSecretError):
    """The environment variable is not set, here and now."""


def find_secrets(
    file: str,
    tree: Node,
    folder: Path,
    environment: Mapping[str, str],
    *,
    unset: Severity = Severity.ERROR,
) -> SecretsFound:
    """
    Fetch every secret that `cordboard.yaml` names; what is not well formed is left alone.

    `unset` is what a variable that is not set amounts to: an error for the daemon, a warning where
    a configuration is checked away from the machine that it is for.
    """
    secrets: dict[KeyPath, Secret] = {}
    problems: list[Problem] = []
    for path, kind, value in _sources(tree):
        at = value_position(tree, (*path, kind))
        warnings: list[str] = []
        try:
            if kind == "env":
                text = _from_environment(value, environment)
            else:
                text, content = _from_file(folder / value)
                warnings += [warning] if (warning := open_file(content, value)) else []
            is_url = path == _DATABASE_URL
            secrets[path] = _checked(text, is_url=is_url)
            warnings += [warning] if (warning := _weak(text, value, is_url=is_url)) else []
            problems += [
                problem_at(file, at, (*path, kind), warning, Severity.WARNING)
                for warning in warnings
            ]
        except _UnsetError as error:
            problems.append(problem_at(file, at, (*path, kind), str(error), unset))
        except _NoSecretError as error:
            problems.append(problem_at(file, at, (*path, kind), str(error)))
    return SecretsFound(secrets=secrets, problems=tuple(problems))


def _sources(tree: Node) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield path, `env` or `file`, and its value, of each well-formed source of a secret."""
    for pattern in _SECRETS:
        for path, _position, value in texts(tree, (*pattern, ANY)):
            source = _at(tree, path[:-1])
            kind = str(path[-1])
            if not isinstance(source, Table) or len(source.entries) != 1:
                continue
            # a "name" that is none may be the secret itself, in the wrong place
            well_formed = {"file": FILE_PATH, "env": VARIABLE_NAME}.get(kind)
            if well_formed is not None and re.fullmatch(well_formed, value):
                yield path[:-1], kind, value


def _at(tree: Node, path: KeyPath) -> Node | None:
    node: Node | None = tree
    for step in path:
        node = None if node is None else child(node, step)
    return node


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    text = environment.get(name)
    if text is None:
        raise _UnsetError(
            _("the environment variable {name} is not set; the daemon needs it").format(name=name)
        )
    return text


def open_file(content: FileContent, name: str) -> str | None:
    """Return what is said of a secret file that others may read or change, or None."""
    if content.mode & stat.S_IROTH:
        return _("everybody on this machine may read it; do: chmod 600 {file}").format(file=name)
    if content.mode & (stat.S_IWGRP | stat.S_IWOTH):
        return _("others than its owner may change it; do: chmod 600 {file}").format(file=name)
    return None


def _weak(text: str, source: str, *, is_url: bool) -> str | None:
    """Return what is doubtful about a secret, never showing it, or None."""
    if is_url:
        return open_database() if is_open(text) else None
    if not AMI_SECRET.fullmatch(text):
        return _(
            "asterisk-config cannot write the secret of {source} into manager.conf (1 to 200 "
            "visible characters of ASCII, no blank and no semicolon); make one with: "
            "openssl rand -hex 24"
        ).format(source=source)
    if len(text) < AMI_SECRET_SHORT:
        return _("the secret is short: {count} characters or more are hard to guess").format(
            count=AMI_SECRET_SHORT
        )
    return None


def _from_file(path: Path) -> tuple[str, FileContent]:
    """Return a secret file's text without the line's end, and what is known of the file."""
    try:
        content = read_file(path, bytes_max=SECRET_BYTES_MAX)
        text = content.data.decode()
    except UnreadableFileError as error:
        raise _NoSecretError(_("the file {file} {fault}").format(file=path, fault=error)) from error
    except UnicodeDecodeError:
        # no chain: the decoder's error holds the secret's bytes
        raise _NoSecretError(_("the file {file} is not UTF-8").format(file=path)) from None
    return text.removesuffix("\n").removesuffix("\r"), content


def _checked(text: str, *, is_url: bool) -> Secret:
    if not text:
        raise _NoSecretError(_("the secret is empty"))
    if any(ord(character) < ord(" ") or character == "\x7f" for character in text):
        raise _NoSecretError(_("the secret holds a line's end or another control character"))
    if is_url and (wrong := database_url_fault(text)) is not None:
        raise _NoSecretError(_("the URL {fault}").format(fault=wrong))
    return Secret(text)
