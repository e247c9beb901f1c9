"""
What must hold after every step, found by looking at everything and trusting no index.

The checkers read what the core shows of itself (its snapshot, its picture, its next deadline) and
work it out again the slow way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from acd.call_backs import First
from acd.commands import AcdCommand, InvariantBroken, Occupation, Wish
from acd.distributor import Distributor
from acd.policy import QueuePolicy, Strategy
from acd.proof.invariants import audit
from acd.proof.mending import mend
from acd.rules.announcing import ESTIMATES_MAX
from acd.rules.leave_rules import LOOK_AGAIN
from acd.rules.placing import OVERFLOW_WAIT_MIN
from acd.snapshot import AgentSnapshot, CallSnapshot, DistributorState, QueueSnapshot
from acd.tables.agent_state import Standing
from acd.tables.calibration import KEPT
from acd.tables.offer_state import MISS_REASONS, OfferState
from acd.tables.promises import Asked
from acd.tables.waiting import CallState
from acd.ways import Cause, TargetKind
from cti.ids import QueueName
from cti.instants import Time


def check(distributor: Distributor) -> DistributorState:
    """Assert all that must hold between two steps, and return the snapshot that was looked at."""
    state = distributor.snapshot()
    check_calls_are_in_one_place(distributor, state)
    check_offers_and_talks_are_mutual(state)
    check_paperwork_and_misses(state)
    check_nobody_waits_in_vain(state)
    check_nobody_stays_who_is_to_leave(state)
    check_arrivals(state)
    check_steps(state)
    check_counts(distributor, state)
    check_next_deadline(distributor, state)
    check_hearing(state)
    check_promises(state)
    check_restoring(distributor, state)
    check_the_guard_agrees(distributor, state)
    return state


def sound(commands: Sequence[AcdCommand]) -> None:
    """Assert that the core has found nothing wrong with itself."""
    assert [command for command in commands if isinstance(command, InvariantBroken)] == []


def check_the_guard_agrees(distributor: Distributor, state: DistributorState) -> None:
    """What is looked at in production is right, and there is nothing to be mended."""
    assert audit(distributor._floor) == []
    assert mend(state) == (state, (), ())


def check_calls_are_in_one_place(distributor: Distributor, state: DistributorState) -> None:
    picture = distributor.picture(state.now)
    places = Counter(waiting.call for queue in picture.queues for waiting in queue.waiting)
    places.update(call for call, _ in picture.talks)

    assert Counter(call.call for call in state.calls) == places
    assert not places.keys() & set(state.departed)

    for queue in picture.queues:
        keys = {
            call.call: (call.entered_at - call.priority, call.entered_at, call.sequence)
            for call in state.calls
        }
        order = [keys[waiting.call] for waiting in queue.waiting]

        assert sorted(order) == order


def check_offers_and_talks_are_mutual(state: DistributorState) -> None:
    calls = {call.call: call for call in state.calls}
    offers = {offer.offer: offer for offer in state.offers}

    assert {offer.state for offer in state.offers} <= {OfferState.RINGING, OfferState.WITHDRAWING}

    offered = {agent.agent: agent.offer for agent in state.agents if agent.offer is not None}
    assert {offer.agent: offer.offer for offer in state.offers} == offered
    for call in state.calls:
        assert (call.state is CallState.OFFERED) == bool(call.offers)
        assert call.state is CallState.OFFERED or call.ring_next_at is None
        assert call.other_offers == () or call.offer is not None
        assert call.agent is not None or call.state is not CallState.TALKING
        assert call.agent is None or call.state in (CallState.TALKING, CallState.DIALLING)
        assert (call.state is CallState.HELD) == (call.held_until is not None)
        for offer in call.offers:
            assert offers[offer].call == call.call
    listed = Counter(offer for call in state.calls for offer in call.offers)
    assert all(count == 1 for count in listed.values())
    assert all(offer.offer in listed for offer in state.offers if offer.state is OfferState.RINGING)
    talks = {call.agent: call.call for call in state.calls if call.agent is not None}
    phones = [agent.device for agent in state.agents if agent.holds_device]
    assert len(phones) == len(set(phones))
    for agent in state.agents:
        assert (agent.occupation is Occupation.OFFERED) == (agent.offer is not None)
        assert (agent.occupation is Occupation.BUSY) == (agent.agent in talks)
        if agent.agent in talks:
            assert talks[agent.agent] == agent.call
            assert calls[talks[agent.agent]].state in (CallState.TALKING, CallState.DIALLING)
        assert agent.occupation is not Occupation.IDLE or agent.call is None
        if agent.wish is Wish.LOGGED_OFF:
            assert agent.occupation in (Occupation.IDLE, Occupation.OFFERED, Occupation.BUSY)
        if agent.wish is not Wish.LOGGED_OFF:
            assert agent.device is not None
            assert agent.holds_device


def may_take_calls(agent: AgentSnapshot) -> bool:
    return (
        agent.wish is Wish.READY
        and agent.occupation is Occupation.IDLE
        and agent.rests_until is None
    )


def check_paperwork_and_misses(state: DistributorState) -> None:
    reasons = {reason.value for reason in MISS_REASONS.values()}
    for agent in state.agents:
        assert (agent.wrap_up_ends is None) == (agent.wrap_up_latest is None)
        if agent.wrap_up_ends is not None and agent.wrap_up_latest is not None:
            assert agent.wrap_up_ends <= agent.wrap_up_latest
        if agent.occupation is Occupation.WRAPPING_UP:
            assert agent.wrap_up_ends is not None
        if agent.row:
            assert agent.wish is Wish.NOT_READY
            assert agent.reason in reasons
        assert all(count > 0 for _, count in agent.other_misses)


def may_take(agent: AgentSnapshot, call: CallSnapshot, queue: QueueSnapshot) -> bool:
    """Return whether an agent may take a call at its present step, worked out the slow way."""
    if call.queue in dict(agent.not_ready_in) or agent.agent in dict(call.spared):
        return False
    if call.preferred:
        return agent.agent in call.preferred
    taken = queue.rules.steps[: call.step]
    added = any(agent.agent in step.agents for step in taken)
    serves = call.queue in agent.queues and agent.agent not in queue.reserves
    return (call.queue in agent.queues and added) or (serves and reaches(agent, call, queue.rules))


def reaches(agent: AgentSnapshot, call: CallSnapshot, rules: QueuePolicy) -> bool:
    """Return whether a call at its present step reaches an agent by his ring and his skills."""
    taken = rules.steps[: call.step]
    if dict(rules.rings).get(agent.agent, 1) > max([1, *(step.ring for step in taken)]):
        return False
    asked = Counter(dict(rules.skills)) | Counter(dict(call.skills))
    for step in taken:
        if step.any_skills:
            asked.clear()
        for name, least in step.skills:
            asked[name] = min(asked[name], least)
    known = dict(agent.skills)
    return all(known.get(name, 0) >= least for name, least in asked.items())


def may_go_to_one_more(call: CallSnapshot, state: DistributorState) -> bool:
    """Return whether a call waits, or rings in a queue that rings at one more by now."""
    if call.state is not CallState.OFFERED:
        return call.state is CallState.WAITING
    strategies = {queue.rules.name: queue.rules.strategy for queue in state.queues}
    own = {offer.offer for offer in state.offers if offer.queue == call.queue}
    return (
        strategies[call.queue] in (Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY)
        and call.ring_next_at is None
        and set(call.offers) <= own
    )


def check_nobody_waits_in_vain(state: DistributorState) -> None:
    ready = [agent for agent in state.agents if may_take_calls(agent)]
    queues = {queue.rules.name: queue for queue in state.queues}
    beside = [
        (agent.agent, call.call)
        for agent in ready
        for call in state.calls
        if may_go_to_one_more(call, state) and may_take(agent, call, queues[call.queue])
    ]

    assert beside == []


def check_nobody_stays_who_is_to_leave(state: DistributorState) -> None:
    for queue in state.queues:
        rules = queue.rules
        calls = waiting_in(state, rules.name)
        wishes = [
            Wish.NOT_READY
            if rules.name in dict(agent.not_ready_in) and agent.wish is Wish.READY
            else agent.wish
            for agent in state.agents
            if rules.name in agent.queues
        ]
        logged_on = [wish for wish in wishes if wish is not Wish.LOGGED_OFF]
        holds = {
            Cause.CLOSED: not queue.opening.is_open,
            Cause.FULL: len(calls) >= rules.waiting_max,
            Cause.NO_AGENTS: logged_on == [],
            Cause.ALL_NOT_READY: set(logged_on) == {Wish.NOT_READY},
        }
        since = dict(queue.causes)

        assert {rule.cause for rule in rules.leave if holds[rule.cause]} == since.keys()

        for rule in rules.leave:
            for call in calls:
                if rule.cause not in since or call.state is not CallState.WAITING:
                    continue
                if call.promise is not None:
                    continue
                if rule.target.kind is TargetKind.CALL_BACK and call.asked is not Asked.NEVER:
                    continue
                due = max(
                    max(since[rule.cause], call.queued_at) + rule.after,
                    call.queued_at + OVERFLOW_WAIT_MIN,
                )

                assert queue.leave_at is not None
                assert queue.leave_at <= max(due, state.now + LOOK_AGAIN)
                if due <= state.now and rule.target.kind is not TargetKind.QUEUE:
                    assert queue.leave_at <= state.now  # its timer has not acted yet


def check_arrivals(state: DistributorState) -> None:
    for queue in state.queues:
        waiting = waiting_in(state, queue.rules.name)

        assert queue.arrivals == len(waiting) + sum(count for _, count in queue.outcomes)


def waiting_in(state: DistributorState, queue: QueueName) -> list[CallSnapshot]:
    return [
        call for call in state.calls if call.queue == queue and call.state is not CallState.TALKING
    ]


def check_steps(state: DistributorState) -> None:
    """Every step that is due is taken, and a call stands at none that nobody could meet in vain."""
    queues = {queue.rules.name: queue for queue in state.queues}
    for call in state.calls:
        steps = queues[call.queue].rules.steps if call.queue in queues else ()
        if call.state is CallState.TALKING or call.queue not in queues:
            assert call.step_at is None
            assert call.preferred_until is None
            continue
        due = sum(call.queued_at + step.after < state.now for step in steps)  # facts come first

        assert due <= call.step <= len(steps)
        assert bool(call.preferred) == (call.preferred_until is not None)
        if call.step < len(steps):
            assert call.step_at == call.queued_at + steps[call.step].after
        else:
            assert call.step_at is None
        if call.state is CallState.WAITING and not call.preferred:
            present = [a for a in state.agents if standing(a) is not Standing.LOGGED_OFF]
            unbound = [replace(agent, not_ready_in=()) for agent in present]
            free = replace(call, spared=())
            meets = [
                any(
                    may_take(agent, replace(free, step=step), queues[call.queue])
                    for agent in unbound
                )
                for step in range(call.step, len(steps) + 1)
            ]

            assert meets[0] or not any(meets)


def standing(agent: AgentSnapshot) -> Standing:
    if agent.occupation is not Occupation.IDLE:
        return Standing(agent.occupation.value)
    if agent.wish is not Wish.READY:
        return Standing(agent.wish.value)
    return Standing.READY if agent.rests_until is None else Standing.RESTING


def check_counts(distributor: Distributor, state: DistributorState) -> None:
    expected: dict[QueueName, Counter[str]] = {
        queue.rules.name: Counter() for queue in state.queues
    }
    for agent in state.agents:
        for name in agent.queues:
            kind = standing(agent)
            if kind is Standing.READY and name in dict(agent.not_ready_in):
                kind = Standing.NOT_READY
            expected[name][kind.value] += 1
    for queue in distributor.picture(state.now).queues:
        counted = {kind.value: getattr(queue.agents, kind.value) for kind in Standing}

        assert {kind.value: expected[queue.name][kind.value] for kind in Standing} == counted


def check_next_deadline(distributor: Distributor, state: DistributorState) -> None:
    instants = [agent.wrap_up_ends for agent in state.agents]
    instants += [agent.rests_until for agent in state.agents]
    instants += [call.held_until for call in state.calls]
    instants += [None if call.overflow_due else call.overflow_at for call in state.calls]
    instants += [call.hearing.next_at for call in state.calls if call.hearing.is_awaited]
    instants += [until for call in state.calls for _, until in call.spared]
    instants += [call.step_at for call in state.calls]
    instants += [call.preferred_until for call in state.calls]
    instants += [call.ring_next_at for call in state.calls]
    instants += [offer.overdue_at for offer in state.offers if offer.state is OfferState.RINGING]
    instants += [_due_of_promise(call) for call in state.calls]
    instants += [queue.leave_at for queue in state.queues]
    instants += [queue.look_at for queue in state.queues]
    instants.append(state.slot_ends)
    due = min((instant for instant in instants if instant is not None), default=None)

    assert due == distributor.next_deadline()


def _due_of_promise(call: CallSnapshot) -> Time | None:
    promise = call.promise
    if promise is None or promise.is_reached or call.state is CallState.OFFERED:
        return None
    if call.state is CallState.DIALLING:
        return promise.dial_until
    rests = promise.expires_at if promise.not_before is None else promise.not_before
    return min(promise.expires_at, rests)


def check_promises(state: DistributorState) -> None:
    """A promise stands where it may, and of those to one number one is attended to at most."""
    queues = {queue.rules.name: queue for queue in state.queues}
    in_use: Counter[str] = Counter()
    reached: set[str] = set()
    for call in state.calls:
        asked = call.asked in (Asked.NOW, Asked.GONE)
        assert not asked or call.state is CallState.HELD
        if call.promise is None:
            assert call.state not in (CallState.PROMISED, CallState.DIALLING)
            continue
        assert (call.state is CallState.DIALLING) == (call.promise.dial_until is not None)
        assert call.overflow_at is None
        if call.promise.is_reached:
            assert call.state not in (CallState.PROMISED, CallState.DIALLING)
        else:
            assert call.state not in (CallState.HELD, CallState.TALKING)
        if call.promise.is_reached:
            reached.add(call.promise.party)
        elif call.offers or call.promise.dial_until is not None:
            in_use[call.promise.party] += 1
    in_use.update(reached)  # nobody who is on the line is sent away for another
    assert set(in_use.values()) <= {1}
    for call in state.calls:
        if call.promise is None or call.promise.is_reached:
            continue
        if call.state in (CallState.WAITING, CallState.PROMISED):
            queue = queues[call.queue]
            may = (
                queue.opening.is_open
                and call.promise.not_before is None
                and not in_use[call.promise.party]
            )
            by_agent = queue.rules.call_back.first is First.AGENT

            assert (call.state is CallState.WAITING) == (may and by_agent)


def check_hearing(state: DistributorState) -> None:
    """What a caller hears next is the first of what comes, and waits only while it may not be."""
    for call in state.calls:
        hearing = call.hearing
        times = [at for at in (hearing.place_at, hearing.comfort_at) if at is not None]

        assert hearing.next_at == min(times, default=None)
        assert call.state is not CallState.TALKING or not times
        assert not hearing.is_due or call.state in (CallState.OFFERED, CallState.HELD)
        assert len(hearing.estimates) <= ESTIMATES_MAX
    assert all(len(queue.calibration.cases) <= KEPT for queue in state.queues)


def check_restoring(distributor: Distributor, state: DistributorState) -> None:
    again = Distributor.restore(state)

    assert state == again.snapshot()
    assert distributor.next_deadline() == again.next_deadline()
