"""Names that one file uses and another defines."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import pytest

from tests.config.folders import Folder

Case = tuple[str, str, str, list[str]]
"""File, what stands there, what a test writes instead, and all that the check then says."""

REFERENCES: list[Case] = [
    (
        "queues.yaml",
        "to: support",
        "to: sup-port",
        [
            "queues.yaml:7:11: queues.sales.overflow.to: there is no queue 'sup-port'; did you mean support?",
        ],
    ),
    (
        "queues.yaml",
        "to: support",
        "to: sales",
        [
            "queues.yaml:7:11: queues.sales.overflow.to: must be another queue than this one",
        ],
    ),
    (
        "services.yaml",
        "flow: welcome",
        "flow: wellcome",
        [
            "services.yaml:4:11: services.0.flow: there is no flow 'wellcome'; did you mean welcome?",
        ],
    ),
    (
        "services.yaml",
        "    flow: welcome",
        "    flow: welcome\n  - {number: 8000, name: hotline, flow: welcome}",
        [
            "services.yaml:5:14: services.1.number: belongs to another service already, in line 2",
            "services.yaml:5:26: services.1.name: belongs to another service already, in line 3",
        ],
    ),
    (
        "agents.yaml",
        "[sales, support]",
        "[sails, nowhere]",
        [
            "agents.yaml:6:14: agents.ann.queues.0: there is no queue 'sails'; did you mean sales?",
            "agents.yaml:6:21: agents.ann.queues.1: there is no queue 'nowhere'; there are: sales, support",
            "queues.yaml:8:3: warning: queues.support: no agent serves this queue",
        ],
    ),
    (
        "agents.yaml",
        "[sales, support]",
        "[sales, sales]",
        [
            "agents.yaml:6:13: agents.ann.queues: 'sales' stands in this list twice",
            "queues.yaml:8:3: warning: queues.support: no agent serves this queue",
        ],
    ),
    (
        "flows.yaml",
        "otherwise: {queue: support}",
        "otherwise: {queue: sup-port}",
        [
            "flows.yaml:11:26: flows.welcome.menu.otherwise.queue: there is no queue 'sup-port'; did you mean support?",
        ],
    ),
    (
        "flows.yaml",
        "queue: sales",
        "queue: Sales",
        [
            "flows.yaml:8:33: flows.welcome.menu.choices.1.queue: must be a name: 1 to 40 of a-z 0-9 _ -, not 'Sales'",
            "flows.yaml:8:33: flows.welcome.menu.choices.1.queue: there is no queue 'Sales'; did you mean sales?",
        ],
    ),
    (
        "flows.yaml",
        "queue: sales",
        "queue: 7",
        [
            "flows.yaml:8:33: flows.welcome.menu.choices.1.queue: there is no queue '7'; there are: sales, support",
        ],
    ),
    (
        "agents.yaml",
        "queues: [sales, support]",
        "queues: [sales]",
        [
            "queues.yaml:8:3: warning: queues.support: no agent serves this queue",
        ],
    ),
    (
        "agents.yaml",
        "    queues: [sales, support]\n",
        "",
        [
            "agents.yaml:2:3: warning: agents.ann: serves no queue and will get no calls",
            "queues.yaml:8:3: warning: queues.support: no agent serves this queue",
        ],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), REFERENCES)
def test_a_name_that_leads_nowhere_is_told_where_it_is_used(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == expected


def test_a_file_that_cannot_be_read_is_not_accused_of_lacking_names(folder: Folder) -> None:
    folder.write("queues.yaml", "queues: [")

    assert [problem.file for problem in folder.problems()] == ["queues.yaml"]


def test_names_are_checked_even_while_their_file_has_mistakes_elsewhere(folder: Folder) -> None:
    folder.replace("queues.yaml", "ring_time: 15s", "ring_time: soon")
    folder.replace("agents.yaml", "queues: [sales, support]", "queues: [sales, sup-port, support]")

    assert [(problem.file, problem.path) for problem in folder.problems()] == [
        ("agents.yaml", "agents.ann.queues.1"),
        ("queues.yaml", "queues.sales.ring_time"),
    ]


def test_a_phone_may_be_shared_by_agents_as_at_a_hot_desk(folder: Folder) -> None:
    phones = [tuple(agent.phones) for agent in folder.load().agents.values()]

    assert phones == [("a1",), ("a1", "a2")]


def test_among_very_many_names_the_nearest_is_not_searched_for(folder: Folder) -> None:
    queues = "".join(f"  q{index}: {{}}\n" for index in range(600))
    folder.write("queues.yaml", f"queues:\n  sales: {{}}\n  support: {{}}\n{queues}")
    folder.replace("agents.yaml", "queues: [sales, support]", "queues: [sales, sup-port]")
    messages = [problem.message for problem in folder.problems() if problem.file == "agents.yaml"]

    assert messages == [
        "there is no queue 'sup-port'; there are: sales, support, q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, …"
    ]


def test_where_there_is_no_queue_at_all_that_is_said_alone(folder: Folder) -> None:
    folder.write("queues.yaml", "queues: {}\n")

    assert folder.complaints() == [
        "queues.yaml:1:9: queues: must be a mapping of one queue at least, not an empty mapping"
    ]
