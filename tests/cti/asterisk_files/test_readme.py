"""The commands of the README do what it says, as they are typed."""

import re
import subprocess
from pathlib import Path

import pytest

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import HIS_FILES, README, include_line
from tests.cti.asterisk_files.plans import PLAN, plan


def commands(text: str, etc: Path) -> str:
    """Return what is typed into a shell, for an administrator whose files are in `etc`."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = "".join(blocks).splitlines()
    typed = [line for line in lines if not line.startswith(("asterisk -rx", "chown"))]
    return "\n".join(typed).replace("/etc/asterisk/$1", f"{etc}/$1")


@pytest.mark.parametrize("his", ["", "[general]", "[general]\n;", "[general]\n\n"])
def test_each_of_his_files_names_ours_once_however_often_it_is_typed(
    tmp_path: Path, his: str
) -> None:
    for name in set(HIS_FILES.values()):
        (tmp_path / name).write_text(his)
    script = commands(asterisk_files(PLAN)[README], tmp_path)
    for _ in range(2):
        subprocess.run(["/bin/sh", "-eu", "-c", script], check=True)

    for name, file in HIS_FILES.items():
        text = (tmp_path / file).read_text()
        assert text.startswith(his)
        assert text.splitlines().count(include_line(name, PLAN.folder)) == 1


def test_a_folder_with_blanks_is_one_word_to_the_shell(tmp_path: Path) -> None:
    script = commands(asterisk_files(plan(folder="/an odd/folder, @x"))[README], tmp_path)
    subprocess.run(["/bin/sh", "-eu", "-c", script], check=True)

    line = '#tryinclude "/an odd/folder, @x/cordboard-manager.conf"'
    assert line in (tmp_path / "manager.conf").read_text().splitlines()
