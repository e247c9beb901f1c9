"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.durations import duration_from, duration_text
from cti.instants import Duration


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("500ms", 500_000),
        ("15s", 15_000_000),
        ("2m", 120_000_000),
        ("1h", 3_600_000_000),
        ("1h30m", 5_400_000_000),
        ("1m30s500ms", 90_500_000),
        ("0s", 0),
        ("090s", 90_000_000),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, microseconds: int) -> None:
    assert duration_from(text) == microseconds


@pytest.mark.parametrize(
    "text",
    ["", "15", "s", "15 s", " 15s", "15s ", "1.5s", "-5s", "30s1m", "5S", "1d", "15s\n", "٥s"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is a number with its unit"):
        duration_from(text)


@given(st.integers(0, 10**10).map(lambda milliseconds: Duration(milliseconds * 1_000)))
def test_what_is_written_is_read_back(duration: Duration) -> None:
    assert duration_from(duration_text(duration)) == duration
