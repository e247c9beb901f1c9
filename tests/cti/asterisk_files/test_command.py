"""`cordboard asterisk-config`, as it is typed."""

import os
import pwd
import re
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.asterisk_files.joining import phone_passwords
from cti.asterisk_files.notes import PHONES, RELOADS
from cti.commands import main

EXAMPLES = Path(__file__).parents[3] / "config" / "examples"
SECRET = "a-secret-that-is-never-shown"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the examples, to be changed."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "config"))


def run(folder: Path, out: Path, *more: str, secret: str | None = SECRET) -> Result:
    arguments = ["asterisk-config", "--config", str(folder), "--out", str(out), *more]
    return CliRunner().invoke(main, arguments, env={"CORDBOARD_AMI_SECRET": secret})


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "cordboard.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_it_writes_all_files_and_says_what_asterisk_must_read_again(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ended = run(folder, out)

    assert ended.exit_code == 0
    assert f"written    {out}/cordboard-extensions.conf" in ended.output
    assert f"written    {out}/cordboard-music/cordboard.wav" in ended.output
    for reload in RELOADS.values():
        assert f"  asterisk -rx '{reload}'" in ended.output
    assert f"  chown -R asterisk:asterisk {out}" in ended.output
    assert SECRET not in ended.output
    assert stat.S_IMODE((out / "cordboard-manager.conf").stat().st_mode) == 0o600


def test_run_again_it_keeps_passwords_and_has_nothing_to_say(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(folder, out)
    before = phone_passwords((out / PHONES).read_text())
    again = run(folder, out)

    assert again.exit_code == 0
    assert "written" not in again.output
    assert "Asterisk has nothing to read again." in again.output
    assert phone_passwords((out / PHONES).read_text()) == before


def test_after_a_change_it_names_what_changed_and_nothing_else(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(folder, out)
    change(folder, "trunks: {}", "trunks: {carrier: {addresses: [203.0.113.7]}}")
    ended = run(folder, out)

    assert [line for line in ended.output.splitlines() if line.startswith("written")] == [
        f"written    {out}/cordboard-trunks.conf"
    ]
    assert "module reload res_pjsip.so" in ended.output
    assert "manager reload" not in ended.output


def test_a_folder_of_another_machine_is_named_as_it_is_there(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = run(folder, out, "--on-pbx", "/etc/asterisk/cordboard")

    assert ended.exit_code == 0
    assert (
        "/etc/asterisk/cordboard/cordboard-music"
        in (out / "cordboard-musiconhold.conf").read_text()
    )
    assert str(out) not in "".join(path.read_text() for path in out.glob("*.conf"))


def test_on_another_machine_the_files_owner_is_asked_for_whoever_has_them_here(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = pwd.getpwuid(os.geteuid())
    monkeypatch.setattr(pwd, "getpwnam", lambda _name: account)
    on_pbx = ("--on-pbx", "/etc/asterisk/cord board")
    first, again = (run(folder, tmp_path / "out", *on_pbx) for _ in range(2))

    assert "  chown -R asterisk:asterisk '/etc/asterisk/cord board'\n" in first.output
    assert "chown" not in again.output


def test_a_secret_that_is_not_set_is_named_and_nothing_is_written(
    folder: Path, tmp_path: Path
) -> None:
    ended = run(folder, tmp_path / "out", secret=None)

    assert ended.exit_code == 1
    assert "the environment variable CORDBOARD_AMI_SECRET is not set" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("secret", ["a;b", "a b", "ключ", "x" * 201])
def test_a_secret_that_asterisk_cannot_read_is_refused_and_not_shown(
    folder: Path, tmp_path: Path, secret: str
) -> None:
    ended = run(folder, tmp_path / "out", secret=secret)

    assert ended.exit_code == 1
    assert re.fullmatch(
        r"cordboard\.yaml:[0-9]+:[0-9]+: pbx\.main\.ami\.secret\.env: asterisk-config cannot write "
        r"the secret of CORDBOARD_AMI_SECRET into manager\.conf .*: openssl rand -hex 24\n",
        ended.stderr,
    )
    assert secret not in ended.stderr
    assert not (tmp_path / "out").exists()


def test_an_agi_port_that_nobody_knows_is_refused_with_what_to_write(
    folder: Path, tmp_path: Path
) -> None:
    change(folder, "port: 4573 ", "port: 0 ")
    ended = run(folder, tmp_path / "out")

    assert ended.exit_code == 1
    assert "as `address` under `agi` in cordboard.yaml" in ended.stderr


def test_a_folder_that_cannot_be_written_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run(folder, tmp_path / "file" / "out")

    assert ended.exit_code == 1
    assert ended.stderr.count("\n") == 1
    assert "cannot be read or written" in ended.stderr


def test_another_file_of_that_name_is_left_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    ended = run(folder, tmp_path)

    assert ended.exit_code == 1
    assert f"{tmp_path}/README.md is not one of Cordboard's files" in ended.stderr
    assert (tmp_path / "README.md").read_text() == "mine"


def test_ctrl_c_ends_it_with_the_shells_code_for_that(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cti.asterisk_files.writing.os.fsync", interrupted)
    ended = run(folder, tmp_path / "out")

    assert ended.exit_code == 130
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_to_be_typed_may_be_typed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a b"
    ended = run(folder, out)

    assert ended.exit_code == 0
    assert f"  chown -R asterisk:asterisk '{out}'\n" in ended.output


def test_a_link_that_leads_nowhere_is_named_with_what_it_lacks(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.symlink_to(tmp_path / "nowhere")
    ended = run(folder, out)

    assert ended.exit_code == 1
    assert ended.stderr == (
        f"cordboard: {out} is a link to {tmp_path}/nowhere, which is not there: "
        "make that folder first\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["asterisk-config", "--config", "x", "--out", ""],
        ["asterisk-config", "--config", "x", "--out", "y", "--on-pbx", ""],
        ["import", "queues.conf", "--out", ""],
        ["import", "", "--out", "y"],
        ["backup", "--config", "x", "--out", ""],
        ["restore", "--config", "x", "--from", ""],
        ["schema", "--out", ""],
        ["monitoring", "--out", ""],
        ["check", "--config", ""],
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(main, arguments)

    assert ended.exit_code == 2
    assert "the path is empty; is a variable of the shell not set?" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_phones_password_that_cannot_stand_there_is_named_by_its_file(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(folder, out)
    name, password = next(iter(phone_passwords((out / PHONES).read_text()).items()))
    (out / PHONES).write_text((out / PHONES).read_text().replace(password, "abc;def"))
    ended = run(folder, out)

    assert ended.exit_code == 1
    assert f"{out / PHONES}: the password of phone {name} must be" in ended.stderr
    assert "abc;def" not in ended.stderr


def test_files_that_belong_to_asterisk_already_need_no_other_owner(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = pwd.getpwuid(os.geteuid())
    monkeypatch.setattr(pwd, "getpwnam", lambda _name: account)
    ended = run(folder, tmp_path / "out")

    assert ended.exit_code == 0
    assert "chown" not in ended.output
