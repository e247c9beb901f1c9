"""`cordboard explain`: a call, an agent, a caller, in plain sentences."""

import json
import sqlite3
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from acd.facts import (
    AgentLoggedOff,
    AgentMadeNotReady,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
    QueueClosed,
    SaidBy,
)
from cti.commands import main
from cti.ids import OfferId
from tests.acd.script import policy, queue_policy
from tests.cti.explaining.life import EVERYBODY, Life, lived
from tests.cti.floors import ANN, BEN, SALES, arrived, queued, works

ZULU = "2023-11-14T22:13:{}Z"


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = lived(tmp_path, version=version("cordboard"))
    yield life
    life.journal.close()


def run(life: Life, *arguments: str) -> Result:
    result = CliRunner().invoke(
        main, ["explain", *arguments, "--journal", str(life.path)], catch_exceptions=False
    )

    assert "Traceback" not in result.output
    return result


def lines(life: Life, *arguments: str) -> list[str]:
    told = run(life, *arguments)

    assert (told.exit_code, told.stderr) == (0, "")
    return told.stdout.splitlines()


def test_a_call_is_told_from_its_coming_to_its_end(life: Life) -> None:
    assert lines(life, "c22") == [
        "Call c22, 2023-11-14 22:13:48",
        "22:13:48.000  The caller came, for service 8000.",
        "22:13:48.000  He was given a place in queue sales.",
        "22:13:48.000  The call was offered to ben (offer 3, main/PJSIP/ben).",
        "              Why then: the caller had come into the queue, and an agent was ready.",
        (
            "              Why ben: rule longest_idle, the agent who has been idle longest;"
            " idle since 22:13:47.000, for 1.0 s."
        ),
        "              Nobody else could have taken the call.",
        "              Journal position 32, policy version v1.",
        "              The other agents of queue sales:",
        "                ann was talking, since 22:13:26.000, with call c1",
        "                dan was not ready, since 22:13:24.000; reason: lunch \\x1b[31m",
        "              1 agent does not serve this queue: cat",
        "22:14:01.500  ben answered.",
        "22:14:06.500  The caller's line was gone.",
        "22:14:06.500  The call ended: the caller hung up.",
        "He waited 14 s until an agent answered.",
    ]


def test_why_a_caller_waits_and_why_the_next_offer_came_is_told(life: Life) -> None:
    told = lines(life, "c2")
    missed = told.index("22:13:47.000  ben did not answer within the ring time.")

    assert told[missed + 1 : missed + 3] == [
        "              He is the first in queue sales.",
        "              He waits because none of its 3 agents can take him now:",
    ]
    assert (
        "                ben had not taken this call, and was not to be offered it again"
        " before 22:13:52.000"
    ) in told
    assert "              Why then: ann had just finished wrapping up." in told
    assert "                ben was being offered call c22, since 22:13:48.000" in told


def test_json_has_the_same_sentences_and_what_they_are_made_of(life: Life) -> None:
    told = json.loads(run(life, "c22", "--json").stdout)
    offer = next(h for h in told["found"]["happenings"] if h["body"]["what"] == "OfferCall")

    assert told["told"] == lines(life, "c22")
    assert told["found"]["snapshot"] == 21  # and not from the journal's beginning
    assert (offer["at"], offer["body"]["ring_time"]) == ("2023-11-14T22:13:48Z", 15.0)
    assert [
        (agent["agent"], agent["ruled_out"])
        for agent in offer["offered"]["decision"]["competitors"]["agents"]
    ] == [("ann", "busy"), ("dan", "not_ready")]


def test_several_calls_that_begin_so_are_listed(life: Life) -> None:
    told = run(life, "c")

    assert (told.exit_code, told.stdout) == (1, "")
    assert [line.split()[0] for line in told.stderr.splitlines()[1:]] == ["c1", "c2", "c22"]


@pytest.mark.parametrize("typed", ["c3", "", "%", '"', "\x1b[31m"])
def test_a_call_that_is_not_there_is_said_not_to_be(life: Life, typed: str) -> None:
    told = run(life, typed)

    assert told.exit_code == 1
    assert "the journal has no call" in told.stderr
    assert "\x1b" not in told.stderr


@pytest.mark.parametrize(
    ("agent", "second", "told"),
    [
        ("ann", "24", "He had no call because nobody waited in his queues: sales."),
        ("ann", "46", "He was talking with call c1, since 22:13:26.000, for 20 s."),
        ("ann", "55", "He was wrapping up call c1, since 22:13:51.000, until 22:14:01.000."),
        ("ben", "46", "He was being offered call c2, since 22:13:46.000."),
        (
            "ben",
            "47.5",
            "  call c2 in sales had not been taken by him, and was spared him until 22:13:52.000",
        ),
        ("dan", "50", "He was not ready, since 22:13:24.000; reason: lunch \\x1b[31m."),
        ("cat", "50", "He was logged off, since 22:13:20.000."),
        ("cat", "50", "Calls that waited in queues which he does not serve: sales: 2."),
    ],
)
def test_what_an_agent_did_at_a_time_is_told(
    life: Life, agent: str, second: str, told: str
) -> None:
    assert told in lines(life, "--agent", agent, "--at", ZULU.format(second))


def test_after_how_many_misses_the_system_made_an_agent_not_ready_is_told(tmp_path: Path) -> None:
    life = Life(tmp_path)
    rules = queue_policy(causes="rejected:2:2")
    life.go(PolicyApplied(policy=policy("ann:sales ben:sales", rules)))
    life.go(*works(ANN))
    life.go(arrived("c1"), queued("c1"))
    rejected = [OfferEnded(offer=OfferId(one), outcome=OfferOutcome.REJECTED) for one in (1, 2)]
    life.go(rejected[0], then_s=6)  # 22:13:23
    life.go(rejected[1])  # 22:13:29
    life.go(*works(BEN))
    life.journal.close()
    reason = "by the system, after 2 rejected calls in a row (calls_rejected)"

    assert f"He was not ready, since 22:13:29.000; reason: {reason}." in lines(
        life, "--agent", "ann", "--at", ZULU.format(31)
    )
    resting = "He was given no calls until 22:13:25.000: he had not taken one, or his phone had"
    assert f"{resting} refused it." in lines(life, "--agent", "ann", "--at", ZULU.format(24))
    assert f"                ann was not ready, since 22:13:29.000; reason: {reason}" in lines(
        life, "c1"
    )


def test_what_an_agent_wished_during_a_talk_is_told_too(life: Life) -> None:
    life.go(arrived("c3"), queued("c3"))
    life.go(OfferAnswered(offer=OfferId(5)))
    life.go(AgentMadeNotReady(agent=ANN, reason="tea"))
    life.go(AgentLoggedOff(agent=ANN))

    assert "He wanted no calls afterwards; reason: tea." in lines(
        life, "--agent", "ann", "--at", "2023-11-14T22:14:10.6Z"
    )
    assert "He had logged off already: it takes effect when that is over." in lines(
        life, "--agent", "ann", "--at", "2023-11-14T22:14:12Z"
    )


def test_what_is_asked_of_the_time_after_the_last_record_is_told_with_that(life: Life) -> None:
    first, *told = lines(life, "--agent", "dan", "--at", "2023-12-01T00:00:00Z")

    assert first == (
        "The last record of the journal is of 2023-11-14 22:14:07: what follows is how things"
        " stood then, and holds on only if nothing has happened since."
    )
    assert told[0] == "Agent dan at 2023-12-01 00:00:00"


def test_an_agent_who_is_not_there_is_told_who_is(life: Life) -> None:
    told = run(life, "--agent", "zoe", "--at", ZULU.format(50))

    assert told.exit_code == 1
    assert "there was no agent zoe then; the agents were ann, ben, cat, dan" in told.stderr


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("21", "He had not come yet."),
        ("46.5", "He was just being offered to ben."),
        ("47.5", "He had been waiting for 1.5 s, in queue sales."),
        ("47.5", "He is the first in queue sales."),
    ],
)
def test_where_a_caller_was_at_a_time_is_told(life: Life, second: str, told: str) -> None:
    assert told in lines(life, "--caller", "c2", "--at", ZULU.format(second))


def test_a_caller_who_talked_and_one_who_is_gone_are_told(life: Life) -> None:
    talking = lines(life, "--caller", "c22", "--at", "2023-11-14T22:14:03Z")
    gone = lines(life, "--caller", "c22", "--at", "2023-11-14T22:14:07Z")

    assert talking[1:] == ["He was talking with ben."]
    assert "22:14:06.500  The call ended: the caller hung up." in gone


def test_what_is_older_than_what_the_journal_keeps_is_told_as_far_as_it_goes(life: Life) -> None:
    life.journal.prune(15)
    call = lines(life, "c1")
    early = run(life, "--agent", "ann", "--at", ZULU.format(25))
    before = run(life, "--agent", "ann", "--at", ZULU.format(21))

    assert "              Ruled out, as counted then: not_ready: 1." in call
    assert call[-1].startswith("How each agent stood cannot be rebuilt: the journal no longer")
    assert (early.exit_code, before.exit_code) == (1, 1)
    assert "no snapshot that this version can read" in early.stderr
    assert "the journal begins at" in before.stderr


def test_a_snapshot_of_another_state_is_passed_over_for_an_older_way(life: Life) -> None:
    life.journal.save_snapshot(31, life.desk.hands.clock().now(), b'{"core": 1}')

    assert "              The other agents of queue sales:" in lines(life, "c22")


def test_a_record_on_the_way_that_cannot_be_read_ends_the_lists_and_not_the_story(
    life: Life,
) -> None:
    with sqlite3.connect(life.path) as connection:
        connection.execute("DELETE FROM snapshots")
        connection.execute("UPDATE records SET name = 'AgentSang' WHERE name = 'AgentMadeNotReady'")
    connection.close()
    told = lines(life, "c22")
    asked = run(life, "--agent", "ann", "--at", ZULU.format(50))

    assert "22:14:01.500  ben answered." in told
    assert told[-1].startswith("How each agent stood cannot be rebuilt: another version")
    assert (asked.exit_code, "another version of Cordboard" in asked.stderr) == (1, True)


def test_a_core_that_decides_otherwise_is_said_and_the_journals_own_words_remain(
    life: Life,
) -> None:
    with sqlite3.connect(life.path) as connection:
        connection.execute(
            "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), 'longest_idle', 'oldest')"
            " AS BLOB) WHERE name = 'OfferCall'"
        )
    connection.close()
    told = lines(life, "c22")

    assert "              Ruled out, as counted then: not_ready: 1, busy: 1." in told
    assert told[-1].startswith("How each agent stood cannot be rebuilt from here on")


def test_what_is_asked_must_be_one_thing_and_times_must_be_times(life: Life) -> None:
    for wrong in (
        [],
        ["c2", "--agent", "ann"],
        ["c2", "--at", "14:05"],
        ["--agent", "ann"],
        ["--agent", "ann", "--at", "soon"],
        ["--caller", "c2", "--at", "2099-01-01"],
    ):
        assert run(life, *wrong).exit_code == 2


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (
            QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR, note="office"),
            "It was closed since 2023-11-14 22:13:21 by its opening hours: office.",
        ),
        (
            QueueClosed(queue=SALES, said_by=SaidBy.PERSON, note="fire \x1b[31m"),
            "It was closed since 2023-11-14 22:13:21 by a person: fire \\x1b[31m.",
        ),
        (
            QueueClosed(queue=SALES, said_by=SaidBy.PERSON),
            "It was closed since 2023-11-14 22:13:21 by a person.",
        ),
    ],
)
def test_who_had_closed_a_queue_is_told(tmp_path: Path, word: QueueClosed, told: str) -> None:
    life = Life(tmp_path)
    life.go(PolicyApplied(policy=EVERYBODY))
    life.go(word)
    life.go(arrived("c1"), queued("c1"))
    life.journal.close()
    said = lines(life, "c1")

    place = next(at for at, line in enumerate(said) if "turned him away: it was closed" in line)
    assert said[place + 1].strip() == told
