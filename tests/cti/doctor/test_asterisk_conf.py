"""Asterisk's files as they are found: includes, templates, block comments, and hostile ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.doctor.asterisk_conf import FILE_BYTES_MAX, FILES_MAX, read_conf


def read(folder: Path, text: str) -> dict[str, list[tuple[str, str]]]:
    file = folder / "x.conf"
    file.write_text(text)
    conf = read_conf(file)
    assert conf is not None
    return conf.sections


def test_what_pyst2_trips_over_is_read_as_asterisk_reads_it(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text("inside = yes\n[other]\nx=1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.conf").write_text("[last]\ny => 2\n")
    text = (
        "\ufeff[general](+)\n;-- a\nblock = 1 --;\na = b\\;c ; remark\n"
        "[base](!)\nread = all\n[user](base)\nwrite=call\nwrite += ,more\nno pair\n[\n"
        '#include "more.conf"\n#tryinclude <gone.conf>\n#include sub/*.conf\n#exec /bin/false\n'
    )

    assert read(tmp_path, text) == {
        "general": [("a", "b;c")],
        "base": [("read", "all")],
        "user": [("read", "all"), ("write", "call"), ("write+", ",more"), ("inside", "yes")],
        "other": [("x", "1")],
        "last": [("y", "2")],
    }


def test_the_last_value_counts_with_what_is_added_to_it(tmp_path: Path) -> None:
    file = tmp_path / "x.conf"
    file.write_text("[u]\nread=a\nread=b\nread+=,c\n")
    conf = read_conf(file)

    assert conf is not None
    assert conf.last("u", "read") == "b,c"
    assert conf.last("u", "none", "-") == "-"
    assert conf.values("u", "read") == ["a", "b"]


def test_a_file_that_is_not_there_is_none_and_one_that_is_named_in_vain_is_noted(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.conf").write_text('#tryinclude "/nowhere/y.conf"\n')
    conf = read_conf(tmp_path / "x.conf")

    assert read_conf(tmp_path / "none.conf") is None
    assert conf is not None
    assert conf.missing == [Path("/nowhere/y.conf")]


def test_a_circle_of_includes_ends(tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text('#include "x.conf"\n#include "x.conf"\n')
    conf = read_conf(tmp_path / "x.conf")

    assert conf is not None
    assert len(conf.files) <= FILES_MAX


def test_a_second_general_is_left_out_as_asterisk_leaves_it_out(tmp_path: Path) -> None:
    file = tmp_path / "x.conf"
    file.write_text("[general]\na=1\n[general]\na=2\n[general](+)\na+=,3\n")
    conf = read_conf(file)

    assert conf is not None
    assert conf.last("general", "a") == "1,3"
    assert conf.lines("general", "a") == [((file, 2), "a", "1"), ((file, 6), "a+", ",3")]


def test_a_file_that_is_there_and_cannot_be_read_is_hidden(tmp_path: Path) -> None:
    file, large = tmp_path / "x.conf", tmp_path / "large.conf"
    file.write_text("#include gone.conf\n#include large.conf\n")
    with large.open("wb") as whole:
        whole.truncate(FILE_BYTES_MAX + 1)
    conf = read_conf(file)
    assert conf is not None
    hidden = conf.hidden
    large.unlink()

    assert conf.missing == [tmp_path / "gone.conf", large]
    assert (hidden, conf.hidden) == (large, None)


@pytest.mark.parametrize("name", ["folder", "pipe"])
def test_what_is_no_file_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "pipe").symlink_to("/dev/zero")

    assert read_conf(tmp_path / name) is None


@given(st.binary(max_size=400) | st.text(alphabet='[]()=;-+!#<>"\\ \nab', max_size=200))
def test_no_file_can_end_doctor(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    file = tmp_path_factory.mktemp("conf") / "x.conf"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert read_conf(file) is not None
