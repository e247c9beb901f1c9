"""YAML from files that are unlucky, misleading or hostile."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import Position
from config.nodes import key_position, path_text, plain, select, texts, value_position
from config.yaml_reader import (
    ALIASES_MAX,
    DEPTH_MAX,
    FILE_BYTES_MAX,
    PROBLEMS_MAX,
    VALUES_MAX,
    Document,
    parse_document,
    read_document,
)


def read(text: str | bytes) -> Document:
    """Return what stands in a file with this text."""
    return parse_document(text.encode() if isinstance(text, str) else text, "f.yaml")


def value(text: str) -> Any:  # noqa: ANN401 - whatever the YAML holds
    """Return the value of the only key in this YAML, which must have no problem."""
    document = read(f"key: {text}")
    assert document.problems == ()
    assert document.node is not None
    return plain(document.node)["key"]


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No",
        "yes",
        "on",
        "OFF",
        "y",
        "True",
        "NULL",
        "12:30",
        "1:30:00",
        "0777",
        "0o17",
        "0x1F",
        "0b1",
        "0123",
        "+4930123",
        "+5",
        "00",
        "-0",
        "-07",
        "1_000",
        "1e3",
        "1.5",
        ".inf",
        ".nan",
        "2026-01-01",
        "2026-01-01 12:00:00",
        "<<",
        "=",
        "1234567890123456789",
        "١٢",
    ],
)
def test_false_friends_stay_the_text_that_they_look_like(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("8000", 8000),
        ("-5", -5),
        ("123456789012345678", 123456789012345678),
        ("'8000'", "8000"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("! null", "null"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)
def test_truth_whole_numbers_and_nothing_are_what_they_look_like(
    text: str, expected: object
) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_keys_are_text_whatever_they_look_like() -> None:
    document = read("1: a\ntrue: b\nnull: c\n2026-01-01: d\n")

    assert document.node is not None
    assert list(plain(document.node)) == ["1", "true", "null", "2026-01-01"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "f.yaml:1:1: is empty"),
        ("# nothing but a remark\n\n", "f.yaml:1:1: is empty"),
        ("a:\n\t- b", "f.yaml:2:1: a tab stands here; indent with blanks"),
        ("a: \x07", 'f.yaml:1:4: the character U+0007 may not stand in a file; in double quotes it can be written "\\uXXXX"'),
        ("a: x\r\nb: \x00", 'f.yaml:2:4: the character U+0000 may not stand in a file; in double quotes it can be written "\\uXXXX"'),
        ("\ufeffa: 1", "f.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1: is UTF-16; save it as UTF-8"),
        ("é: x\nä: b".encode("latin-1"), "f.yaml:1:1: is not UTF-8: byte 0xe9 here; save it as UTF-8"),
        ("陈: x\nab: ".encode() + b"\xff", "f.yaml:2:5: is not UTF-8: byte 0xff here; save it as UTF-8"),
        ("a: b: c", 'f.yaml:1:5: is not YAML: mapping values are not allowed in this context (a second colon in one line, or an indent that does not fit; text that holds ": " needs quotes)'),
        ("a: 'b", "f.yaml:1:6: is not YAML: found unexpected end of stream (a quote is not closed)"),
        ("a: [b", "f.yaml:2:1: is not YAML: did not find expected ',' or ']'; the bracket in line 1, column 4 is still open here"),
        ("a: @b", "f.yaml:1:4: is not YAML: found character that cannot start any token (text that begins with this character needs quotes)"),
        ('a: "\\q"', "f.yaml:1:5: is not YAML: found unknown escape character (a backslash within double quotes is written twice; within single quotes, once)"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document begins; only one is allowed"),
        ("? [a]\n: b", "f.yaml:1:3: a key must be text"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: a: stands here a second time; the first is in line 1"),
        ("1: a\n'1': b", "f.yaml:2:1: 1: stands here a second time; the first is in line 1"),
        ("a: {b: *c}", "f.yaml:1:8: a.b: *c stands for nothing: no &c before"),
        ("a: &a [*a]", "f.yaml:1:8: a.0: *a stands within itself"),
        ("a: &a {b: [{c: *a}]}", "f.yaml:1:16: a.b.0.c: *a stands within itself"),
        ("a: !!int '5'", "f.yaml:1:4: a: tags (beginning with !) are not allowed"),
        ("a: !secret x", "f.yaml:1:4: a: tags (beginning with !) are not allowed"),
        ("!k a: x", "f.yaml:1:1: a: tags (beginning with !) are not allowed"),
        ("%YAML 9.9\n---\na: 1", "f.yaml:1:1: is not YAML: found incompatible YAML document (YAML 1.1 and 1.2 are read)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str | bytes, complaint: str) -> None:
    assert [str(problem) for problem in read(text).problems] == [complaint]


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.mkdir",
        "!!python/object/new:os.mkdir",
        "!!python/name:os.mkdir",
        "!!python/module:os",
        "!!binary",
    ],
)
def test_no_tag_runs_code(tmp_path: Path, tag: str) -> None:
    victim = tmp_path / "victim"
    document = read(f"a: {tag} ['{victim}']\nb: {tag} {victim}")

    assert [problem.path for problem in document.problems] == ["a", "b"]
    assert not victim.exists()


def test_aliases_are_followed_as_long_as_they_stay_small() -> None:
    document = read("a: &x [1, 2]\nb: *x\n&k c: *k\n")

    assert document.problems == ()
    assert document.node is not None
    assert plain(document.node) == {"a": [1, 2], "b": [1, 2], "c": "c"}


def billion_laughs() -> str:
    """Return a file that unfolds to ten to the twelfth values."""
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *levels])


def deep_by_aliases() -> str:
    """Return a file whose aliases nest far deeper than it looks."""
    return "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [[*a{i - 1}]]" for i in range(1, 90))])


MANY = FILE_BYTES_MAX
HOSTILE = {
    "brackets": "[" * MANY,
    "braces": "{a: " * (MANY // 4),
    "dashes": "- " * (MANY // 2),
    "questions": "? " * (MANY // 2),
    "colons": ":" * MANY,
    "quotes": "'" * MANY,
    "stars": "*a " * (MANY // 3),
    "anchors": "".join(f"- &a{i} x\n" for i in range(70_000)),
    "aliases": "- &a x\n" + "- *a\n" * 200_000,
    "items": "- a\n" * (MANY // 4),
    "flow items": "[" + "a," * (MANY // 2 - 2) + "]",
    "empty lists": "[" + "[]," * (MANY // 3 - 2) + "]",
    "keys": "".join(f"k{i}: 1\n" for i in range(80_000)),
    "same keys": "a: 1\n" * (MANY // 5),
    "tags": "- !a b\n" * (MANY // 7),
    "directives": "%TAG ! x\n" * (MANY // 9),
    "documents": "---\n" * (MANY // 4),
    "long text": "a: " + "b" * (MANY - 3),
    "long number": "a: " + "9" * (MANY - 3),
    "escapes": 'a: "' + "\\x41" * (MANY // 4 - 2) + '"',
    "long key": "a" * (MANY - 4) + ": 1",
    "long anchor": "&" + "a" * (MANY - 4) + " b",
    "blanks": " " * MANY,
    "indents": "".join(" " * i + "a:\n" for i in range(1_400)),
    "billion laughs": billion_laughs(),
    "deep by aliases": deep_by_aliases(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_done_with_quickly(name: str, patience: float) -> None:
    started = time.process_time()
    document = read(HOSTILE[name])
    if document.node is not None:
        plain(document.node)

    assert time.process_time() - started < patience


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("brackets", f"f.yaml:1:33: 0.0.0: more than {DEPTH_MAX} levels within one another"),
        ("indents", f"f.yaml:33:33: a.a.a: more than {DEPTH_MAX} levels within one another"),
        ("deep by aliases", f"f.yaml:17:13: a16.0.0: more than {DEPTH_MAX} levels within one another"),
        ("billion laughs", f"f.yaml:5:25: a4.3: more than {VALUES_MAX:,} values, aliases unfolded"),
        ("items", f"f.yaml:{VALUES_MAX}:3: {VALUES_MAX - 1}: more than {VALUES_MAX:,} values, aliases unfolded"),
        ("aliases", f"f.yaml:{ALIASES_MAX + 2}:3: {ALIASES_MAX + 1}: more than {ALIASES_MAX:,} aliases"),
    ],
)  # fmt: skip
def test_each_limit_is_told_where_it_is_passed(name: str, complaint: str) -> None:
    document = read(HOSTILE[name])

    assert document.node is None
    assert [str(problem) for problem in document.problems] == [complaint]


@pytest.mark.parametrize("name", ["same keys", "tags"])
def test_after_a_hundred_problems_the_rest_of_a_file_is_not_read(name: str) -> None:
    document = read(HOSTILE[name])

    assert len(document.problems) == PROBLEMS_MAX + 1
    assert document.problems[-1].message == "more problems follow; put those before right first"


def test_a_file_may_be_as_deep_as_the_limit() -> None:
    document = read("[" * DEPTH_MAX + "]" * DEPTH_MAX)

    assert document.problems == ()


def complaints_about(folder: Path) -> list[str]:
    """Return what reading `f.yaml` of this folder says."""
    return [str(problem) for problem in read_document(folder, "f.yaml").problems]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert complaints_about(tmp_path) == ["f.yaml:1:1: is missing"]


def test_a_folder_in_a_files_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").mkdir()

    assert complaints_about(tmp_path) == ["f.yaml:1:1: is a folder; a file is needed"]


def test_a_circle_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").symlink_to("g.yaml")
    (tmp_path / "g.yaml").symlink_to("f.yaml")

    assert complaints_about(tmp_path) == [
        "f.yaml:1:1: cannot be read: Too many levels of symbolic links"
    ]


def test_a_device_without_end_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").symlink_to("/dev/zero")

    assert complaints_about(tmp_path) == ["f.yaml:1:1: is not a regular file; a file is needed"]


def test_a_file_of_a_hundred_megabytes_is_refused_before_it_is_read(
    tmp_path: Path, patience: float
) -> None:
    with (tmp_path / "f.yaml").open("wb") as file:
        file.truncate(100_000_000)
    started = time.process_time()

    assert complaints_about(tmp_path) == [
        "f.yaml:1:1: is too long; at most 1,048,576 bytes are allowed"
    ]
    assert time.process_time() - started < patience


def test_places_are_counted_in_characters() -> None:
    node = read("陈晓: {a: [x, yy, 'z']}").node

    assert node is not None
    assert value_position(node, ("陈晓", "a", 2)) == Position(line=1, column=17)
    assert key_position(node, ("陈晓", "a")) == Position(line=1, column=6)
    assert key_position(node, ("陈晓", "a", 1)) == Position(line=1, column=13)
    assert key_position(node, ("陈晓", "b")) == Position(line=1, column=1)


def test_a_pattern_leads_to_all_that_it_fits() -> None:
    node = read("a: {x: [p, 8], y: [true], z: q}").node

    assert node is not None
    assert [path for path, _ in select(node, ("a", "*"))] == [("a", "x"), ("a", "y"), ("a", "z")]
    assert [(path, text) for path, _, text in texts(node, ("a", "*", "*"))] == [
        (("a", "x", 0), "p"),
        (("a", "x", 1), "8"),
    ]


def test_a_path_is_shown_so_that_it_cannot_disturb_a_terminal() -> None:
    assert path_text(("a", 0, "\x1b[31m", "b c", "x" * 70)) == (
        "a.0.'\\x1b[31m'.'b c'." + "x" * 60 + "…"
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    document = read(data)

    assert document.node is not None or document.problems


@given(
    st.text(alphabet=st.sampled_from(list("ab:-?*&!|>'\"%@`{}[],# \n\t\\~0159.x<=")), max_size=80)
)
def test_anything_that_looks_like_yaml_is_read_or_refused(text: str) -> None:
    document = read(text)

    assert document.node is not None or document.problems


# beyond U+FFFF JSON writes two escapes for one character, which YAML does not know
JSON_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
JSON_LEAF = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | JSON_TEXT


@given(
    st.recursive(
        JSON_LEAF,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_TEXT, inner, max_size=3),
        max_leaves=12,
    )
)
def test_what_json_can_say_is_read_as_json_means_it(data: object) -> None:
    """JSON is YAML: an independent writer of trees that must come back as they were."""
    text = json.dumps({"top": data})
    document = read(text)

    assert document.problems == ()
    assert document.node is not None
    assert plain(document.node) == {"top": data}
