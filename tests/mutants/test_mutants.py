"""The mutants can be planted into the source as it is; `make mutants` tries all of them."""

import pytest

from tests.mutants.__main__ import main
from tests.mutants.mutants import MUTANTS
from tests.mutants.planting import Mutant, MutantError, mutated, source_of

LIMIT = Mutant(name="no limit", file="acd/x.py", there="if row > limit:", instead="if row:")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_can_be_planted_and_is_python(mutant: Mutant) -> None:
    source = source_of(mutant)
    changed = mutated(mutant, source)

    assert changed != source
    compile(changed, mutant.file, "exec")


def test_there_are_so_many_and_each_has_its_own_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30


def test_a_mutant_outlives_a_formatter() -> None:
    assert mutated(LIMIT, "a\nif row >\n    limit:\n    b") == "a\nif row:\n    b"


@pytest.mark.parametrize("source", ["if row >= limit:", "if row > limit: if row > limit:"])
def test_a_piece_that_is_not_there_once_is_an_error_that_says_so(source: str) -> None:
    with pytest.raises(MutantError, match=r"“no limit”: the piece stands [02] times in acd/x\.py"):
        mutated(LIMIT, source)


def test_a_file_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(MutantError, match=r"“no limit”: there is no acd/x\.py"):
        source_of(LIMIT)


def test_a_mutant_that_is_not_in_the_list_is_not_tried(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["no", "such", "mutant"]) == 2
    assert "“no such mutant”" in capsys.readouterr().err
