"""Where calls may go: what the files say, what is refused, and what is doubted."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import pytest

from acd.policy import OverflowRule, QueuePolicy
from acd.ways import Cause, ChainRule, JoinRule, LeaveRule, Target, TargetKind
from config.errors import ConfigError
from cti.ids import QueueName
from cti.instants import seconds
from tests.config.folders import Folder

SHORT = """    overflow:
      after: 60s
      to: support
"""


def with_ways(folder: Folder, ways: str) -> list[str]:
    """Say this of the queue sales instead of its overflow; return what the check says."""
    folder.replace("queues.yaml", SHORT, ways)
    return folder.complaints()


def sales(folder: Folder) -> QueuePolicy:
    return folder.load().policy.queues[0]


def test_the_short_form_is_one_rule_by_wait(folder: Folder) -> None:
    assert sales(folder).overflow == OverflowRule(wait=seconds(60), to=QueueName("support"))
    assert sales(folder).chain == ()


def test_a_queue_may_keep_the_places_of_those_who_hang_up(folder: Folder) -> None:
    assert sales(folder).regain == 0
    assert with_ways(folder, "    regain: 5m\n") == []
    assert sales(folder).regain == seconds(300)


def test_each_way_out_becomes_a_rule_of_the_policy(folder: Folder) -> None:
    complaints = with_ways(
        folder,
        """    leave:
      all_not_ready: {queue: support, keep_age: false, after: 2m}
      closed: {busy: true}
    join:
      no_agents: {queue: support}
      closed: {busy: true}
    overflow:
      - {waiting: 20, calls_per_agent: 1.5, busy: true}
      - {wait: 60s, estimated_wait: 5m, queue: support}
""",
    )
    busy = Target(kind=TargetKind.BUSY)
    support = Target(kind=TargetKind.QUEUE, name="support")
    fresh = Target(kind=TargetKind.QUEUE, name="support", keeps_age=False)
    rules = sales(folder)

    assert complaints == []
    assert rules.overflow is None
    assert rules.join == (
        JoinRule(cause=Cause.CLOSED, target=busy),
        JoinRule(cause=Cause.NO_AGENTS, target=support),
    )
    assert rules.leave == (
        LeaveRule(cause=Cause.CLOSED, target=busy),
        LeaveRule(cause=Cause.ALL_NOT_READY, target=fresh, after=seconds(120)),
    )
    assert rules.chain == (
        ChainRule(target=busy, waiting=20, calls_per_agent=1_500_000),
        ChainRule(target=support, wait=seconds(60), estimated_wait=seconds(300)),
    )


@pytest.mark.parametrize(
    ("ways", "complaint"),
    [
        (
            "    join: {closed: {queue: nowhere}}",
            "queues.yaml:5:28: queues.sales.join.closed.queue: there is no queue 'nowhere'; there are: sales, support",
        ),
        (
            "    leave: {no_agents: {flow: welcom}}",
            "queues.yaml:5:31: queues.sales.leave.no_agents.flow: there is no flow 'welcom'; did you mean welcome?",
        ),
        (
            "    leave: {no_agents: {queue: sales}}",
            "queues.yaml:5:32: queues.sales.leave.no_agents.queue: must be another queue than this one",
        ),
        (
            "    overflow: [{wait: 60s, queue: sales}]",
            "queues.yaml:5:35: queues.sales.overflow.0.queue: must be another queue than this one",
        ),
        (
            "    overflow: [{wait: 60s, queue: support, busy: true}]",
            "queues.yaml:5:16: queues.sales.overflow.0: needs one target and no more of: queue, voicemail, number, flow, call_back, busy",
        ),
        (
            "    join: {full: {}}",
            "queues.yaml:5:18: queues.sales.join.full: needs one target and no more of: queue, voicemail, number, flow, call_back, busy",
        ),
        (
            "    overflow: [{queue: support}]",
            "queues.yaml:5:16: queues.sales.overflow.0: needs one condition at least: wait, waiting, calls_per_agent, estimated_wait",
        ),
        (
            "    overflow: [{wait: 60s, busy: true, keep_age: true}]",
            "queues.yaml:5:16: queues.sales.overflow.0: keep_age is for the target queue only; leave it out",
        ),
        (
            "    overflow: [{calls_per_agent: 0.0, busy: true}]",
            "queues.yaml:5:34: queues.sales.overflow.0.calls_per_agent: must be above 0",
        ),
        (
            "    overflow: [{calls_per_agent: many, busy: true}]",
            "queues.yaml:5:34: queues.sales.overflow.0.calls_per_agent: must be a number above 0 such as 2 or 1.5, not 'many'",
        ),
        (
            "    overflow: [{waits: 60s, busy: true}]",
            "queues.yaml:5:17: queues.sales.overflow.0.waits: is not a known key; did you mean wait? allowed: queue, voicemail, number, flow, call_back, busy, keep_age, wait, waiting, calls_per_agent, estimated_wait",
        ),
        (
            "    overflow: []",
            "queues.yaml:5:15: queues.sales.overflow: must be {after: …, to: QUEUE}, or a list of 1 to 20 rules, not a list of 0",
        ),
        (
            "    join: {gone: {busy: true}}",
            "queues.yaml:5:12: queues.sales.join.gone: is not a known key; allowed: closed, full, no_agents, all_not_ready",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(
    folder: Folder, ways: str, complaint: str
) -> None:
    assert complaint in with_ways(folder, ways + "\n")


def test_a_circle_is_told_once_with_all_who_are_in_it(folder: Folder) -> None:
    folder.replace("queues.yaml", "  support: {}", "  support: {leave: {closed: {queue: sales}}}")

    assert folder.complaints() == [
        "queues.yaml:7:11: warning: queues.sales.overflow.to: callers may be sent round and round: sales → support → sales"
    ]


def test_a_circle_may_lead_through_a_flow(folder: Folder) -> None:
    assert with_ways(folder, "    join: {closed: {flow: welcome}}\n    overflow: null\n") == []
    folder.replace("flows.yaml", "otherwise: {queue: support}", "otherwise: {queue: sales}")

    assert folder.complaints() == [
        "queues.yaml:5:20: warning: queues.sales.join.closed: callers may be sent round and round: sales → welcome → sales"
    ]


@pytest.mark.parametrize(
    ("chain", "number", "line"),
    [
        ("- {wait: 60s, busy: true}\n      - {wait: 60s, waiting: 2, queue: support}", 1, 6),
        ("- {wait: 90s, busy: true}\n      - {wait: 60s, busy: true}", 0, 7),
        ("- {waiting: 5, busy: true}\n      - {waiting: 9, queue: support}", 1, 6),
    ],
)
def test_a_rule_that_is_never_reached_is_told(
    folder: Folder, chain: str, number: int, line: int
) -> None:
    (told,) = with_ways(folder, f"    overflow:\n      {chain}\n")
    path = f"queues.sales.overflow.{number}"

    assert told == (
        f"queues.yaml:{6 + number}:9: warning: {path}: is never reached: the rule in line {line} takes every call first"
    )


@pytest.mark.parametrize(
    "chain",
    [
        "- {wait: 60s, queue: support}\n      - {wait: 60s, busy: true}",  # a queue may refuse
        "- {wait: 60s, waiting: 5, busy: true}\n      - {wait: 60s, busy: true}",
        "- {wait: 60s, busy: true}\n      - {waiting: 9, busy: true}",  # one for newcomers
        "- {waiting: 9, busy: true}\n      - {waiting: 5, queue: support}",
    ],
)
def test_a_rule_that_can_be_reached_is_left_alone(folder: Folder, chain: str) -> None:
    assert with_ways(folder, f"    overflow:\n      {chain}\n") == []


@pytest.mark.parametrize("target", ["voicemail: box", "number: '+4930123'", "call_back: true"])
def test_a_target_that_the_daemon_cannot_reach_is_doubted_and_keeps_it_from_starting(
    folder: Folder, target: str
) -> None:
    said = (
        f"the daemon cannot send callers to {target.partition(':')[0]} yet, and does not start "
        "with this; take queue, flow or busy (cordboard simulate knows them all)"
    )
    found = with_ways(folder, f"    join: {{closed: {{{target}}}}}\n")
    (told,) = [problem for problem in found if "the daemon cannot" in problem]

    assert told.startswith("queues.yaml:5:")
    assert told.endswith(said)
    assert ": warning: queues.sales.join.closed." in told
    with pytest.raises(ConfigError) as refused:
        folder.load()
    assert said in [problem.message for problem in refused.value.problems]


def test_a_short_wait_is_doubted_in_a_chain_too(folder: Folder) -> None:
    assert with_ways(folder, "    overflow:\n      - {wait: 5s, busy: true}\n") == [
        "queues.yaml:6:16: warning: queues.sales.overflow.0.wait: is shorter than ring_time (15s): a caller is offered to one agent at most"
    ]
