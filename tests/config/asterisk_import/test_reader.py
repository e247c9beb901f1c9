"""Files are read as Asterisk reads them, and no file keeps us for long."""

from pathlib import Path

import pytest

from config.asterisk_import import reader
from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.reader import AsteriskFile, Budget, read_asterisk_file


def read(folder: Path, **files: str | bytes) -> AsteriskFile:
    """Read `main.conf`; the other files lie beside it."""
    for name, content in files.items():
        path = folder / f"{name}.conf"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_asterisk_file(folder / "main.conf", Budget())


def told(file: AsteriskFile) -> dict[str, list[str]]:
    """Return what the sections say, in the order of the file."""
    return {
        section.name: [f"{option.name}={option.value}" for option in section.options]
        for section in file.sections
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a = b ; rest", ["a=b"]),
        ("a=b;rest", ["a=b"]),
        (r"a = b\;c ; rest", ["a=b;c"]),
        (r"a = \;\;", ["a=;;"]),
        ("a = b ;-- rest", ["a=b"]),
        ("a = b ;-- not this --; c", ["a=b  c"]),
        (";-- not this --; a = c", ["a=c"]),
        (";--- only a line ---;\na = c", ["a=c"]),
        (";-- one\n;-- two --; still\n--; a = c", ["a=c"]),
        ("; a --; b\na = c", ["a=c"]),
        ("a = b --; c\nd = e", ["a=b --; c"]),
        ("a => b", ["a=b"]),
        ("a => > b", ["a=> b"]),
        ("  a  =  b  \r", ["a=b"]),
        ("a =", ["a="]),
        ("a = b\na += c", ["a=b c"]),
        ("a += c", ["a=c"]),
        (r"\[a] = b", ["[a]=b"]),
        ("a = b = c", ["a=b = c"]),
        ("member => PJSIP/1,0,\u00a0Ann", ["member=PJSIP/1,0,\u00a0Ann"]),
    ],
)
def test_a_line_means_what_it_means_to_asterisk(tmp_path: Path, line: str, said: list[str]) -> None:
    assert {"s": said} == told(read(tmp_path, main=f"[s]\n{line}\n"))


def test_templates_are_copied_where_they_are_named_and_keep_their_places(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        main=(
            "[base](!)\na = 1\n[more](!,base)\nb = 2\n[s](more)\nc = 3\n"
            "[base](+TEMPLATES=include)\nd = 4\n"
        ),
    )

    section = file.sections[2]
    assert told(file) == {
        "base": ["a=1", "d=4"],
        "more": ["a=1", "b=2"],
        "s": ["a=1", "b=2", "c=3"],
    }
    assert [str(option.place) for option in section.options] == [
        "main.conf:2",
        "main.conf:4",
        "main.conf:6",
    ]
    assert [one.template for one in file.sections] == [True, True, False]


def test_a_section_that_adds_goes_into_the_first_one_of_its_name(tmp_path: Path) -> None:
    file = read(tmp_path, main="[s]\na = 1\n[t]\nb = 2\n[S](+)\nc = 3\n[s]\nd = 4\n")

    assert [(one.name, len(one.options)) for one in file.sections] == [("s", 2), ("t", 1), ("s", 1)]


def test_an_included_file_goes_on_in_the_section_opened_last(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        main="[general]\n#include one.conf\n#include two.conf\nz = 1\n",
        one="a = 1\n[500]\nb = 2\n",
        two="c = 3\n",
    )

    assert told(file) == {"general": ["a=1", "z=1"], "500": ["b=2", "c=3"]}
    assert str(file.sections[1].options[1].place) == "two.conf:1"


@pytest.mark.parametrize(
    "include",
    ['#include "one.conf"', "#include <one.conf>", "#tryinclude o*.conf", "#INCLUDE one.conf"],
)
def test_an_include_may_be_written_in_many_ways(tmp_path: Path, include: str) -> None:
    assert told(read(tmp_path, main=f"[s]\n{include} ; why\n", one="a = 1\n")) == {"s": ["a=1"]}


def test_an_absolute_include_within_the_folder_is_followed(tmp_path: Path) -> None:
    file = read(tmp_path, main=f"[s]\n#include {tmp_path}/one.conf\n", one="a = 1\n")

    assert told(file) == {"s": ["a=1"]}


def test_what_is_not_read_is_noted_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.conf").write_text("[t]\n")
    (tmp_path / "inside" / "link.conf").symlink_to("../outside.conf")
    file = read(
        tmp_path / "inside",
        main=(
            "[s]\n#include ../outside.conf\n#include /etc/passwd\n#include link.conf\n"
            "#exec /bin/rm -rf /\n#include missing.conf\n#tryinclude missing.conf\n"
            "#uninclude x\nnonsense\n= 1\n"
        ),
    )

    folder = tmp_path / "inside"
    assert [(str(note.place), note.what, note.message) for note in file.notes] == [
        ("main.conf:2", "#include ../outside.conf", f"leads out of {folder} and was not followed"),
        ("main.conf:3", "#include /etc/passwd", f"leads out of {folder} and was not followed"),
        ("main.conf:4", "#include link.conf", f"leads out of {folder} and was not followed"),
        ("main.conf:5", "#exec /bin/rm -rf /", "is never run: put what it prints into a file"),
        ("main.conf:6", "#include missing.conf", "is not there; its content is not taken over"),
        ("main.conf:7", "#tryinclude missing.conf", "is not there"),
        ("main.conf:8", "#uninclude x", "is no directive of Asterisk"),
        ("main.conf:9", "nonsense", "has no = and means nothing to Asterisk"),
        ("main.conf:10", "= 1", "has no name before its ="),
    ]
    assert told(file) == {"s": []}


def test_a_block_comment_that_stays_open_and_a_line_too_long_are_noted(tmp_path: Path) -> None:
    file = read(tmp_path, main=f"[s]\na = {'x' * 8_300}\nb = {'x' * 8_000}\n;-- open\nc = 1\n")

    assert [(str(note.place), note.message) for note in file.notes] == [
        ("main.conf:2", "is longer than 8191 bytes; Asterisk skips it too"),
        ("main.conf:6", "a block comment is not closed"),
    ]
    assert [option.name for option in file.sections[0].options] == ["b"]


def test_a_mark_of_the_byte_order_and_line_ends_of_windows_do_not_show(tmp_path: Path) -> None:
    assert told(read(tmp_path, main=b"\xef\xbb\xbf[s]\r\na = 1\r\n")) == {"s": ["a=1"]}


def test_latin_1_is_read_and_noted(tmp_path: Path) -> None:
    file = read(tmp_path, main=b"[s]\nname = J\xfcrgen\n")

    assert told(file) == {"s": ["name=Jürgen"]}
    assert [(str(note.place), note.message) for note in file.notes] == [
        ("main.conf:2", "is not UTF-8; it was read as Latin-1")
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("a = 1\n", "main.conf:1: a = 1 stands before the first section; Asterisk refuses"),
        ("[s\n", "main.conf:1: [s has no closing ]; Asterisk refuses"),
        ("\n[s](!\n", "main.conf:2: [s](! has no closing ); Asterisk refuses"),
        ("[s](+)\n", "main.conf:1: s adds to a section that is not there; Asterisk refuses"),
        ("[s](t)\n", "main.conf:1: t begins with a section that is not there; Asterisk refuses"),
        ("[s](!)\n[s](+)\n", "main.conf:2: s adds to a section that is not there"),
        (b"[s]\na = \0\n", "main.conf:2: holds a zero byte"),
        ("[s]\n#include main.conf\n", "main.conf:2: main.conf includes itself"),
        ("[s]\n#include one.conf\n", "one.conf:2: main.conf includes itself"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "main.conf:1: holds a zero byte"),
        ("[s]\n" + ";--" * 129 + "\n", "main.conf:2: more than 128 block comments"),
        ("[s]\na = x\n" + f"a += {'x' * 8_000}\n" * 5, "a has grown beyond 32,768 characters"),
    ],
)
def test_what_asterisk_refuses_and_what_is_hostile_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, why: str
) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        read(tmp_path, main=content, one="[t]\n#include main.conf\n")

    assert why in str(refused.value)


def test_a_folder_instead_of_a_file_and_no_file_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "main.conf").mkdir()
    with pytest.raises(ImportRefusedError, match=r"main\.conf: is a folder; a file is needed"):
        read_asterisk_file(tmp_path / "main.conf", Budget())
    with pytest.raises(ImportRefusedError, match=r"none\.conf: is missing"):
        read_asterisk_file(tmp_path / "none.conf", Budget())


def test_too_many_lines_options_and_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LINES_MAX", 100)
    monkeypatch.setattr(reader, "OPTIONS_MAX", 50)
    monkeypatch.setattr(reader, "FILES_MAX", 5)
    with pytest.raises(ImportRefusedError, match=r"one\.conf: more than 100 lines or"):
        read(tmp_path, main="[s]\n#include one.conf\n", one="\n" * 99)
    with pytest.raises(ImportRefusedError, match="more than 50 options"):
        read(tmp_path, main="[t](!)\n" + "a = 1\n" * 20 + "[s](t,t)\n")
    with pytest.raises(ImportRefusedError, match="more than 5 files"):
        read(tmp_path, main="[s]\n" + "#include one.conf\n" * 5, one="a = 1\n")
