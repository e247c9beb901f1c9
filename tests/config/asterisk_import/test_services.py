"""Which numbers lead into which queue, and where callers go on."""

from pathlib import Path

import pytest

from config.asterisk_import.draft import Draft
from tests.config.asterisk_import.setups import drafted, told

QUEUES = "[sales]\n[support]\n"


def with_dialplan(folder: Path, extensions: str, queues: str = QUEUES) -> Draft:
    return drafted(folder, queues, extensions=extensions)


def numbers(draft: Draft) -> list[tuple[str, str, str, bool]]:
    return [(one.number, one.name, one.queue, bool(one.remark)) for one in draft.services]


def test_without_a_dialplan_each_queue_gets_a_number_that_must_be_put_right(tmp_path: Path) -> None:
    draft = drafted(tmp_path, QUEUES)

    assert numbers(draft) == [
        ("8000", "sales", "sales", True),
        ("8001", "support", "support", True),
    ]
    assert (
        "differs: queues.conf:1: [sales]: no number is known: the one in services.yaml is a guess; "
        "write the right one"
    ) in told(draft)


def test_a_queue_called_by_its_number_keeps_it_and_no_other_queue_gets_it(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[8000]\n[sales]\n")

    assert numbers(draft) == [("8000", "8000", "8000", False), ("8001", "sales", "sales", True)]


@pytest.mark.parametrize(
    "step",
    [
        "exten => 4000,1,Queue(sales)",
        "exten => 4000,1,Queue(Sales,t)",
        "exten => 4000,1(start),Queue(sales,tT,,,)",
        "exten => 4000,1,Answer()\n same => n(wait),Queue(sales)",
        "exten => 4000/0301234,1,Queue(sales)",
        "exten=4000,n,Queue(sales)",
    ],
)
def test_the_extension_that_a_queue_stands_in_is_its_number(tmp_path: Path, step: str) -> None:
    draft = with_dialplan(tmp_path, f"[in]\n{step}\nexten => *5#,1,Queue(support)\n")

    assert numbers(draft) == [
        ("4000", "sales", "sales", False),
        ("*5#", "support", "support", False),
    ]


def test_a_queue_of_two_numbers_has_two_services_of_different_names(tmp_path: Path) -> None:
    draft = with_dialplan(
        tmp_path, "[in]\nexten => 1,1,Queue(sales)\nexten => 2,1,Queue(sales)\n", "[sales]\n"
    )

    assert numbers(draft) == [("1", "sales", "sales", False), ("2", "sales-2", "sales", False)]


def test_a_number_of_two_queues_leads_to_the_first(tmp_path: Path) -> None:
    draft = with_dialplan(
        tmp_path, "[a]\nexten => 1,1,Queue(sales)\n[b]\nexten => 1,1,Queue(support)\n"
    )

    assert numbers(draft) == [("1", "sales", "sales", False)]
    assert [line for line in told(draft) if "extensions.conf:4" in line] == [
        (
            "differs: extensions.conf:4: [b] 1: Queue(support): 1 leads to sales already; a "
            "service leads to one queue"
        )
    ]
    assert (
        "differs: queues.conf:2: [support]: no Queue() leads to it in the dialplan that was read: "
        "it has no service"
    ) in told(draft)


def test_what_is_no_number_gets_one_to_be_put_right(tmp_path: Path) -> None:
    draft = with_dialplan(
        tmp_path,
        (
            "[a]\nexten => s,1,Queue(sales)\nexten => 7,1,Queue(support)\n"
            "exten => _X.,1,Queue(${EXTEN})\n"
        ),
    )

    assert numbers(draft) == [
        ("7", "support", "support", False),
        ("8000", "sales", "sales", True),
    ]
    lines = told(draft)
    assert (
        "differs: extensions.conf:2: [a] s: Queue(sales): s is no number that callers dial; see "
        "services.yaml"
    ) in lines
    assert (
        "no counterpart yet: extensions.conf:4: [a] _X.: Queue(${EXTEN}): which queue this is "
        "cannot be told from the file"
    ) in lines


def test_a_queue_right_behind_a_timeout_is_an_overflow(tmp_path: Path) -> None:
    draft = with_dialplan(
        tmp_path,
        "[a]\nexten => 1,1,Queue(sales,t,,,90)\n same => n,Queue(support,,,,60)\n"
        " same => n,VoiceMail(7)\nexten => 2,1,Queue(sales,,,,30)\n same => n,Queue(support)\n",
    )

    assert [queue.overflow for queue in draft.queues] == [(90, "support"), None]
    lines = told(draft)
    assert (
        "taken over: extensions.conf:2: [a] 1: Queue(sales,t,,,90): overflow of sales: after 90s "
        "to support, for all its callers"
    ) in lines
    assert (
        "no counterpart yet: extensions.conf:3: [a] 1: Queue(support,,,,60): timeout 60: callers "
        "keep waiting; VoiceMail is not reached"
    ) in lines
    assert (
        "differs: extensions.conf:5: [a] 2: Queue(sales,,,,30): timeout 30: sales has an overflow "
        "already, which counts for all"
    ) in lines


def test_other_arguments_of_queue_are_told(tmp_path: Path) -> None:
    lines = told(
        with_dialplan(tmp_path, "[a]\nexten => 1,1,Queue(sales,tT,http://x,beep,,a.agi,sub,r,2)\n")
    )

    assert [line.partition("r,2): ")[2].partition(":")[0] for line in lines if "r,2)" in line] == [
        "service 1 leads to sales",
        "options tT",
        "URL http",
        "announceoverride beep",
        "AGI a.agi",
        "gosub sub",
        "rule r",
        "position 2",
    ]
