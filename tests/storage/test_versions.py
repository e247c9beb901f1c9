import pytest

from storage.versions import is_newer, release


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("0.2.0", "0.1.9", True),
        ("0.10.0", "0.9.0", True),
        ("1.0", "1.0.0", False),
        ("1.0.1", "1.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("1.0.0rc1", "1.0.0", False),
        ("1.0.0+local", "0.9", True),
        ("2.0.dev1", "1.9", True),
    ],
)
def test_releases_go_by_their_numbers(version: str, than: str, newer: bool) -> None:
    assert newer == is_newer(version, than)


@pytest.mark.parametrize("text", ["", "core-1", "v1", "1..2", "٣.0", "9" * 5_000, "1.2\0"])
def test_what_is_no_version_is_neither_newer_nor_older(text: str) -> None:
    assert release(text) is None
    assert not is_newer(text, "0.1.0")
    assert not is_newer("0.1.0", text)
