"""
Every file of the configuration, spoiled in every way: refused at once, at its place, unexecuted.

The real command is run once for each way, with all five files spoiled; that each file by itself
is refused is shown in one process.
"""

import os
import re
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from config.errors import Severity
from config.load import FILES
from tests.config.folders import ENVIRONMENT, Folder
from tests.config.hostile import CASES, ESCAPE, SIZE_MAX, Case

SECONDS_MAX = 2.0
MEMORY_KIB_MAX = 1024 * 1024
"""Address space; a reader that takes a file in whole, or unfolds it, does not fit."""
LINE_LENGTH_MAX = 1_000
GROWN_MAX = 256 * SIZE_MAX
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the command answered, and the seconds of CPU that it took in all."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def cordboard_check(folder: Folder, place: Path) -> Done:
    """Run the command in a working folder of its own, with little memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "cti", "check", "--config", str(folder.path)]
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -v {MEMORY_KIB_MAX}; exec "$@"', "sh", *command],
        capture_output=True,
        check=False,
        cwd=place,
        encoding="utf-8",
        env={**ENVIRONMENT, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Done(
        code=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def place_of(case: Case, file: str) -> str:
    """Return how a complaint of this case begins: file, line and column, where known."""
    line = f"{case.line}:" if case.line else r"[0-9]+:"
    column = f"{case.column}: " if case.column else r"[0-9]+: "
    return re.escape(f"{file}:") + line + column


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return an empty working folder."""
    place = tmp_path / "place"
    place.mkdir()
    return place


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_refuses_every_spoiled_file_in_two_seconds_and_executes_nothing(
    folder: Folder, place: Path, case: Case
) -> None:
    for file in FILES:
        case.spoil(folder.path / file)
    done = cordboard_check(folder, place)
    lines = done.stderr.splitlines()

    assert (done.code, done.stdout) == (1, "")
    assert done.seconds < SECONDS_MAX * (len(FILES) if case.is_heavy else 1)
    assert "Traceback" not in done.stderr
    for file in FILES:
        assert [line for line in lines if re.match(place_of(case, file), line)] != []
        assert [line for line in lines if line.startswith(file) and case.says in line] != []
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if len(line) > LINE_LENGTH_MAX] == []
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.is_heavy], ids=lambda case: case.name
)
def test_the_heaviest_file_is_refused_in_two_seconds(
    folder: Folder, place: Path, case: Case, file: str
) -> None:
    case.spoil(folder.path / file)
    done = cordboard_check(folder, place)

    assert (done.code, done.stdout) == (1, "")
    assert done.seconds < SECONDS_MAX


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_spoiled_file_is_enough_and_is_told_at_its_place(
    folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch, file: str, case: Case
) -> None:
    monkeypatch.chdir(place)
    case.spoil(folder.path / file)
    told = [str(problem) for problem in folder.problems() if problem.severity is Severity.ERROR]

    assert [
        line for line in told if re.match(place_of(case, file), line) and case.says in line
    ] != []
    assert list(place.iterdir()) == []


def test_a_file_that_grows_while_it_is_read_is_too_long(folder: Folder, place: Path) -> None:
    path = folder.path / "agents.yaml"
    path.write_bytes(b"#" * (SIZE_MAX + 1))
    done = Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.is_set() and file.tell() < GROWN_MAX:
                file.write(b"#" * 65_536)

    with ThreadPoolExecutor(1) as growing:
        growing.submit(grow)
        try:
            checked = cordboard_check(folder, place)
        finally:
            done.set()

    assert checked.code == 1
    assert checked.stderr.splitlines()[0] == (
        "agents.yaml:1:1: is too long; at most 1,048,576 bytes are allowed"
    )


def test_a_strangers_file_name_does_not_reach_the_terminal_as_it_is(
    folder: Folder, place: Path
) -> None:
    folder.write(f"a{ESCAPE}.yaml".replace("/", ""), "a: 1\n")
    (folder.path / os.fsdecode(b"not-utf8-\xff.yaml")).write_text("a: 1\n")
    checked = cordboard_check(folder, place)

    assert (checked.code, checked.stderr) == (0, "")
    assert [line for line in checked.stdout.splitlines() if not line.isprintable()] == []
    assert r"a\x1b]0;owned\x07\x1b[2J.yaml:1:1: warning: is not read" in checked.stdout


VALUE = re.compile(r"(?<=: )(?![{\[])[^\s{}\[\],][^{}\[\],\n]*(?=[,}\n])")


@pytest.mark.parametrize(
    "value",
    [r'"\e[2J\0x"', r'"\u202e\u0085x"', "[[], [{}]]", "{a: {b: c}}", "9" * 18, "''", "!x y"],
)
def test_no_value_anywhere_does_harm(folder: Folder, place: Path, value: str) -> None:
    """Put it in the place of every value of every file."""
    for file in FILES:
        text = (folder.path / file).read_text(encoding="utf-8")
        folder.write(file, VALUE.sub(lambda _found: value, text))
    done = cordboard_check(folder, place)
    lines = done.stderr.splitlines()

    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert {line.partition(":")[0] for line in lines[:-1]} == set(FILES)
    assert [line for line in lines if not line.isprintable()] == []
    assert list(place.iterdir()) == []
