"""Days by chance, as many as asked for: `python -m tests.simulation SEEDS [FIRST] [STEPS]`."""

import sys

from tests.simulation.chance import World


def main(seeds: int, first: int = 0, steps: int = 400) -> int:
    """Run so many seeds; print those that failed, each of which fails again by itself."""
    failed = 0
    for seed in range(first, first + seeds):
        try:
            World(seed).run(steps)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this seed
            failed += 1
            print(f"seed {seed} steps {steps}: {type(error).__name__}: {error}")
    print(f"{seeds} seeds of {steps} steps, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
