"""The dashboard and the alert rules: what they ask for is there, and others can read them."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from prometheus_client import ProcessCollector

from cti.commands.monitoring import FILES, command
from cti.operations.dashboard import as_json
from cti.operations.figure import Figure
from cti.operations.metrics import FIGURES
from cti.operations.tally import WAIT_BOUNDS_S

DASHBOARD, ALERTS = ((files("cti.operations") / name).read_text() for name in FILES)
UNITS = {"short", "s", "percentunit", "cps", "bytes"}
OF_PROMETHEUS = {"up"}
SUFFIXES = ("_bucket", "_count", "_sum")
BUILT_IN_LABELS = {"job", "instance", "le"}


def panels(kind: str | None = None) -> list[dict[str, Any]]:
    return [
        panel
        for panel in json.loads(DASHBOARD)["panels"]
        if kind in {None, panel["type"]} and (kind or panel["type"] != "row")
    ]


def expressions() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    for variable in json.loads(DASHBOARD)["templating"]["list"]:
        yield from ([variable["definition"]] if "definition" in variable else [])
    for group in yaml.safe_load(ALERTS)["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def asked_for() -> list[tuple[str, str]]:
    """Return each figure that an expression names, with its selector."""
    figure = r"((?:cordboard|process)_[a-z_]+|\bup\b)(?:\{([^}]*)\})?"
    return [found for expression in expressions() for found in re.findall(figure, expression)]


def known() -> dict[str, Figure | None]:
    names: dict[str, Figure | None] = dict.fromkeys(OF_PROMETHEUS)
    for family in ProcessCollector(registry=None).collect():
        names[f"{family.name}_total" if family.type == "counter" else family.name] = None
    for figure in FIGURES:
        suffixes = SUFFIXES if figure.kind == "histogram" else ("",)
        names.update({f"{figure.name}{suffix}": figure for suffix in suffixes})
    return names


def test_every_figure_that_is_asked_for_exists_with_the_labels_that_are_asked_for() -> None:
    asked, names = asked_for(), known()

    assert len(asked) > 50
    assert {name for name, _ in asked} <= names.keys()
    for name, selector in asked:
        figure = names[name]
        labels = set(re.findall(r"([a-z]+)\s*(?:=~|!=|=)", selector))
        assert labels <= BUILT_IN_LABELS | set(figure.labels if figure else ()), (name, selector)


def test_every_bucket_that_is_asked_for_is_one() -> None:
    asked = [float(bound) for _, at in asked_for() for bound in re.findall(r'le="([0-9.]+)"', at)]

    assert asked != []
    assert set(asked) <= set(map(float, WAIT_BOUNDS_S))


def test_what_panels_are_grouped_by_are_labels_of_what_they_show() -> None:
    names = known()
    for expression in expressions():
        for group, name in re.findall(r"by \(([^)]*)\) \((?:\w+\()?(\w+)", expression):
            figure = names.get(name)
            labels = {label.strip() for label in group.split(",")}
            assert labels <= BUILT_IN_LABELS | set(figure.labels if figure else ()), expression


def test_grafana_takes_the_dashboard() -> None:
    board = json.loads(DASHBOARD)
    ids = [panel["id"] for panel in board["panels"]]
    (source,) = [one for one in board["templating"]["list"] if one["type"] == "datasource"]

    assert 36 <= board["schemaVersion"] <= 42
    assert board["uid"] == "cordboard"
    assert "id" not in board
    assert len(ids) == len(set(ids))
    assert source["query"] == "prometheus"
    assert [panel["title"] for panel in panels("row")] == ["Calls", "Queues", "Agents", "Health"]
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["title"]


def test_no_panel_lies_on_another_or_beside_the_screen() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD)["panels"]:
        at = panel["gridPos"]
        cells = {
            (at["x"] + column, at["y"] + line)
            for column in range(at["w"])
            for line in range(at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_file_is_what_the_program_makes() -> None:
    assert as_json() == DASHBOARD


def test_each_alert_says_how_bad_it_is_and_what_it_means() -> None:
    (group,) = yaml.safe_load(ALERTS)["groups"]
    names = [rule["alert"] for rule in group["rules"]]

    assert len(names) == len(set(names))
    for rule in group["rules"]:
        assert rule["alert"].startswith("Cordboard")
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert re.fullmatch("[0-9]+[mh]", rule.get("for", "1m"))
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_command_writes_both_whole_and_anew(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    for _ in range(2):
        result = CliRunner().invoke(command, ["--out", str(out)])

        assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert (out / "grafana-dashboard.json").read_text() == DASHBOARD
    assert (out / "prometheus-alerts.yaml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no folder")
    result = CliRunner().invoke(command, ["--out", str(tmp_path / name)])

    assert result.exit_code in {1, 2}
    assert "Traceback" not in result.stderr
