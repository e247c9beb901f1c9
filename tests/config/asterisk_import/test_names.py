"""Names that can stand in our files: right, unique, and the same whatever the others are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.asterisk_import.names import safe_names, spoken_name

RIGHT = re.compile(r"[a-z0-9_-]{1,40}")


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("sales", "sales"),
        ("1001", "1001"),
        ("Sales", "sales"),
        ("Sales Team", "sales-team"),
        ("  Sales / Team!  ", "sales-team"),
        ("Müller-Straße", "muller-strasse"),
        ("销售", "queue-f04b06"),
        ("销售 2", "2-22675b"),
        ("", "queue-e3b0c4"),
        ("---", "---"),
        ("?!", "queue-545f94"),
        ("x" * 41, "x" * 33 + "-316459"),
    ],
)
def test_a_name_is_made_right_and_what_is_right_stays(original: str, name: str) -> None:
    assert safe_names([original], "queue") == {original: name}


def test_names_that_would_be_alike_get_a_mark_and_the_right_one_keeps_its_own() -> None:
    names = safe_names(["Sales Team", "sales-team", "SALES TEAM", "other"], "queue")

    assert names["sales-team"] == "sales-team"
    assert names["other"] == "other"
    assert len(set(names.values())) == 4
    assert all(
        name.startswith("sales-team-") for name in (names["Sales Team"], names["SALES TEAM"])
    )


@given(originals=st.lists(st.text(max_size=60), unique=True, max_size=8))
def test_all_names_are_right_and_unique_and_do_not_depend_on_the_order(
    originals: list[str],
) -> None:
    names = safe_names(originals, "queue")

    assert [one for one in names.values() if not RIGHT.fullmatch(one)] == []
    assert len(set(names.values())) == len(originals)
    assert safe_names(originals[::-1], "queue") == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann Archer", "Ann Archer"),
        (" Ann\r\n\tArcher ", "Ann Archer"),
        ("Ann\x1b[31m", "Ann [31m"),
        ("\x07", ""),
        ("x" * 100, "x" * 80),
        ("陈晓", "陈晓"),
    ],
)
def test_a_name_for_people_is_printable_and_not_too_long(text: str, name: str) -> None:
    assert spoken_name(text) == name
