"""The guide to the logs: every event that can be logged stands in it, and no other."""

import re
from collections import defaultdict

from tests.cti.log_calls import ROOT, log_calls

ROW = re.compile(
    r"^\| `(?P<event>[a-z_]+)` \| (?P<levels>[a-z, ]+) \| (?P<fields>[^|]*)\| (.+) \|$"
)
PERSONAL = re.compile(
    "number|name|digit|caller|channel|line|party|password|secret|token|text|value"
)
"""A field that is called so holds what people are, dial or say, unless it begins with `pii_`."""


def documented() -> dict[str, tuple[set[str], set[str]]]:
    found: dict[str, tuple[set[str], set[str]]] = {}
    for line in (ROOT / "docs" / "logs.md").read_text().splitlines():
        row = ROW.match(line)
        if row is not None:
            assert row["event"] not in found, f"{row['event']} stands there twice"
            levels = set(row["levels"].split(", "))
            found[row["event"]] = levels, set(re.findall("`([a-z_]+)`", row["fields"]))
    return found


def logged() -> dict[str, tuple[set[str], set[str]]]:
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for call in log_calls():
        levels, fields = found[call.event]
        levels.add(call.level)
        fields.update(call.fields)
    return dict(found)


def test_every_event_is_documented_with_its_level_and_its_fields() -> None:
    assert documented() == logged()


def test_events_are_fixed_words_and_fields_say_when_they_are_personal() -> None:
    for call in log_calls():
        assert re.fullmatch("[a-z]+(_[a-z]+)+", call.event), call.place
        for field in call.fields:
            assert field.startswith("pii_") or not PERSONAL.search(field), (call.place, field)
