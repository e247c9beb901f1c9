"""
Whether the core's tests find mistakes: `python -m tests.mutants [WORDS]`; make mutants.

Every mutant of `tests.mutants.mutants` (those whose names have WORDS in them) is planted into a
copy of the tree, one at a time, and the core's tests run there until one fails. Exit code 0: each
was found; 1: one survived, or cannot be planted any more; 130: interrupted.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from tests.mutants.mutants import MUTANTS
from tests.mutants.planting import (
    FIRST,
    THEN,
    Field,
    Mutant,
    MutantError,
    Verdict,
    mutated,
    source_of,
)

FIELDS: Final = 2
"""Copies of the tree, and test runs at a time: as many as there are cores."""
INTERRUPTED: Final = 130


def main(arguments: Sequence[str]) -> int:
    """Try the mutants that are asked for, and return the exit code."""
    words = " ".join(arguments)
    if words in {"-h", "--help"}:
        print((__doc__ or "").strip())
        return 0
    mutants = [mutant for mutant in MUTANTS if words in mutant.name]
    if not mutants:
        print(f"No mutant has “{words}” in its name.", file=sys.stderr)
        return 2
    try:
        for mutant in mutants:
            mutated(mutant, source_of(mutant))
        return _try_all(mutants)
    except MutantError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _try_all(mutants: Sequence[Mutant]) -> int:
    began = monotonic()
    free: SimpleQueue[Field] = SimpleQueue()
    with TemporaryDirectory(prefix="cordboard-mutants-") as folder:
        fields = [Field(Path(folder) / str(number)) for number in range(FIELDS)]
        for field in fields:
            free.put(field)
        print(f"{len(mutants)} mutants; first the tree as it is ...", file=sys.stderr, flush=True)
        with ThreadPoolExecutor(FIELDS) as pool:
            try:
                _see_that_all_is_well(pool, free)
                planted = [pool.submit(_try_out, mutant, free) for mutant in mutants]
                survivors = _told(planted)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for field in fields:
                    field.stop()
                raise
    took = monotonic() - began
    print(f"{len(mutants)} mutants, {len(survivors)} survived, {took:.0f} s")
    for verdict in survivors:
        print(f"survived: {verdict.mutant.name} ({verdict.mutant.file})")
    return 1 if survivors else 0


def _see_that_all_is_well(pool: ThreadPoolExecutor, free: "SimpleQueue[Field]") -> None:
    """Run the tests without a mutant: if one fails anyway, it would find nothing."""

    def fails(tests: tuple[str, ...], without: tuple[str, ...]) -> str | None:
        field = free.get()
        try:
            return field.first_failure(tests, without)
        finally:
            free.put(field)

    halves = [pool.submit(fails, FIRST, THEN), pool.submit(fails, THEN, ())]
    for half in halves:
        failed = half.result()
        if failed is not None:
            raise MutantError(f"without any mutant a test fails already: {failed}")


def _try_out(mutant: Mutant, free: "SimpleQueue[Field]") -> Verdict:
    field = free.get()
    try:
        return field.try_out(mutant)
    finally:
        free.put(field)


def _told(planted: Sequence["Future[Verdict]"]) -> list[Verdict]:
    """Tell each verdict as it comes, and return those of the survivors."""
    survivors = []
    for number, future in enumerate(as_completed(planted), start=1):
        verdict = future.result()
        what = verdict.found_by or "SURVIVED"
        place = f"{number} of {len(planted)}"
        line = f"{place}: {verdict.mutant.name}: {what} ({verdict.seconds:.0f} s)"
        print(line, file=sys.stderr, flush=True)
        if verdict.found_by is None:
            survivors.append(verdict)
    return survivors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
