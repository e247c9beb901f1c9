"""
Mutants of the core, planted one at a time into a copy of the tree, where its tests must find them.

A mutant is a piece of source and what stands in its place; spaces and line breaks count as one, so
that it outlives a formatter. A piece that is not there exactly once is an error: the mutant is to
be written anew for the source as it is.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
LEFT_OUT: Final = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "docs", "lab", "scenarios", "bench"
)
FIRST: Final = ("tests/acd",)
"""Scripts in virtual time: they find nearly all, and quickly."""
SLOW: Final = (
    "tests/acd/test_any_fact_in_any_state.py",
    "tests/acd/test_explaining_any_floor.py",
    "tests/acd/test_healing.py",
    "tests/acd/test_mending.py",
)
THEN: Final = (*SLOW, "tests/simulation/test_chance.py", "tests/simulation/test_erlang.py")
"""What finds the rest by chance, or by theory."""
TEST_MAX_S: Final = 60
"""How long a test may take on a mutant that makes it run for ever."""
RUN_MAX_S: Final = 900
PYTEST_FAILED: Final = 1
PYTEST_BROKEN: Final = 3
"""What pytest ends with where a test of hypothesis had to be ended as it did not end by itself."""
FOUND_BY: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class MutantError(Exception):
    """A mutant cannot be planted, or the tests cannot be run; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One mistake that somebody could make: `there` in `file` becomes `instead`."""

    name: str
    file: str
    there: str
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which test found a mutant, None where none did; and how long that took."""

    mutant: Mutant
    found_by: str | None
    seconds: float


def mutated(mutant: Mutant, source: str) -> str:
    """
    Return the source with the mutant in it.

    Raises:
        MutantError: the piece is not there, or more than once.
    """
    words = (re.escape(word) for word in mutant.there.split())
    found = list(re.finditer(r"\s+".join(words), source))
    if len(found) != 1:
        raise MutantError(
            f"“{mutant.name}”: the piece stands {len(found)} times in {mutant.file}, and must stand"
            f" there once; write the mutant anew for the source as it is: {mutant.there.strip()}"
        )
    start, end = found[0].span()
    return source[:start] + mutant.instead.strip() + source[end:]


def source_of(mutant: Mutant, root: Path = ROOT) -> str:
    """
    Return the source that a mutant is planted into.

    Raises:
        MutantError: there is no such file.
    """
    path = root / mutant.file
    if not path.is_file():
        raise MutantError(f"“{mutant.name}”: there is no {mutant.file}")
    return path.read_text(encoding="utf-8")


class Field:
    """A copy of the tree in which mutants are tried one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: subprocess.Popen[str] | None = None
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)

    def try_out(self, mutant: Mutant) -> Verdict:
        """
        Plant a mutant, run the tests until one fails, and take it out again.

        Raises:
            MutantError: it cannot be planted, or the tests do not run with it.
        """
        began = monotonic()
        source = source_of(mutant, self.folder)
        path = self.folder / mutant.file
        path.write_text(mutated(mutant, source), encoding="utf-8")
        try:
            found_by = self.first_failure(FIRST, without=SLOW) or self.first_failure(THEN)
        finally:
            path.write_text(source, encoding="utf-8")
        return Verdict(mutant=mutant, found_by=found_by, seconds=monotonic() - began)

    def first_failure(self, tests: tuple[str, ...], without: tuple[str, ...] = ()) -> str | None:
        """
        Return the first of the tests that fails, or None.

        Raises:
            MutantError: they do not run at all.
        """
        arguments = ["-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", "--no-header"]
        arguments += ["--tb=no", f"--timeout={TEST_MAX_S}", *tests]
        arguments += [f"--ignore={path}" for path in without]
        self._running = subprocess.Popen(
            [sys.executable, "-B", "-m", "pytest", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said, _ = self._running.communicate(timeout=RUN_MAX_S)
        except subprocess.TimeoutExpired:
            self.stop()
            return f"all of them: they did not end within {RUN_MAX_S} s"
        if self._running.returncode == 0:
            return None
        if self._running.returncode == PYTEST_BROKEN:
            return "a test by chance, which did not end"
        found = FOUND_BY.search(said)
        if self._running.returncode != PYTEST_FAILED or found is None:
            raise MutantError(f"the tests did not run:\n{said[-2000:]}")
        return found[1]

    def stop(self) -> None:
        """End the tests that run, if any do."""
        if self._running is not None and self._running.poll() is None:
            self._running.kill()
            self._running.wait()
