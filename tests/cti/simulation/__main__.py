"""
The core against queueing theory, with many calls: `python -m tests.cti.simulation`; make theory.

Prints a row for each figure of each case of `published`: as it is printed at its source, by the
formula, and simulated with its 99 % interval. Then how often the intervals of short runs held what
is true, and what a second skill is worth. Exit code 0: all of it agrees, a family-wise level of
99 % for the comparisons; 1: something does not, and what it is stands on stderr; 130: interrupted.
"""

import sys
from collections.abc import Callable

from tests.cti.simulation.judging import Comparison, agree, comparisons, family
from tests.cti.simulation.pooling import RECOVERED, WAYS, recovered
from tests.cti.simulation.published import CASES, CROWD, LEAVING, Case, wrong
from tests.cti.simulation.runs import simulated

CALLS = 150_000
MEMORIES = 40
SEEDS = 300
MISSES_MAX = 10
"""Of 300 intervals at 99 %: eleven misses or more come by chance once in 3,500."""
PATIENCE = "5 % more patience"
"""It changes most cases by 2 % only, so it must be found where nearly everybody gives up; and there
hardly anything else changes anything."""
ALL = (*CASES, CROWD)


def main() -> int:
    """Compare everything, and return the exit code."""
    try:
        wrongs = [*_cases(), *_coverage(), *_skills()]
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    for sentence in wrongs:
        print(sentence, file=sys.stderr)
    return 1 if wrongs else 0


def _cases() -> list[str]:
    number = family(ALL)
    print(f"{number} comparisons, {CALLS:,} calls or more for each case\n")
    print("| case | figure | published | formula | simulated |\n|---|---|---|---|---|")
    wrongs = []
    for case in ALL:
        ours = simulated(case.scenario(calls=CALLS, memories=MEMORIES))
        for one in comparisons(case, ours):
            print(_row(case, one))
            if not one.agrees(number):
                wrongs.append(f"{case.name}: {one.name} does not agree with theory")
        for name, other in wrong(case).items():
            found = not agree(case, ours, number, other)
            if not found and (name == PATIENCE) == (case is CROWD):
                wrongs.append(f"{case.name}: {name} would not be found")
        sys.stdout.flush()
    return wrongs


def _row(case: Case, one: Comparison) -> str:
    printed = case.published.get(one.name, "")
    shown = f"{one.simulated:.4f} ± {one.half:.4f}"
    return f"| {case.name} | `{one.name}` | {printed} | {one.exact:.4f} | {shown} |"


def _coverage() -> list[str]:
    """Count how often the intervals of many short runs miss what is true."""
    case = LEAVING[3]
    misses = dict.fromkeys(case.compared, 0)
    for seed in range(SEEDS):
        for one in comparisons(case, simulated(case.scenario(calls=2_000, memories=1, seed=seed))):
            misses[one.name] += abs(one.simulated - one.exact) > one.half
    print(f"\n99 % intervals of {SEEDS} runs of 2,000 calls, and how many missed: {misses}")
    narrow = [name for name, missed in misses.items() if missed > MISSES_MAX]
    return [f"the intervals of {name} are too narrow" for name in narrow]


def _skills() -> list[str]:
    wrongs = []
    print("\nOf the wait between one skill and all, a second one saves:")
    said: Callable[[float], str] = "{:.1%}".format
    for way in WAYS:
        saved, least = recovered(way, hours=300)
        print(f"- by {way}: {said(saved)}, at least {said(least)} (99 %)")
        if least < RECOVERED:
            wrongs.append(f"a second skill saves too little by {way}")
    return wrongs


if __name__ == "__main__":
    sys.exit(main())
