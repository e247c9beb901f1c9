"""
The mutants: mistakes that somebody could make in the core, each to be found by its tests.

One whose piece of source is gone is to be written anew, or replaced by one of the same kind: the
list says what the tests are known to find, so it must not shrink by itself.
"""

from typing import Final

from tests.mutants.planting import Mutant

MUTANTS: Final = (
    Mutant(
        name="forget the wrap-up",
        file="acd/agent_rules.py",
        there="if agent.wrap_up > 0:",
        instead="if agent.wrap_up < 0:",
    ),
    Mutant(
        name="keep one talk's wrap-up for the next",
        file="acd/agent_rules.py",
        there="agent.wrap_up = agent.wrap_up_max = NO_WRAP_UP",
        instead="pass",
    ),
    Mutant(
        name="extend paperwork without limit",
        file="acd/agent_rules.py",
        there="min(later(agent.wrap_up_ends, by), latest)",
        instead="later(agent.wrap_up_ends, by)",
    ),
    Mutant(
        name="let it ring on for an agent who logs off",
        file="acd/agent_rules.py",
        there="agent.want(Wish.LOGGED_OFF, None, floor.now)\n    _withdraw_from(floor, agent)",
        instead="agent.want(Wish.LOGGED_OFF, None, floor.now)",
    ),
    Mutant(
        name="cut a talk short by logging off",
        file="acd/agent_rules.py",
        there="if agent.occupation not in (Occupation.OFFERED, Occupation.BUSY):",
        instead="if agent.occupation is not Occupation.OFFERED:",
    ),
    Mutant(
        name="give one phone to two agents",
        file="acd/agent_rules.py",
        there="log_off(floor, floor.agents[holder])",
        instead="pass",
    ),
    Mutant(
        name="remember misses after logging on anew",
        file="acd/agent_rules.py",
        there="agent.misses.clear()",
        instead="pass",
    ),
    Mutant(
        name="let an agent rest on after logging on anew",
        file="acd/agent_rules.py",
        there="_clear_rest(floor, agent)\n    agent.want(",
        instead="agent.want(",
    ),
    Mutant(
        name="ring on at the phone that an agent has left",
        file="acd/agent_rules.py",
        there="_withdraw_from(floor, agent)\n        _part_from_phone(floor, agent)",
        instead="_part_from_phone(floor, agent)",
    ),
    Mutant(
        name="blame an agent whose ringing was cut short",
        file="acd/agent_rules.py",
        there="if not loses_turn:",
        instead="if loses_turn:",
    ),
    Mutant(
        name="ask twice to withdraw an offer",
        file="acd/agent_rules.py",
        there="if offer.state is OfferState.RINGING:",
        instead="if offer.offer:",
    ),
    Mutant(
        name="offer to a paused agent",
        file="acd/agent_state.py",
        there="if self.wish is Wish.NOT_READY:\n            return Standing.NOT_READY",
        instead="if self.wish is Wish.NOT_READY:\n            return Standing.READY",
    ),
    Mutant(
        name="offer to a resting agent",
        file="acd/agent_state.py",
        there="return Standing.READY if self.rests_until is None else Standing.RESTING",
        instead="return Standing.READY",
    ),
    Mutant(
        name="let an agent keep his place in line over a break",
        file="acd/agent_state.py",
        there="if wish is Wish.READY:",
        instead="if wish is None:",
    ),
    Mutant(
        name="remember misses after an answer",
        file="acd/offer_rules.py",
        there="agent.misses.clear()",
        instead="pass",
    ),
    Mutant(
        name="off by one in the limit of misses",
        file="acd/offer_rules.py",
        there="0 < rule.limit <= row",
        instead="0 < rule.limit < row",
    ),
    Mutant(
        name="take no limit of misses for a limit of none",
        file="acd/offer_rules.py",
        there="0 < rule.limit <= row",
        instead="rule.limit <= row",
    ),
    Mutant(
        name="withdraw an offer as its ring time ends",
        file="acd/offer_rules.py",
        there="queue.rules.ring_time + OVERDUE_MARGIN",
        instead="queue.rules.ring_time",
    ),
    Mutant(
        name="send an agent to the end of the line whose caller left",
        file="acd/offer_rules.py",
        there="agent_rules.end_offer(floor, agent, loses_turn=False)",
        instead="agent_rules.end_offer(floor, agent, loses_turn=True)",
    ),
    Mutant(
        name="let who did not answer keep his turn",
        file="acd/offer_rules.py",
        there="if consequence.loses_turn:",
        instead="if not consequence.loses_turn:",
    ),
    Mutant(
        name="offer at once a call whose caller is said to have left",
        file="acd/offer_rules.py",
        there="if outcome is OfferOutcome.CALLER_LEFT:",
        instead="if outcome is None:",
    ),
    Mutant(
        name="number two offers alike",
        file="acd/offer_rules.py",
        there="floor.last_offer += 1",
        instead="floor.last_offer |= 1",
    ),
    Mutant(
        name="have a policy reach into an offer's wrap-up",
        file="acd/offer_rules.py",
        there="agent.wrap_up = offer.wrap_up\n",
        instead="agent.wrap_up = agent.wrap_up_after(floor.queues[offer.queue].rules)\n",
    ),
    Mutant(
        name="leave who did not take an overdue offer first in line",
        file="acd/offer_state.py",
        there="return OfferOutcome.FAILED if outcome is OfferOutcome.WITHDRAWN else outcome",
        instead="return outcome",
    ),
    Mutant(
        name="count ringing that was cut short as a miss",
        file="acd/offer_state.py",
        there="if self.withdrawn_for is not None and CONSEQUENCES[outcome].miss is not None:",
        instead="if outcome is None:",
    ),
    Mutant(
        name="run through all calls with a phone that refuses",
        file="acd/misses.py",
        there="return max(self.delay, REFUSAL_PAUSE_MIN)",
        instead="return self.delay",
    ),
    Mutant(
        name="off by one in priority",
        file="acd/waiting.py",
        there="self.entered_at - self.priority",
        instead="self.entered_at - self.priority - (self.priority > 0)",
    ),
    Mutant(
        name="turn priority round",
        file="acd/waiting.py",
        there="self.entered_at - self.priority",
        instead="self.entered_at + self.priority",
    ),
    Mutant(
        name="raise a ghost",
        file="acd/call_rules.py",
        there="if fact.call in floor.departed:",
        instead="if fact.call is None:",
    ),
    Mutant(
        name="let a call come from the future",
        file="acd/call_rules.py",
        there="floor.now if fact.entered_at is None else min(fact.entered_at, floor.now)",
        instead="floor.now if fact.entered_at is None else fact.entered_at",
    ),
    Mutant(
        name="ring on for a caller who has left",
        file="acd/call_rules.py",
        there="agent_rules.withdraw(floor, floor.offers[call.offer], WithdrawCause.CALLER_LEFT)",
        instead="pass",
    ),
    Mutant(
        name="end the talk of another agent",
        file="acd/call_rules.py",
        there="and call.agent == agent:",
        instead="and agent:",
    ),
    Mutant(
        name="offer a call again at once to who did not take it",
        file="acd/call_rules.py",
        there="if pause > 0:",
        instead="if pause < 0:",
    ),
    Mutant(
        name="forget to match when an agent is spared no longer",
        file="acd/call_rules.py",
        there="if agent is not None:\n        floor.freed(agent)",
        instead="if agent is None:\n        floor.freed(agent)",
    ),
    Mutant(
        name="forget the overflow that fell due while it rang",
        file="acd/call_rules.py",
        there="if call.overflow_due:",
        instead="if call.agent:",
    ),
    Mutant(
        name="count an abandoned call as answered",
        file="acd/call_rules.py",
        there="Outcome.ABANDONED",
        instead="Outcome.ANSWERED",
    ),
    Mutant(
        name="let a circle of queues spin",
        file="acd/placing.py",
        there="max(wait, OVERFLOW_WAIT_MIN)",
        instead="wait",
    ),
    Mutant(
        name="keep a removed queue for ever",
        file="acd/placing.py",
        there="if queue.removed and len(queue.waiting) == 0:",
        instead="if queue.removed and len(queue.waiting) < 0:",
    ),
    Mutant(
        name="off by one in a queue's limit",
        file="acd/way_finding.py",
        there="len(queue.waiting) >= queue.rules.waiting_max",
        instead="len(queue.waiting) > queue.rules.waiting_max",
    ),
    Mutant(
        name="take calls into a closed queue",
        file="acd/way_finding.py",
        there="return not queue.opening.is_open",
        instead="return False",
    ),
    Mutant(
        name="take a ringing call from its agent",
        file="acd/leave_rules.py",
        there="call.overflow_due = call.state is not CallState.WAITING",
        instead="call.overflow_due = False",
    ),
    Mutant(
        name="let an overflow cost the caller his age",
        file="acd/leave_rules.py",
        there="if not step.target.keeps_age:",
        instead="if step.target.keeps_age:",
    ),
    Mutant(
        name="overflow a moment too late",
        file="acd/distributor.py",
        there="is not None and due <= floor.now",
        instead="is not None and due < floor.now",
    ),
    Mutant(
        name="take the worst call of all queues",
        file="acd/matching.py",
        there="best is None or place < best",
        instead="best is None or place > best",
    ),
    Mutant(
        name="forget whose turn it was",
        file="acd/queue_state.py",
        there="self.turns[agent] = offer",
        instead="pass",
    ),
    Mutant(
        name="turn an ordered list round",
        file="acd/queue_state.py",
        there="return self.position(agent.agent), agent.idle_since",
        instead="return -self.position(agent.agent), agent.idle_since",
    ),
    Mutant(
        name="forget the weights",
        file="acd/queue_state.py",
        there="exponential(rules.seed, self.draws) // self.weight(agent.agent)",
        instead="exponential(rules.seed, self.draws)",
    ),
    Mutant(
        name="draw the same each time",
        file="acd/chance.py",
        there="seed + draw * _GOLDEN",
        instead="seed + _GOLDEN",
    ),
    Mutant(
        name="off by one slot in a window",
        file="acd/workload.py",
        there="- max(1, window // SLOT) + 1",
        instead="- max(1, window // SLOT) + 2",
    ),
    Mutant(
        name="let a moved timer fire twice",
        file="acd/timers.py",
        there="self.cancel(timer)\n        self._due[timer] = due",
        instead="self._due[timer] = due",
    ),
    Mutant(
        name="let a removed agent work on",
        file="acd/policy_rules.py",
        there="agent_rules.remove(floor, floor.agents[name])",
        instead="pass",
    ),
    Mutant(
        name="forget head starts in a snapshot",
        file="acd/snapshot.py",
        there="priority=call.priority",
        instead="priority=Duration(0)",
    ),
    Mutant(
        name="forget in a snapshot whom a call is spared",
        file="acd/snapshot.py",
        there="spared=tuple(sorted(call.spared.items()))",
        instead="spared=()",
    ),
    Mutant(
        name="put the calendar above a person's word",
        file="acd/opening.py",
        there="return self.calendar if self.person is None else self.person",
        instead="return self.person if self.calendar is None else self.calendar",
    ),
    Mutant(
        name="look at nothing but what a step touched",
        file="acd/invariants.py",
        there="found.extend(self._audit(floor))",
        instead="pass",
    ),
)
