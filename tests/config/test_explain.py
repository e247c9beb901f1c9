"""What is said of lists whose items are wrong: the items' faults, and nothing of their number."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from config.explain import explain
from config.nodes import plain
from config.section import Section
from config.values import Means
from config.yaml_reader import parse_document

Count = Annotated[int, Field(ge=1), Means("1 or more")]


class Inner(Section):
    """A section in a list."""

    count: Count


class Outer(Section):
    """Lists in a list."""

    inner: Annotated[
        tuple[Inner, ...], Field(min_length=1, strict=False), Means("a list of 1 to 9")
    ]


class Whole(Section):
    """A file."""

    outer: Annotated[
        tuple[Outer, ...], Field(min_length=1, strict=False), Means("a list of 1 to 5")
    ]


def told(text: str) -> list[str]:
    """Return what is said of a file that the model refuses."""
    node = parse_document(text.encode(), "file.yaml").node
    assert node is not None
    with pytest.raises(ValidationError) as refused:
        Whole.model_validate(plain(node))
    return [str(problem) for problem in explain(refused.value, Whole, "file.yaml", node)]


def test_of_a_wrong_item_deep_in_lists_the_item_alone_is_told() -> None:
    assert told("outer:\n  - inner:\n      - count: 0\n") == [
        "file.yaml:3:16: outer.0.inner.0.count: must be 1 or more, not 0"
    ]
    assert told("outer:\n  - inner:\n      - {count: 1, cuont: 2}\n") == [
        "file.yaml:3:20: outer.0.inner.0.cuont: is not a known key; did you mean count? allowed: count"
    ]


def test_a_list_that_is_really_too_short_is_told_as_such() -> None:
    assert told("outer: []\n") == [
        "file.yaml:1:8: outer: must be a list of 1 to 5, not a list of 0"
    ]
    assert told("outer:\n  - inner: []\n") == [
        "file.yaml:2:12: outer.0.inner: must be a list of 1 to 9, not a list of 0"
    ]
