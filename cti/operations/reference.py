"""
The list of all figures as Markdown: `python -m cti.operations.reference > docs/metrics.md`.

It is made from what is shown, so that it cannot tell of anything else.
"""

from prometheus_client import ProcessCollector

from cti.operations.metrics import FIGURES

_HEAD = """\
# Figures

What `/metrics` tells, for Prometheus and whatever reads its format (text 0.0.4 and OpenMetrics
1.0.0). [operating.md](operating.md#monitoring) says how to scrape, watch and alert.

Counters begin at 0 with every start of the daemon; `rate()` and `increase()` know that. Values of
labels are names from the configuration or the words listed here, never anything that a caller sent;
a queue that is removed from the configuration is gone from here with the next start. Agents are
counted and never named: figures for judging people are no business of a monitoring system.

This file is made from the program: `python -m cti.operations.reference > docs/metrics.md`.

## Cordboard's own

| name | kind | labels | what it tells |
|---|---|---|---|
"""
_PROCESS_HEAD = """
## The process's

Of the daemon's process, by the Prometheus client library.

| name | kind | what it tells |
|---|---|---|
"""


def reference() -> str:
    """Return the list."""
    own = "".join(
        f"| `{figure.name}` | {figure.kind}"
        f" | {', '.join(f'`{label}`' for label in figure.labels) or '-'} | {figure.help} |\n"
        for figure in FIGURES
    )
    process = "".join(
        f"| `{family.name}{'_total' if family.type == 'counter' else ''}` | {family.type}"
        f" | {family.documentation.removesuffix('.')}. |\n"
        for family in ProcessCollector(registry=None).collect()
    )
    return f"{_HEAD}{own}{_PROCESS_HEAD}{process}"


if __name__ == "__main__":
    print(reference(), end="")
