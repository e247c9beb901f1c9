"""What administrators type, and what they are told."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from agents.auth import Authenticator
from agents.errors import WrongCredentialsError
from agents.ports import AgentEntry
from agents.settings import AttemptSettings
from cti.commands import main
from cti.ids import AgentId
from tests.agents.fakes import Directory, ManualTimers
from tests.config.folders import ENVIRONMENT, EXAMPLES, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    result = CliRunner().invoke(
        main, arguments, input=typed, env={**ENVIRONMENT, **environment}, catch_exceptions=False
    )

    assert "Traceback" not in result.output
    return result


def test_a_configuration_in_order_is_said_to_be(folder: Folder) -> None:
    checked = run("check", "--config", str(folder.path))

    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout == f"{folder.path}: in order\n"


def test_the_folder_may_be_named_by_the_environment(folder: Folder) -> None:
    assert run("check", CORDBOARD_CONFIG=str(folder.path)).exit_code == 0


def test_warnings_are_told_and_do_not_fail_the_check(folder: Folder) -> None:
    folder.write("notes.yml", "a: 1\n")
    folder.write("more.yaml", "a: 1\n")
    checked = run("check", "--config", str(folder.path))

    assert checked.exit_code == 0
    assert checked.stdout.splitlines()[-1] == f"{folder.path}: in order, 2 warnings"
    assert [line.partition(": ")[0] for line in checked.stdout.splitlines()[:-1]] == [
        "more.yaml:1:1",
        "notes.yml:1:1",
    ]


def test_the_examples_are_in_order() -> None:
    assert run("check", "--config", str(EXAMPLES)).exit_code == 0


def test_told_to_be_strict_a_check_fails_by_warnings_too(folder: Folder) -> None:
    folder.write("notes.yml", "a: 1\n")
    checked = run("check", "--strict", "--config", str(folder.path))

    assert (checked.exit_code, checked.stdout) == (1, "")
    assert checked.stderr.splitlines() == [
        "notes.yml:1:1: warning: is not read; did you mean flows.yaml?",
        f"{folder.path}: 0 errors, 1 warning",
    ]


def test_a_strict_check_of_what_is_in_order_says_so(folder: Folder) -> None:
    checked = run("check", "--strict", "--config", str(folder.path))

    assert (checked.exit_code, checked.stdout) == (0, f"{folder.path}: in order\n")


def test_for_machines_each_problem_is_an_object_in_a_line_of_its_own(folder: Folder) -> None:
    folder.write("notes.yml", "a: 1\n")
    folder.replace("queues.yaml", "to: support", 'to: "\\e[2J"')
    checked = run("check", "--format", "json", "--config", str(folder.path))
    problems = [json.loads(line) for line in checked.stdout.splitlines()]

    assert (checked.exit_code, checked.stderr) == (1, "")
    assert "\x1b" not in checked.stdout
    assert [(one["file"], one["line"], one["column"], one["severity"]) for one in problems] == [
        ("notes.yml", 1, 1, "warning"),
        ("queues.yaml", 7, 11, "error"),
        ("queues.yaml", 7, 11, "error"),
    ]
    assert problems[1] == {
        "file": "queues.yaml",
        "line": 7,
        "column": 11,
        "path": "queues.sales.overflow.to",
        "severity": "error",
        "message": "must be a name: 1 to 40 of a-z 0-9 _ -, not '\\x1b[2J'",
    }


def test_for_machines_nothing_is_said_where_all_is_in_order(folder: Folder) -> None:
    checked = run("check", "--format", "json", "--config", str(folder.path))

    assert (checked.exit_code, checked.output) == (0, "")


def test_for_machines_a_folder_that_is_not_there_is_a_problem_in_its_first_line(
    tmp_path: Path,
) -> None:
    checked = run("check", "--format", "json", "--config", str(tmp_path / "none"))
    (problem,) = [json.loads(line) for line in checked.stdout.splitlines()]

    assert checked.exit_code == 1
    assert (problem["file"], problem["line"], problem["column"]) == (f"{tmp_path}/none", 1, 1)


def test_all_errors_are_told_at_once_and_fail_the_check(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "limit: 5s", "limit: 5")
    folder.replace("queues.yaml", "to: support", "to: nowhere")
    checked = run("check", "--config", str(folder.path))

    assert checked.exit_code == 1
    assert checked.stdout == ""
    *errors, summary = checked.stderr.splitlines()
    assert [error.partition(":")[0] for error in errors] == ["cordboard.yaml", "queues.yaml"]
    assert summary == f"{folder.path}: 2 errors, 0 warnings"


def test_a_folder_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    checked = run("check", "--config", str(tmp_path / "none:1:1"))

    assert (checked.exit_code, checked.stdout) == (1, "")
    assert checked.stderr == (
        f"{tmp_path}/none:1:1: there is no such folder; name the one that holds cordboard.yaml\n"
    )


def test_a_daemon_with_a_broken_configuration_tells_all_errors_and_begins_nothing(
    folder: Folder,
) -> None:
    folder.replace("cordboard.yaml", "limit: 5s", "limit: 5")
    folder.replace("queues.yaml", "to: support", "to: nowhere")
    refused = run("serve", "--config", str(folder.path))

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert [line.partition(":")[0] for line in refused.stderr.splitlines()] == [
        "cordboard.yaml",
        "queues.yaml",
    ]
    assert not (folder.path / "var").exists()


def test_a_daemon_without_its_secret_says_which(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{env: AMI_SECRET_UNSET}")
    refused = run("serve", "--config", str(folder.path))

    assert refused.exit_code == 1
    (line,) = refused.stderr.splitlines()
    assert "AMI_SECRET_UNSET" in line


@pytest.mark.parametrize("typed", ["correct horse\n", "correct horse", "correct horse\r\n"])
async def test_a_password_from_standard_input_becomes_the_hash_that_lets_its_agent_in(
    typed: str,
) -> None:
    hashed = run("hash-password", "--stdin", typed=typed).stdout.removesuffix("\n")
    entry = AgentEntry(agent=AgentId("ann"), name="Ann", password_hash=hashed, phones={}, queues=())
    authenticator = Authenticator(Directory(entry), AttemptSettings(), timers=ManualTimers())
    try:
        right = SecretStr("correct horse")
        assert await authenticator.sign_in(AgentId("ann"), right, "") is entry
        with pytest.raises(WrongCredentialsError):
            await authenticator.sign_in(AgentId("ann"), SecretStr("wrong horse"), "")
    finally:
        authenticator.close()


def test_a_password_that_is_typed_is_asked_for_twice_and_not_shown() -> None:
    typed = run("hash-password", typed="correct horse\ncorrect horse\n")

    assert typed.exit_code == 0
    assert typed.stdout.startswith("$argon2id$")
    assert typed.stdout.count("\n") == 1
    assert "horse" not in typed.output


def test_without_a_terminal_no_password_is_asked_for_and_the_way_is_named() -> None:
    """In a session of its own: else getpass asks at the terminal that the tests run in."""
    asked = subprocess.run(
        [sys.executable, "-m", "cti", "hash-password"],
        input="correct horse\ncorrect horse\n",
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )

    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == (
        "cordboard: there is no terminal to ask at; --stdin reads the password from standard"
        " input\n"
    )


@pytest.mark.parametrize("typed", ["", "\n", "seven77\n"])
def test_a_password_too_short_is_refused(typed: str) -> None:
    refused = run("hash-password", "--stdin", typed=typed)

    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr == "cordboard: the password needs 8 characters or more\n"


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"cordboard {version('cordboard')}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_command(flag: str) -> None:
    told = run(flag)

    assert told.exit_code == 0
    for command in ("check", "serve", "hash-password"):
        assert command in told.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("check", ["--config", "CORDBOARD_CONFIG", "Exit code 0"]),
        ("serve", ["--config", "CORDBOARD_CONFIG", "SIGTERM", "Exit code 0"]),
        ("hash-password", ["--stdin", "agents.yaml"]),
    ],
)
def test_each_commands_help_says_what_it_takes(command: str, words: list[str]) -> None:
    told = run(command, "--help")

    assert told.exit_code == 0
    for word in words:
        assert word in told.stdout


@pytest.mark.parametrize("arguments", [["fly"], ["check"], ["serve"], ["check", "--fast"]])
def test_what_is_mistyped_is_said_in_a_few_lines(arguments: list[str]) -> None:
    refused = CliRunner().invoke(main, arguments, env={"CORDBOARD_CONFIG": ""})

    assert refused.exit_code == 2
    assert "Error: " in refused.stderr


def test_an_output_without_room_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "cti", "schema", "queues.yaml"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            encoding="utf-8",
        )

    assert (ended.returncode, ended.stderr) == (
        1,
        "cordboard: cannot write any further: No space left on device\n",
    )
