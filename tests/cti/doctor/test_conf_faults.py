"""By what Asterisk drops a file; `test_doctor_reads_dialplan.py` shows that it does."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti.doctor.conf_faults import conf_faults

CASES = {
    "nothing": ("", None),
    "a section without its bracket": ("[general]\n[office\n", 2),
    "a section without its bracket, and other line ends": ("[general]\r\n[office\r\n", 2),
    "a template's list without its bracket": ("[general]\n[office](day\n", 2),
    "an empty section": ("[]\n", None),
    "a template": ("[day](!)\n[office](day)\n", None),
    "a template that is a section": ("[day]\n[office](day)\n", None),
    "a template that is not there": ("[day](!)\n[office](day,night)\n", 2),
    "an addition": ("[office]\n[office](+)\n", None),
    "an addition to nothing": ("[office](+)\n", 1),
    "a line before any section": ("exten => 1,1,NoOp()\n", 1),
    "a line that says nothing": ("[general]\nexten 1,1,NoOp()\n", None),
    "an unknown directive": ("#hello\n", None),
    "a file that is not there": ('[general]\n#include "gone.conf"\n', 2),
    "a file that need not be there": ('#tryinclude "gone.conf"\n', None),
    "files that are not there": ('#include "gone/*.conf"\n', 1),
    "a folder": ('#include "folder"\n', 1),
    "files that are there": ('#include "g*d.conf"\n', None),
    "an included section ends with its file": ('#include "good.conf"\na = 1\n', 2),
    "an included template": ('#include "good.conf"\n[office](good)\n', None),
    "a comment of several lines": ("[general]\n;-- a\n[b\n--;\n", None),
    "a comment of several lines without its end": ("[general]\n;-- a\n[b]\n", 2),
    "a comment within a line": ("[general]\n;-- a --; [office]\n", None),
    "two comments": ("[general]\n;-- a --; ;-- b\nwords\n--;\n", None),
    "a comment behind a comment": ("[general]\n; a ;-- b\n", None),
    "a ruler": ("[general]\n;---- a\n[b]\n", None),
    "a comment behind a value": ("[general]\na = b;-- c\n[d]\n", 2),
    "a semicolon in a value": ("[office]\nexten => 1,1,NoOp(a\\;-- b)\n[night]\n", None),
    "a mark at the beginning": ("\ufeff[general]\n", None),
}
"""What stands at the beginning of a file, and the line at which Asterisk drops it."""


def beside(folder: Path) -> None:
    """Write the files that the cases include."""
    (folder / "good.conf").write_text("[good]\n")
    (folder / "folder").mkdir()


@pytest.mark.parametrize("name", CASES)
def test_the_line_by_which_asterisk_drops_a_file_is_found(tmp_path: Path, name: str) -> None:
    text, line = CASES[name]
    beside(tmp_path)
    file = tmp_path / "extensions.conf"
    file.write_text(f"{text}\n[general]\n")

    assert [fault.line for fault in conf_faults(file)] == [line] * (line is not None)


def test_a_fault_in_an_included_file_costs_that_file_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.conf").write_text("[office\n")
    file = tmp_path / "extensions.conf"
    file.write_text('[general]\n#include "bad.conf"\n')
    (fault,) = conf_faults(file)

    assert (fault.place, fault.whole) == (f"{tmp_path}/bad.conf:1", False)


def test_files_that_include_one_another_come_to_an_end(tmp_path: Path) -> None:
    file = tmp_path / "extensions.conf"
    file.write_text("[general]\n" + '#include "extensions.conf"\n' * 50)

    assert conf_faults(file) == []


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (fault,) = conf_faults(tmp_path / "extensions.conf")

    assert (fault.line, fault.whole) == (0, True)


@pytest.mark.parametrize("named", ["own/more.conf", "own/*.conf"])
@pytest.mark.parametrize("fault", [PermissionError, OSError])
def test_what_we_may_not_look_at_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, fault: type[OSError]
) -> None:
    file = tmp_path / "extensions.conf"
    file.write_text(f'[general]\n#include "{named}"\n')
    (tmp_path / "own").mkdir()
    there, listed = Path.stat, os.scandir

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.parent.name == "own":
            raise fault
        return there(path, **options)

    def scandir(path: Path | str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "own":
            raise fault
        return listed(path)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "scandir", scandir)

    assert conf_faults(file) == []
