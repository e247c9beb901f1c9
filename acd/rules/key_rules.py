"""
What a key does that a waiting caller presses: it sends him where his queue says.

A key counts in whatever moment he presses it, during an announcement too, since he only waits then;
while an agent's phone rings for him as well, unless his queue's rules say otherwise. Where the
target takes nobody now, and where the key means nothing, he waits on.
"""

from dataclasses import replace

from acd.commands import WithdrawCause
from acd.rules import agent_rules, call_rules
from acd.rules.leave_rules import go
from acd.rules.way_finding import Step, refuses
from acd.tables.floor import Floor
from acd.tables.promises import Asked
from acd.tables.waiting import CallState
from acd.ways import Cause, Target, TargetKind
from cti.ids import CallId, QueueName


def press(floor: Floor, call_id: CallId, key: str) -> None:
    """Send a caller where the key leads that he pressed, if it leads anywhere now."""
    call = floor.calls.get(call_id)
    if call is None or call.state is CallState.TALKING or call.is_promised_perhaps:
        return
    rules = floor.queues[call.queue].rules
    target = next((rule.target for rule in rules.keys if rule.key == key), None)
    if target is None or _leads_back(target, call.queue) or refuses(floor, target):
        return
    if target.kind is TargetKind.CALL_BACK and (call.promise or call.asked is Asked.NOW):
        return
    if call.state is CallState.OFFERED and not rules.keys_while_ringing:
        return
    agent_rules.withdraw_call(floor, call, WithdrawCause.CALL_MOVED)
    go(floor, call, Step(from_queue=call.queue, cause=Cause.KEY, target=target))
    if target.kind is not TargetKind.QUEUE:
        return
    # He chose this queue himself: its position and wait are news to him, also where they are worse.
    call.hearing = replace(call.hearing, position=None, wait=None)
    if call.state is CallState.HELD:
        call_rules.give_back(floor, call)


def _leads_back(target: Target, queue: QueueName) -> bool:
    return target.kind is TargetKind.QUEUE and target.name == queue
