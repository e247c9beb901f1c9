"""What becomes of the options of a queue, and that each of them is told."""

from pathlib import Path

import pytest

from config.asterisk_import.draft import QueueDraft
from tests.config.asterisk_import.setups import drafted, told


def queue(folder: Path, options: str) -> QueueDraft:
    (draft,) = drafted(folder, f"[sales]\n{options}\n").queues
    return draft


@pytest.mark.parametrize(
    ("option", "key", "value", "line"),
    [
        ("timeout = 25", "ring_time_s", 25, "taken over: {at} timeout = 25: ring_time: 25s"),
        (
            "timeout = 0",
            "ring_time_s",
            15,
            "differs: {at} timeout = 0: ring_time: 15s; a phone cannot ring without end here",
        ),
        ("timeout = -3", "ring_time_s", 15, "taken over: {at} timeout = -3: ring_time: 15s"),
        ("timeout = 900", "ring_time_s", 600, "differs: {at} timeout = 900: ring_time: 600s"),
        ("TimeOut = 7s", "ring_time_s", 7, "taken over: {at} TimeOut = 7s: ring_time: 7s"),
        ("wrapuptime = 30", "wrap_up_s", 30, "taken over: {at} wrapuptime = 30: wrap_up: 30s"),
        ("wrapuptime = x", "wrap_up_s", 0, "taken over: {at} wrapuptime = x: wrap_up: 0s"),
        (
            "wrapuptime = 9999",
            "wrap_up_s",
            3_600,
            "differs: {at} wrapuptime = 9999: wrap_up: 3600s",
        ),
        ("maxlen = 12", "waiting_max", 12, "taken over: {at} maxlen = 12: waiting_max: 12"),
        (
            "maxlen = 0",
            "waiting_max",
            10_000,
            (
                "differs: {at} maxlen = 0: waiting_max: 10000, the most there can be; there is no "
                "queue without a limit"
            ),
        ),
        ("autopause = no", "misses_max", 0, "taken over: {at} autopause = no: misses_max: 0"),
        ("autopause = all", "misses_max", 1, "taken over: {at} autopause = all: misses_max: 1"),
        (
            "autopause = yes",
            "misses_max",
            1,
            "differs: {at} autopause = yes: misses_max: 1; he is not ready in all his queues then",
        ),
        (
            "musiconhold = jazz",
            "music",
            "jazz",
            "taken over: {at} musiconhold = jazz: pbx.main.music",
        ),
        (
            "music = a b",
            "music",
            "",
            "differs: {at} music = a b: no name that a class of music can have here; left out",
        ),
    ],
)
def test_an_option_with_a_counterpart_becomes_its_value(
    tmp_path: Path, option: str, key: str, value: object, line: str
) -> None:
    draft = drafted(tmp_path, f"[sales]\n{option}\n")

    assert getattr(draft.queues[0], key) == value
    assert line.format(at="queues.conf:2: [sales]") in told(draft)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (
            "context = qout",
            (
                "no counterpart yet: {at} context = qout: a key leads nowhere while a caller "
                "waits; the menu before it takes keys"
            ),
        ),
        ("context =", "not needed: {at} context =: off, as it is here: nothing is lost"),
        ("announce-frequency = 0", "not needed: {at} announce-frequency = 0: off, as it is"),
        ("announce-frequency = 90", "no counterpart yet: {at} announce-frequency = 90: callers"),
        ("ringinuse = yes", "differs: {at} ringinuse = yes: never: an agent who talks"),
        ("ringinuse = no", "not needed: {at} ringinuse = no: never: an agent who talks"),
        ("joinempty = yes", "not needed: {at} joinempty = yes: callers may always join"),
        ("joinempty = paused,inuse", "differs: {at} joinempty = paused,inuse: callers"),
        ("leavewhenempty = strict", "differs: {at} leavewhenempty = strict: callers"),
        ("weight = 5", "no counterpart yet: {at} weight = 5: a queue's weight is no rank here"),
        ("retry = 2", "not needed: {at} retry = 2: there is no pause"),
        ("eventwhencalled = yes", "not needed: {at} eventwhencalled = yes: Asterisk 22 does not"),
        (
            "my-own = 1",
            (
                "no counterpart yet: {at} my-own = 1: Asterisk 22 does not know this option "
                "either; left out"
            ),
        ),
        ("a\x1b[31mb = c\x07d", r"no counterpart yet: {at} a\x1b[31mb = c\x07d: Asterisk 22"),
    ],
)
def test_an_option_without_one_is_told_with_what_happens_instead(
    tmp_path: Path, option: str, line: str
) -> None:
    lines = told(drafted(tmp_path, f"[sales]\n{option}\n"))

    wanted = line.format(at="queues.conf:2: [sales]")
    assert [one for one in lines if one.startswith(wanted)] != []


@pytest.mark.parametrize(
    ("options", "refusals", "line"),
    [
        ("autopausebusy = yes\nautopause = yes", ["busy"], "busy = yes: misses.busy.limit: 1"),
        (
            "autopause = all\nautopauseunavail = yes\nautopausebusy = no",
            ["unreachable"],
            "unavail = yes: misses.unreachable.limit: 1",
        ),
        ("autopausebusy = yes", [], "busy = yes: no effect without autopause"),
        ("autopause = yes\nautopausebusy = no", [], "busy = no: misses.busy.limit: 0"),
    ],
)
def test_a_phone_that_refuses_makes_its_agent_not_ready_where_it_did_in_asterisk(
    tmp_path: Path, options: str, refusals: list[str], line: str
) -> None:
    draft = drafted(tmp_path, f"[sales]\n{options}\n")

    assert refusals == draft.queues[0].refusals
    (found,) = [one for one in told(draft) if f"autopause{line}" in one]
    assert found.startswith("taken over: queues.conf:")


def test_a_queue_that_says_nothing_is_what_it_is_to_asterisk(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[sales]\n")
    (sales,) = draft.queues

    assert (sales.ring_time_s, sales.wrap_up_s, sales.misses_max) == (15, 0, 0)
    assert sales.waiting_max == 10_000
    assert draft.music == "default"
    assert "differs: queues.conf:1: [sales]: no maxlen, which is no limit: waiting_max: 10000" in (
        told(draft)
    )


def test_of_an_option_said_twice_the_one_counts_that_counts_for_asterisk(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        "[base](!)\nstrategy = random\ntimeout = 10\n"
        "[sales](base)\ntimeout = 20\nstrategy = linear\n",
    )
    lines = told(draft)

    assert draft.queues[0].ring_time_s == 20
    assert (
        "not needed: queues.conf:3: [sales] timeout = 10: queues.conf:5 counts instead, for "
        "Asterisk too"
    ) in lines
    assert (
        "not needed: queues.conf:6: [sales] strategy = linear: queues.conf:2 counts instead, for "
        "Asterisk too"
    ) in lines


def test_a_queue_defined_twice_and_a_template_without_use_are_told(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[sales]\n[Sales]\ntimeout = 9\n[unused](!)\ntimeout = 8\n")

    assert [one.name for one in draft.queues] == ["sales"]
    assert told(draft)[-2:] == [
        (
            "no counterpart yet: queues.conf:2: [Sales]: is there already, in queues.conf:1, which "
            "alone counts for Asterisk; left out"
        ),
        (
            "not needed: queues.conf:4: [unused](!): a template that nothing is made from; left "
            "out with its options"
        ),
    ]


def test_the_music_of_most_queues_is_the_music_of_all(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[a]\nmusic = jazz\n[b]\nmusic = rock\n[c]\nmusic = jazz\n[d]\n")

    assert draft.music == "jazz"
    assert [line for line in told(draft) if "class jazz" in line] == [
        "differs: queues.conf:3: [b]: its callers hear the class jazz like all others",
        "differs: queues.conf:7: [d]: its callers hear the class jazz like all others",
    ]


def test_the_general_section_is_told_and_the_first_of_two_counts(tmp_path: Path) -> None:
    lines = told(
        drafted(tmp_path, "[general]\nautofill = yes\nautofill = no\nshared_lastcall = no\n[a]\n")
    )

    assert [line for line in lines if "[general]" in line] == [
        (
            "differs: queues.conf:4: [general] shared_lastcall = no: always: wrap-up and idle time "
            "count over all queues of an agent"
        ),
        (
            "not needed: queues.conf:2: [general] autofill = yes: always: every waiting caller is "
            "offered at once when an agent is free"
        ),
        (
            "not needed: queues.conf:3: [general] autofill = no: queues.conf:2 counts instead, for "
            "Asterisk too"
        ),
    ]


def test_each_rule_of_queuerules_is_told(tmp_path: Path) -> None:
    lines = told(
        drafted(
            tmp_path,
            "[a]\ndefaultrule = r\n",
            queuerules="[general]\nrealtime_rules = yes\n[r]\npenaltychange => 30,+3\n",
        )
    )

    assert [line.partition(": all")[0] for line in lines if "queuerules" in line] == [
        (
            "no counterpart yet: queuerules.conf:2: [general] realtime_rules = yes: rules in a "
            "database are not read, and have no counterpart"
        ),
        "no counterpart yet: queuerules.conf:4: [r] penaltychange = 30,+3",
    ]


def test_queues_in_a_database_are_told(tmp_path: Path) -> None:
    lines = told(
        drafted(
            tmp_path,
            "[a]\n",
            extconfig="[settings]\nqueues => odbc,asterisk\nsippeers => odbc,asterisk\n",
        )
    )

    assert [line for line in lines if "extconfig" in line] == [
        (
            "no counterpart yet: extconfig.conf:2: [settings] queues => …: stands in a database, "
            "which is not read: write it out as a file of this form"
        )
    ]
