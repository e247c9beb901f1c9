"""`cordboard import`: what is written, what is said, and that it is all or nothing."""

import errno
import os
import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from config.load import FILES, check
from tests.config.asterisk_import.setups import SECRET, loaded, run, write

QUEUES = (
    "[general]\n[Sales Team]\nautopause = all\nstrategy = leastrecent\n"
    "member => PJSIP/a1,0,Ann Archer\n"
    "member => DAHDI/1\n[support]\nautopause = all\nmember => PJSIP/a1\nmember => PJSIP/a2,2,陈晓\n"
)
WRITTEN = {*FILES, "IMPORT.md", "first-passwords.txt", "prompts"}


@pytest.fixture
def queues(tmp_path: Path) -> Path:
    return write(tmp_path / "asterisk", {"queues.conf": QUEUES})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def passwords(out: Path) -> dict[str, str]:
    lines = (out / "first-passwords.txt").read_text().splitlines()[2:]
    return {agent: password for agent, password, _name in (line.split("\t") for line in lines)}


def test_what_is_written_is_right_and_lacks_the_secret_alone(queues: Path, out: Path) -> None:
    result = run(queues, "--out", out)

    assert (result.exit_code, result.stderr) == (0, "")
    assert {path.name for path in out.iterdir()} == WRITTEN
    assert [str(problem) for problem in check(out, SECRET)] == []
    assert [str(problem).partition("warning: ")[2] for problem in check(out, {})] == [
        (
            "pbx.main.ami.secret.env: the environment variable CORDBOARD_AMI_SECRET is not set; "
            "the daemon needs it"
        )
    ]


def test_each_agent_signs_in_with_the_password_of_the_file_that_only_its_owner_reads(
    queues: Path, out: Path
) -> None:
    run(queues, "--out", out)
    configuration = loaded(out)
    made = passwords(out)

    assert (out / "first-passwords.txt").stat().st_mode & 0o777 == 0o600
    assert (out / "agents.yaml").stat().st_mode & 0o777 == 0o640
    assert [
        PasswordHasher().verify(entry.password_hash, made[str(agent)])
        for agent, entry in configuration.agents.items()
    ] == [True, True]
    assert made["a1"] != made["a2"]


@pytest.mark.usefixtures("quick_hashes")
def test_no_password_is_printed_or_in_the_report(queues: Path, out: Path) -> None:
    result = run(queues, "--out", out)
    report = (out / "IMPORT.md").read_text(encoding="utf-8")

    assert [one for one in passwords(out).values() if one in result.output + report] == []


@pytest.mark.usefixtures("quick_hashes")
def test_the_report_is_printed_and_kept_and_says_what_is_still_to_be_given(
    queues: Path, out: Path
) -> None:
    result = run(queues, "--out", out)
    printed = result.stdout.splitlines()
    kept = (out / "IMPORT.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in printed if line.endswith(")") and not line.startswith(" ")]

    assert headings == [
        "taken over (6)",
        "differs (6)",
        "no counterpart yet (2)",
        "not needed (0)",
    ]
    report = printed[: printed.index(f"written  {out}/cordboard.yaml")]
    assert [line for line in report if line and f"    {line}" not in kept] == []
    points = printed[printed.index("Still to be given by you:") + 1 : -1]
    assert [point.partition(":")[0] for point in points] == [
        "  - The secret of the AMI user",
        "  - The country in cordboard.yaml (telephony), by which numbers are read",
        "  - The numbers of 2 services in services.yaml.",
        "  - A greeting",
        "  - The phone of 1 member who could not be taken over (end of agents.yaml).",
        "  - Hand out the passwords in first-passwords.txt, then delete it.",
    ]
    assert [point for point in points if point.removeprefix("  ") not in kept] == []
    assert printed[-1] == f"Then: cordboard check --config {out}"


@pytest.mark.usefixtures("quick_hashes")
def test_what_must_be_filled_in_is_marked_in_the_files(queues: Path, out: Path) -> None:
    run(queues, "--out", out)
    marks = {name: (out / name).read_text(encoding="utf-8").count("# FILL IN: ") for name in FILES}

    assert marks == {
        "cordboard.yaml": 2,
        "services.yaml": 2,
        "flows.yaml": 1,
        "queues.yaml": 0,
        "agents.yaml": 1,
    }


@pytest.mark.usefixtures("quick_hashes")
def test_a_folder_that_holds_something_is_left_alone_unless_forced(queues: Path, out: Path) -> None:
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    refused = run(queues, "--out", out)

    assert refused.exit_code == 1
    assert refused.stderr == (
        f"cordboard: {out} is not empty: name another folder, or say --force to write over the "
        "files of an earlier import\n"
    )
    assert {path.name for path in out.iterdir()} == {"mine.txt"}

    (out / "prompts").mkdir()
    (out / "prompts" / "greeting.wav").write_bytes(b"my own")
    assert run(queues, "--out", out, "--force").exit_code == 0
    assert {path.name for path in out.iterdir()} == {*WRITTEN, "mine.txt"}
    assert (out / "prompts" / "greeting.wav").read_bytes() == b"my own"


@pytest.mark.usefixtures("quick_hashes")
@pytest.mark.parametrize("name", [*FILES, "IMPORT.md", "first-passwords.txt"])
def test_a_file_that_no_import_wrote_is_not_written_over_even_if_forced(
    queues: Path, out: Path, name: str
) -> None:
    assert run(queues, "--out", out).exit_code == 0
    assert run(queues, "--out", out, "--force").exit_code == 0
    (out / name).write_text("# mine\n")
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    refused = run(queues, "--out", out, "--force")

    assert refused.exit_code == 1
    assert refused.stderr == (
        f"cordboard: {out / name} was not written by an import, and is not written over: "
        "move it away, or name another folder\n"
    )
    assert {path: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


@pytest.mark.usefixtures("quick_hashes")
def test_a_link_that_leads_nowhere_is_not_written_over(queues: Path, out: Path) -> None:
    out.mkdir()
    (out / "queues.yaml").symlink_to(out / "nowhere")
    refused = run(queues, "--out", out, "--force")

    assert refused.exit_code == 1
    assert "queues.yaml was not written by an import" in refused.stderr
    assert [path.name for path in out.iterdir()] == ["queues.yaml"]


@pytest.mark.usefixtures("quick_hashes")
def test_a_full_disk_leaves_nothing_behind(
    queues: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    left = 3

    def fsync(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("config.asterisk_import.writing.os.fsync", fsync)
    failed = run(queues, "--out", out)

    assert failed.exit_code == 1
    assert failed.stderr == f"cordboard: {out} cannot be read or written: No space left on device\n"
    assert not out.exists()


def test_a_file_in_the_place_of_the_folder_is_refused(queues: Path, out: Path) -> None:
    out.write_text("a file")

    refused = run(queues, "--out", out)

    assert (refused.exit_code, refused.stderr) == (1, f"cordboard: {out} is no folder\n")


def test_ctrl_c_leaves_nothing_behind(
    queues: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_folder: object, _files: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cti.commands.import_.write_files", interrupted)

    assert run(queues, "--out", out).exit_code == 130
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "queues.conf: there is no queue in it; a queue is a section such as [sales]"),
        (b"[general]\n", "queues.conf: there is no queue in it"),
        (b"[q]\n" + b"a = b\n" * 1_000_000, "queues.conf: more than 150,000 lines"),
        (b"[q]\n" + b"a = b\n" * 140_000, "more than 50,000 things to tell"),
        (b"[q]\n" + b"\0" * 1_000, "queues.conf:2: holds a zero byte"),
        (b"[q]\n#include queues.conf\n", "queues.conf:2: queues.conf includes itself"),
        (b"\x89PNG\r\n\x1a\n" * 1_000, "queues.conf:1: "),
        (b"x" * 7_000_000, "queues.conf: is too long; at most 6,291,456 bytes are allowed"),
        (
            b"".join(b"[q%d]\n" % number for number in range(1_001)),
            "queues.conf:1001: more than 1,000 queues",
        ),
        (
            b"[q]\n" + b"".join(b"member => PJSIP/%d\n" % number for number in range(4_001)),
            "queues.conf:4002: more than 4,000 agents",
        ),
        (
            b"".join(
                b"[q%d]\n" % queue + b"".join(b"member=PJSIP/%d\n" % one for one in range(180))
                for queue in range(100)
            ),
            "",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("quick_hashes")
def test_hostile_files_end_with_one_sentence_and_nothing_written(
    tmp_path: Path, out: Path, patience: float, content: bytes, words: str
) -> None:
    path = write(tmp_path / "asterisk", {"queues.conf": content})
    began = time.process_time()
    result = run(path, "--out", out)
    spent_s = time.process_time() - began

    if words:
        assert result.exit_code == 1
        assert words in result.stderr
        assert result.stderr.count("\n") == 1
        assert not out.exists()
        assert spent_s < patience
    else:
        assert result.exit_code == 0


def test_a_file_that_is_missing_and_a_country_that_is_none_are_said(
    tmp_path: Path, queues: Path, out: Path
) -> None:
    missing = run(tmp_path / "none.conf", "--out", out)
    country = run(queues, "--out", out, "--country", "Germany")

    assert (missing.exit_code, missing.stderr) == (1, "cordboard: none.conf: is missing\n")
    assert country.exit_code == 2
    assert "a country's two capital letters are needed, such as DE, CN or US" in country.stderr
    assert not out.exists()


@pytest.mark.usefixtures("quick_hashes")
def test_files_named_by_option_are_read_wherever_they_lie(
    tmp_path: Path, queues: Path, out: Path
) -> None:
    agents = tmp_path / "agents.txt"
    agents.write_text("[1001]\nfullname = Ann\n")
    rules = tmp_path / "rules.txt"
    rules.write_text("[r]\npenaltychange => 30,+3\n")
    printed = run(queues, "--agents", agents, "--queuerules", rules, "--out", out).stdout

    assert "agents.txt:2: [1001] fullname = Ann" in printed
    assert "rules.txt:2: [r] penaltychange = 30,+3" in printed


MISPLACED = {
    "agents.conf": ["[agents]\nagent => 1001,1234,Ann\n", "[1001]\nfullname = Ann\n"],
    "queuerules.conf": ["[steps]\npenaltychange => 30,+3\n"],
    "extensions.conf": ["[in]\nexten => 1,1,Dial(x)\n"],
    "pjsip.conf": ["[a1]\ntype = endpoint\ncontext = phones\n"],
}


@pytest.mark.parametrize(
    ("looks", "text"), [(looks, text) for looks, texts in MISPLACED.items() for text in texts]
)
def test_another_file_of_asterisks_in_place_of_the_queues_is_refused(
    tmp_path: Path, out: Path, looks: str, text: str
) -> None:
    refused = run(write(tmp_path / "asterisk", {"queues.conf": text}), "--out", out)

    assert refused.exit_code == 1
    assert f"queues.conf was given as queues.conf and looks like {looks}: name" in refused.stderr
    assert not out.exists()


@pytest.mark.parametrize("name", ["agents.conf", "queuerules.conf", "extensions.conf"])
def test_a_file_that_could_be_either_is_what_its_name_says(
    tmp_path: Path, out: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text("[1001]\nwrapuptime = 5\n[1002]\n")
    refused = run(file, "--out", out)

    assert refused.exit_code == 1
    assert f"{name} was given as queues.conf and looks like {name}: name" in refused.stderr
    assert not out.exists()


@pytest.mark.parametrize("option", ["--agents", "--queuerules", "--extensions"])
def test_queues_in_place_of_another_file_are_refused(queues: Path, out: Path, option: str) -> None:
    refused = run(queues, option, queues, "--out", out)

    assert refused.exit_code == 1
    assert "looks like queues.conf: name queues.conf first" in refused.stderr
    assert not out.exists()


@pytest.mark.usefixtures("quick_hashes")
def test_a_number_of_the_dialplan_is_not_guessed_for_a_queue(queues: Path, out: Path) -> None:
    plan = queues.with_name("extensions.conf")
    plan.write_text("[in]\nexten => 8000,1,Dial(PJSIP/a1)\nexten => 8002,1,Dial(PJSIP/a2)\n")

    assert run(queues, "--extensions", plan, "--out", out).exit_code == 0
    assert list(loaded(out).services) == ["8001", "8003"]


@pytest.mark.usefixtures("quick_hashes")
@pytest.mark.parametrize(
    ("patterns", "guessed"),
    [
        (["_8XXX"], ["9000", "9001"]),
        (["_80[0-4]X", "8050"], ["8051", "8052"]),
        (["_8.", "_9!"], ["1000", "1001"]),
        (["_[2-9]ZXX"], ["8000", "8001"]),
        (["_XXXX"], ["8000", "8001"]),
    ],
)
def test_a_number_that_a_pattern_takes_is_guessed_only_where_no_other_is_left(
    queues: Path, out: Path, patterns: list[str], guessed: list[str]
) -> None:
    plan = queues.with_name("extensions.conf")
    lines = [f"exten => {pattern},1,Dial(PJSIP/a1)" for pattern in patterns]
    plan.write_text("\n".join(["[phones]", *lines, ""]))
    done = run(queues, "--extensions", plan, "--out", out)

    assert done.exit_code == 0
    assert list(loaded(out).services) == guessed
    told = "the dialplan's pattern _XXXX in [phones] takes this number too"
    assert (told in done.output) == ("_XXXX" in patterns)


@pytest.mark.usefixtures("quick_hashes")
def test_patterns_without_number_are_gone_through_in_time(queues: Path, out: Path) -> None:
    plan = queues.with_name("extensions.conf")
    lines = [
        f"[c{at}]\nexten => _{'X' * (at % 40 + 1)}{'Z' * (at % 37)},1,Dial(x)"
        for at in range(2_000)
    ]
    plan.write_text("\n".join([*lines, "[all]", "exten => _X.,1,Dial(x)", ""]))
    began = time.monotonic()
    done = run(queues, "--extensions", plan, "--out", out)

    assert done.exit_code == 0
    assert time.monotonic() - began < 5
