"""Keys that are unknown, missing, or there twice."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import pytest

from config.models import QueueSection
from tests.config.folders import Folder

Case = tuple[str, str, str, list[str]]
"""File, what stands there, what a test writes instead, and all that the check then says."""

KEYS: list[Case] = [
    (
        "queues.yaml",
        "ring_time",
        "ring_tiem",
        [
            "queues.yaml:3:5: queues.sales.ring_tiem: is not a known key; did you mean ring_time? allowed: "
            + ", ".join(QueueSection.model_fields),
        ],
    ),
    (
        "queues.yaml",
        "queues:",
        "quues:",
        [
            "queues.yaml:1:1: queues: is missing; it must be a mapping of one queue at least",
            "queues.yaml:1:1: quues: is not a known key; did you mean queues? allowed: hours, queues",
        ],
    ),
    (
        "queues.yaml",
        "      after: 60s\n",
        "",
        [
            "queues.yaml:6:7: queues.sales.overflow.after: is missing; it must be a duration from 1s to 24h, such as 500ms, 15s, 2m or 1h30m",
        ],
    ),
    (
        "agents.yaml",
        "    phones: [a1]\n",
        "",
        [
            "agents.yaml:3:5: agents.ann.phones: is missing; it must be a list of 1 to 8 phones",
        ],
    ),
    (
        "flows.yaml",
        "menu:",
        "menux:",
        [
            "flows.yaml:3:5: flows.welcome.menu: is missing; it must be a mapping (greeting, first_key, tries, choices, wrong_key, no_key, otherwise)",
            "flows.yaml:3:5: flows.welcome.menux: is not a known key; did you mean menu? allowed: menu",
        ],
    ),
    (
        "cordboard.yaml",
        "data: var/lib",
        '"\\e[31mda ta": 1',
        [
            "cordboard.yaml:20:1: '\\x1b[31mda ta': is not a known key; allowed: pbx, web, database, data, telephony, log, watchdog",
        ],
    ),
    (
        "cordboard.yaml",
        "data: var/lib",
        '"": 1',
        [
            "cordboard.yaml:20:1: '': is not a known key; allowed: pbx, web, database, data, telephony, log, watchdog",
        ],
    ),
    (
        "cordboard.yaml",
        "data: var/lib",
        "<<: {}",
        [
            "cordboard.yaml:20:1: <<: merge keys (<<) are not read; write the keys themselves",
        ],
    ),
    (
        "flows.yaml",
        "2: {name",
        "1: {name",
        [
            "flows.yaml:9:9: flows.welcome.menu.choices.1: stands here a second time; the first is in line 8",
        ],
    ),
    (
        "cordboard.yaml",
        "telephony:\n  country: DE\n",
        "telephony:\n",
        [
            "cordboard.yaml:14:11: telephony: must be a mapping (country, time_zone), not nothing",
        ],
    ),
    (
        "cordboard.yaml",
        "telephony:\n  country: DE\n",
        "telephony: [DE]\n",
        [
            "cordboard.yaml:14:12: telephony: must be a mapping (country, time_zone), not a list of 1",
        ],
    ),
    (
        "cordboard.yaml",
        "  country: DE\n",
        "  {}\n",
        [
            "cordboard.yaml:15:3: telephony.country: is missing; it must be a country's two capital letters such as DE, in text",
        ],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), KEYS)
def test_a_wrong_key_is_told_with_its_place_and_the_nearest_right_one(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == expected
