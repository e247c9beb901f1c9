"""What callers hear while they wait, as queues.yaml says it."""

import pytest

from acd.announce_policy import AnnouncePolicy, ComfortPolicy, EstimatePolicy, PositionPolicy
from acd.ways import KeyRule, Target, TargetKind
from cti.instants import seconds
from tests.config.folders import Folder, sound

RING = "ring_time: 15s"
COMFORT = "comfort: {prompts: [welcome]}"


def announce(folder: Folder, *lines: str) -> None:
    """Give the queue sales these lines in its announce."""
    inner = "\n      ".join(lines)
    folder.replace("queues.yaml", RING, f"{RING}\n    announce:\n      {inner}")


def problems(folder: Folder, *lines: str) -> list[str]:
    """Return what is said of such lines."""
    announce(folder, *lines)
    return [str(problem).partition(": ")[2] for problem in folder.problems()]


def test_all_that_is_said_arrives_in_the_policy(folder: Folder) -> None:
    announce(
        folder,
        "position: {at_most: 5}",
        "estimate: {round_to: 30s, at_most: 10m, trusted: 70, cases: 30}",
        "first_after: 5s",
        "every: 45s",
        "only_improved: false",
        "comfort: {prompts: [welcome, wrong-key], first_after: 10s, every: 20s}",
    )
    sales, support = folder.load().policy.queues

    assert support.announce is None
    assert sales.announce == AnnouncePolicy(
        first_after=seconds(5),
        every=seconds(45),
        only_improved=False,
        position=PositionPolicy(at_most=5),
        estimate=EstimatePolicy(
            round_to=seconds(30), at_most=seconds(600), trusted=700_000, cases=30
        ),
        comfort=ComfortPolicy(
            prompts=("welcome", "wrong-key"), first_after=seconds(10), every=seconds(20)
        ),
    )


def test_everything_has_a_default(folder: Folder) -> None:
    announce(folder, "position: {}", "estimate: {}", COMFORT)
    told = folder.load().policy.queues[0].announce

    assert told is not None
    assert (told.first_after, told.every, told.only_improved) == (seconds(20), seconds(60), True)
    assert told.position == PositionPolicy(at_most=10)
    assert told.estimate == EstimatePolicy(
        round_to=seconds(60), at_most=seconds(1_800), trusted=600_000, cases=50
    )


def test_another_announcement_is_another_policy(folder: Folder) -> None:
    before = folder.load().policy.version
    announce(folder, "position: {}")

    assert folder.load().policy.version != before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("every: 9s", "queues.sales.announce.every: must be a duration from 10s to 1h"),
        (
            "comfort: {prompts: [welcome], every: 1s}",
            "queues.sales.announce.comfort.every: must be a duration from 10s to 1h",
        ),
        ("comfort: {prompts: []}", "queues.sales.announce.comfort.prompts: must be a list of 1"),
        ("comfort: {}", "queues.sales.announce.comfort.prompts: is missing"),
        (
            "comfort: {prompts: [welcom]}",
            "queues.sales.announce.comfort.prompts.0: the prompt prompts/welcom.wav",
        ),
        ("position: {at_most: 0}", "queues.sales.announce.position.at_most: must be 1 to 1000"),
        ("position: true", "queues.sales.announce.position: must be a mapping"),
        ("estimate: {trusted: 101}", "queues.sales.announce.estimate.trusted: must be 0 (never"),
        ("estimate: {cases: 201}", "queues.sales.announce.estimate.cases: must be 1 to 200"),
        (
            "estimate: {round_to: 10m, at_most: 5m}",
            "queues.sales.announce.estimate: at_most is less than round_to (10m)",
        ),
        ("only_improved: maybe", "queues.sales.announce.only_improved: must be true or false"),
        ("first: 20s", "queues.sales.announce.first: is not a known key; did you mean first_after"),
    ],
)
def test_what_cannot_be_announced_is_refused(folder: Folder, line: str, told: str) -> None:
    (found,) = problems(folder, line)

    assert told in found


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["only_improved: true"], "announce: says nothing"),
        ([COMFORT, "every: 30s"], "announce.every: has no effect"),
        (["position: {}", "first_after: 60s"], "first_after: is never heard: callers go"),
        (
            ["comfort: {prompts: [welcome], first_after: 2m}"],
            "comfort.first_after: is never heard: callers go on to another queue after 1m",
        ),
        (["estimate: {trusted: 0}"], "trusted: estimates are told, however wrong"),
        (["estimate: {trusted: 95}"], "trusted: is more than right estimates reach (85"),
    ],
)
def test_what_is_announced_for_nothing_is_warned_of(
    folder: Folder, lines: list[str], told: str
) -> None:
    (found,) = problems(folder, *lines)

    assert told in found


def test_an_estimate_in_a_queue_that_nobody_serves_is_warned_of(folder: Folder) -> None:
    folder.replace(
        "queues.yaml", "  support: {}", "  support: {}\n  night:\n    announce:\n      estimate: {}"
    )
    found = [str(problem).partition(": ")[2] for problem in folder.problems()]

    assert "warning: queues.night.announce.estimate: is never told: no agent serves this queue" in (
        found
    )


def test_a_prompt_that_only_a_queue_uses_is_used(folder: Folder) -> None:
    folder.write("prompts/hold.wav", sound())
    assert problems(folder, "comfort: {prompts: [hold]}") == []


def test_the_daemon_is_told_that_nobody_hears_it_yet_and_the_check_is_not(folder: Folder) -> None:
    assert problems(folder, "position: {}") == []

    (warning,) = folder.load().warnings
    assert "warning: queues.sales.announce: is not played to callers by this version" in str(
        warning
    )


def keys(folder: Folder, *lines: str) -> None:
    """Give the queue sales these lines."""
    folder.replace("queues.yaml", RING, "\n    ".join((RING, *lines)))


def test_keys_lead_to_every_kind_of_target(folder: Folder) -> None:
    keys(
        folder,
        "keys:",
        "  1: {voicemail: box}",
        "  '*': {queue: support, keep_age: false}",
        "  0: {call_back: true}",
        "keys_while_ringing: false",
    )
    sales, support = folder.load().policy.queues

    assert sales.keys == (
        KeyRule(key="1", target=Target(kind=TargetKind.VOICEMAIL, name="box")),
        KeyRule(key="*", target=Target(kind=TargetKind.QUEUE, name="support", keeps_age=False)),
        KeyRule(key="0", target=Target(kind=TargetKind.CALL_BACK)),
    )
    assert (sales.keys_while_ringing, support.keys, support.keys_while_ringing) == (False, (), True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("keys: {12: {busy: true}}", "queues.sales.keys.12: must be one key of a telephone"),
        ("keys: {1: {}}", "queues.sales.keys.1: needs one target and no more of: queue, voicemail"),
        ("keys: {1: {queue: zupport}}", "there is no queue 'zupport'; did you mean support?"),
        ("keys: {1: {flow: welcom}}", "there is no flow 'welcom'; did you mean welcome?"),
        (
            "keys: {1: {queue: sales}}",
            "keys.1.queue: must be another queue than this one",
        ),
        ("keys_while_ringing: true", "keys_while_ringing: has no effect: no key leads anywhere"),
    ],
)
def test_keys_that_cannot_lead_anywhere_are_told(folder: Folder, line: str, told: str) -> None:
    keys(folder, line)
    (found,) = folder.complaints()

    assert told in found


def test_a_queue_that_only_a_key_leads_into_is_not_without_callers(folder: Folder) -> None:
    keys(folder, "keys: {1: {queue: night}}")
    folder.replace("queues.yaml", "  support: {}", "  support: {}\n  night: {}")
    folder.replace("agents.yaml", "queues: [sales, support]", "queues: [sales, support, night]")

    assert folder.complaints() == []


def test_the_daemon_is_told_that_no_key_is_heard_yet(folder: Folder) -> None:
    keys(folder, "keys: {1: {queue: support}}")

    (warning,) = folder.load().warnings
    assert "queues.sales.keys: is not heard by this version" in str(warning)
