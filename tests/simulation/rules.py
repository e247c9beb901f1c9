"""The rules of the queues on days by chance: something of everything that a queue may be told."""

from dataclasses import replace
from typing import TypeVar

from acd.policy import Policy, QueuePolicy, Strategy
from acd.ways import ChainRule, JoinRule, KeyRule, LeaveRule, Target, TargetKind
from cti.ids import AgentId
from cti.instants import seconds
from tests.acd.script import (
    announce_policy,
    call_back_policy,
    policy,
    queue_policy,
    step,
)

AGENTS = tuple(AgentId(name) for name in ("ann", "ben", "cat", "dan", "eve", "fay"))
ALL = "english:9 spanish:9 x:9"
KEYS = (
    KeyRule(key="1", target=Target(kind=TargetKind.QUEUE, name="night")),
    KeyRule(key="2", target=Target(kind=TargetKind.VOICEMAIL, name="box")),
    KeyRule(key="3", target=Target(kind=TargetKind.QUEUE, name="sales", keeps_age=False)),
    KeyRule(key="4", target=Target(kind=TargetKind.BUSY)),
    KeyRule(key="5", target=Target(kind=TargetKind.CALL_BACK)),
)


def policies() -> list[Policy]:
    """Return the policies that follow one another in a day."""
    sales = queue_policy(
        "sales",
        ring=15,
        wrap=5,
        misses=2,
        room=6,
        overflow=(20, "support"),
        causes="rejected:2:3 unreachable:3:10",
        wrap_max=9,
    )
    support = queue_policy("support", ring=10, wrap=0, misses=0, room=20, overflow=(30, "sales"))
    night = queue_policy(
        "night",
        ring=12,
        wrap=8,
        misses=1,
        room=8,
        overflow=(25, "nowhere"),
        causes="no_answer:2:4 busy:1:0",
    )
    spoken = announce_policy(
        first=2, every=10, position=2, estimate=(5, 60), comfort="hold on", comfort_times=(0, 10)
    )
    wrong = announce_policy(
        first=0, every=1, estimate=(1, 20), trusted=1.0, cases=2, only_improved=False
    )
    soon = call_back_policy(retry=20, retries="busy:5", dial=10, expires=200)
    customer = call_back_policy(
        first="customer", retry=15, dial=15, expires=300, attempts=2, ahead=10
    )
    night = replace(night, call_back=customer)
    support = replace(support, keys=KEYS, call_back=soon)
    telling = replace(support, announce=wrong, keys_while_ringing=False)
    sales = replace(sales, announce=spoken)
    everybody = "ann:sales ben:sales,support cat:support dan:sales,support,night eve:night fay:"
    fewer = "ann:sales,support ben:support dan:night zoe:sales"
    return [
        # who knows everything: by this policy every caller can be served
        policy(everybody, sales, support, night, version="v1", skills=dict.fromkeys(AGENTS, ALL)),
        policy(everybody, sales, support, version="v2"),
        policy(fewer, sales, support, night, version="v3", wraps="ann:2 ben:support:7 dan:0"),
        policy(everybody, *_with_ways(), version="ways"),
        policy(fewer, *reversed(_with_ways()), version="ways, fewer"),
        policy(everybody, queue_policy("sales", wrap=1), telling, night, version="v4"),
        *(
            policy(everybody, *(_by(strategy, rules) for rules in rest), version=strategy.value)
            for strategy, *rest in (
                (Strategy.ROUND_ROBIN, sales, support, night),
                (Strategy.FEWEST_CALLS, telling, night, sales),
                (Strategy.LEAST_OCCUPIED, sales, support, night),
                (Strategy.ORDERED, sales, support, night),
                (Strategy.WEIGHTED_RANDOM, sales, support, night),
                (Strategy.RING_ALL, sales, telling, night),
                (Strategy.RING_PROGRESSIVELY, telling, night, sales),
            )
        ),
        *_skilled(everybody, fewer),
    ]


def _skilled(*staffs: str) -> list[Policy]:
    """Return policies that ask for skills, in steps and rings, and keep calls for agents."""
    sales = queue_policy(
        "sales",
        wrap=5,
        skills="english:2",
        steps=(step(5, "english:1 spanish:1"), step(12, any_skills=True, ring=2)),
        rings="dan:2",
        preferred=6,
    )
    support = queue_policy(
        "support",
        wrap=0,
        strategy=Strategy.MOST_SKILLED,
        steps=(step(8, "spanish:0", agents="ann zoe"), step(8, ring=3), step(20, any_skills=True)),
        rings="cat:3",
        preferred=20,
        weight=15,
    )
    night = queue_policy("night", overflow=(10, "sales"), steps=(step(4, agents="fay ben"),))
    knowing = {"ann": "english:3", "ben": "english:1 spanish:2", "cat": "spanish:5", "eve": "x:1"}
    learnt = {"ann": "spanish:1", "ben": "english:2", "dan": "english:2 spanish:2", "zoe": "x:9"}
    plain = queue_policy("sales", wrap=5)
    return [
        policy(staffs[0], sales, support, night, version="skilled", skills=knowing),
        policy(staffs[0], sales, support, night, version="learnt", skills=learnt),
        policy(staffs[1], support, night, plain, version="fewer skilled", skills=knowing),
    ]


def _with_ways() -> list[QueuePolicy]:
    """Return queues with rules for wherever a call may go, some of them in circles."""
    return [
        queue_policy(
            "sales",
            room=6,
            regain=60,
            join="closed>queue:support full>voicemail:box all_not_ready>busy",
            leave="all_not_ready@20>queue:support closed@5>fresh:night closed@40>voicemail:box",
            call_back=call_back_policy(first="customer", retry=5, dial=5, expires=60),
            chain="wait=15,waiting=3>queue:support calls_per_agent=4>number:99 wait=60>flow:late",
        ),
        queue_policy(
            "support",
            room=5,
            join="no_agents>queue:night closed>call_back",
            leave="no_agents>call_back full>queue:night",
            keys="5>call_back",
            call_back=call_back_policy(retry=10, dial=5, expires=100),
            overflow=(30, "sales"),
        ),
        queue_policy(
            "night",
            room=4,
            join="closed>queue:sales",
            leave="closed>queue:nowhere no_agents@10>queue:support",
            chain="waiting=3>busy estimated_wait=9>number:7 "
            "wait=25,calls_per_agent=2>call_back wait=50>queue:sales",
        ),
    ]


def _by(strategy: Strategy, rules: QueuePolicy) -> QueuePolicy:
    """Return the same rules with another strategy, whose window is short."""
    order = tuple(AgentId(name) for name in ("dan", "ann", "eve"))
    weights = ((AgentId("ann"), 5), (AgentId("cat"), 2))
    return replace(
        rules, strategy=strategy, window=seconds(600), order=order, weights=weights, seed=3
    )


def without_call_backs(content: Policy) -> Policy:
    """Return a policy by which those go to voicemail who would be called back."""
    queues = tuple(
        replace(
            rules,
            join=_elsewhere(rules.join),
            leave=_elsewhere(rules.leave),
            chain=_elsewhere(rules.chain),
            keys=_elsewhere(rules.keys),
        )
        for rules in content.queues
    )
    return replace(content, queues=queues)


_Rule = TypeVar("_Rule", JoinRule, LeaveRule, ChainRule, KeyRule)


def _elsewhere(rules: tuple[_Rule, ...]) -> tuple[_Rule, ...]:
    box = Target(kind=TargetKind.VOICEMAIL, name="box")
    return tuple(
        replace(rule, target=box) if rule.target.kind is TargetKind.CALL_BACK else rule
        for rule in rules
    )
