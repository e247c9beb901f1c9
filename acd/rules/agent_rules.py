"""
What becomes of an agent by what he and his phone do: log on and off, ready, wrap-up, elsewhere.

Wishes are recorded at once and count when he is idle. Only a call makes a log-off wait: ringing is
withdrawn, wrapping up ends. This module decides no call.
"""

from acd.commands import Occupation, Wish, WithdrawCause, WithdrawOffer
from acd.facts import NotReadyReason
from acd.tables.agent_state import NO_WRAP_UP, Agent
from acd.tables.floor import Floor
from acd.tables.offer_state import Offer, OfferState
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call
from cti.ids import DeviceId, QueueName
from cti.instants import Duration, later


def log_on(floor: Floor, agent: Agent, device: DeviceId) -> None:
    """
    Have an agent work at this phone: not ready until he says so.

    Restating the phone that he works at changes nothing. A phone has one agent: whoever worked at
    it is logged off. Moving to another phone withdraws what rings at the old one.
    """
    if agent.leaving or (agent.wish is not Wish.LOGGED_OFF and agent.device == device):
        return
    holder = floor.devices.get(device)
    if holder is not None and holder != agent.agent:
        log_off(floor, floor.agents[holder])
    if agent.device is not None and agent.device != device:
        _withdraw_from(floor, agent)
        _part_from_phone(floor, agent)
        if agent.occupation is Occupation.BUSY_ELSEWHERE:
            _turn_to_next(floor, agent)
    floor.devices[device] = agent.agent
    agent.device = device
    agent.misses.clear()
    agent.not_ready_in.clear()
    _clear_rest(floor, agent)
    agent.want(Wish.NOT_READY, NotReadyReason.LOGGED_ON.value, floor.now)
    floor.changed(agent)


def log_off(floor: Floor, agent: Agent) -> None:
    """Have an agent stop working; while he talks, when the talk has ended."""
    if agent.wish is Wish.LOGGED_OFF:
        return
    agent.want(Wish.LOGGED_OFF, None, floor.now)
    _withdraw_from(floor, agent)
    if agent.occupation not in (Occupation.OFFERED, Occupation.BUSY):
        _leave(floor, agent)
    settle(floor, agent)


def make_ready(floor: Floor, agent: Agent, queue: QueueName | None = None) -> None:
    """Record that an agent wants calls, unless he is logged off or said so already."""
    if queue is not None:
        if agent.not_ready_in.pop(queue, None) is not None:
            floor.changed_in(agent, queue)
    elif agent.wish is Wish.NOT_READY:
        agent.want(Wish.READY, None, floor.now)
        floor.changed(agent)


def make_not_ready(floor: Floor, agent: Agent, reason: str, queue: QueueName | None = None) -> None:
    """
    Record that an agent is to have no calls; ringing goes on, a talk or wrap-up too.

    Of one queue only, where one is named, until he wants its calls again or logs on anew.
    """
    if queue is not None:
        known = agent.wish is not Wish.LOGGED_OFF and queue in agent.queues
        if known and agent.not_ready_in.get(queue) != reason:
            agent.not_ready_in[queue] = reason
            floor.changed_in(agent, queue)
        return
    if agent.wish is Wish.LOGGED_OFF or (agent.wish, agent.reason) == (Wish.NOT_READY, reason):
        return
    agent.want(Wish.NOT_READY, reason, floor.now)
    floor.changed(agent)


def end_wrap_up(floor: Floor, agent: Agent) -> None:
    """End an agent's paperwork, by himself or by the timer."""
    if agent.wrap_up_ends is None:
        return
    _clear_wrap_up(floor, agent)
    if agent.occupation is Occupation.WRAPPING_UP:
        _turn_to_next(floor, agent)
    floor.changed(agent)


def extend_wrap_up(floor: Floor, agent: Agent, by: Duration) -> None:
    """Give an agent who wraps up so much more time than he has left, as far as it may last."""
    if agent.wrap_up_ends is None or by <= 0:
        return
    latest = agent.wrap_up_ends if agent.wrap_up_latest is None else agent.wrap_up_latest
    agent.wrap_up_ends = min(later(agent.wrap_up_ends, by), latest)
    floor.timers.start(Timer(TimerKind.WRAP_UP, agent=agent.agent), agent.wrap_up_ends)
    floor.changed(agent)


def occupy_elsewhere(floor: Floor, agent: Agent) -> None:
    """Note that his phone is in use by something else; during an offer or a talk for later."""
    if agent.in_use_elsewhere or agent.device is None:
        return
    agent.in_use_elsewhere = True
    if agent.occupation in (Occupation.IDLE, Occupation.WRAPPING_UP):
        agent.become(Occupation.BUSY_ELSEWHERE, floor.now)
    floor.changed(agent)


def free_elsewhere(floor: Floor, agent: Agent) -> None:
    """Note that his phone is no longer in use by something else."""
    agent.in_use_elsewhere = False
    if agent.occupation is Occupation.BUSY_ELSEWHERE:
        _turn_to_next(floor, agent)
    floor.changed(agent)


def end_offer(floor: Floor, agent: Agent, *, loses_turn: bool) -> None:
    """Free an agent of an offer that ended without a talk."""
    turn = agent.idle_since
    agent.offer = None
    _turn_to_next(floor, agent)
    if not loses_turn:
        agent.idle_since = turn
    settle(floor, agent)


def end_talk(floor: Floor, agent: Agent) -> None:
    """Free an agent of his talk: he wraps up as long as is granted, unless he is off."""
    if agent.wrap_up > 0:
        agent.wrap_up_ends = later(floor.now, agent.wrap_up)
        agent.wrap_up_latest = later(floor.now, max(agent.wrap_up, agent.wrap_up_max))
        floor.timers.start(Timer(TimerKind.WRAP_UP, agent=agent.agent), agent.wrap_up_ends)
    agent.wrap_up = agent.wrap_up_max = NO_WRAP_UP
    _turn_to_next(floor, agent)
    settle(floor, agent)


def end_attempt(floor: Floor, agent: Agent) -> None:
    """Free an agent whose customer was not reached: no paperwork, and he keeps his place."""
    agent.wrap_up = agent.wrap_up_max = NO_WRAP_UP
    floor.teams.drop_stint(agent)
    end_offer(floor, agent, loses_turn=False)


def rest(floor: Floor, agent: Agent, pause: Duration) -> None:
    """Offer an agent no call for a while, if he is to have a rest at all."""
    if pause > 0:
        agent.rests_until = later(floor.now, pause)
        floor.timers.start(Timer(TimerKind.REST, agent=agent.agent), agent.rests_until)
        floor.changed(agent)


def end_rest(floor: Floor, agent: Agent) -> None:
    """Offer an agent calls again."""
    _clear_rest(floor, agent)
    floor.changed(agent)


def remove(floor: Floor, agent: Agent) -> None:
    """Have an agent leave who is no longer in the policy; with a call, when that is over."""
    agent.leaving = True
    floor.assign(agent, ())
    if agent.wish is Wish.LOGGED_OFF:
        settle(floor, agent)
    else:
        log_off(floor, agent)


def withdraw(floor: Floor, offer: Offer, cause: WithdrawCause) -> None:
    """Ask, once, that an offer's ringing be stopped; it lives on until its final fact."""
    if offer.state is OfferState.RINGING:
        offer.become(OfferState.WITHDRAWING)
        offer.withdrawn_for = cause
        floor.timers.cancel(Timer(TimerKind.OFFER_OVERDUE, offer=offer.offer))
        floor.tell(
            WithdrawOffer(offer=offer.offer, call=offer.call, agent=offer.agent, cause=cause)
        )


def withdraw_call(floor: Floor, call: Call, cause: WithdrawCause) -> None:
    """Ask that all ringing for a call be stopped, if it rings."""
    for offer in call.offers:
        withdraw(floor, floor.offers[offer], cause)


def _withdraw_from(floor: Floor, agent: Agent) -> None:
    if agent.offer is not None:
        withdraw(floor, floor.offers[agent.offer], WithdrawCause.AGENT_LOST)


def _turn_to_next(floor: Floor, agent: Agent) -> None:
    """Turn from a call, a wrap-up or other use of the phone to what is next for this agent."""
    if agent.wish is Wish.LOGGED_OFF:
        _leave(floor, agent)
        return
    if agent.in_use_elsewhere:
        agent.become(Occupation.BUSY_ELSEWHERE, floor.now)
    elif agent.wrap_up_ends is not None:
        agent.become(Occupation.WRAPPING_UP, floor.now)
    else:
        agent.become(Occupation.IDLE, floor.now)
        agent.idle_since = floor.now
    if agent.wrap_up_ends is None:
        agent.call = None


def _leave(floor: Floor, agent: Agent) -> None:
    """Have a logged-off agent without a call leave his phone, and paperwork and rest with it."""
    _clear_wrap_up(floor, agent)
    _clear_rest(floor, agent)
    _part_from_phone(floor, agent)
    if agent.occupation is not Occupation.IDLE:
        agent.become(Occupation.IDLE, floor.now)


def _part_from_phone(floor: Floor, agent: Agent) -> None:
    """Part an agent from his phone, and so from whatever else it is in use for."""
    if agent.device is not None and floor.devices.get(agent.device) == agent.agent:
        del floor.devices[agent.device]
    agent.device = None
    agent.in_use_elsewhere = False


def _clear_wrap_up(floor: Floor, agent: Agent) -> None:
    agent.wrap_up_ends = agent.wrap_up_latest = None
    agent.call = None
    floor.timers.cancel(Timer(TimerKind.WRAP_UP, agent=agent.agent))


def _clear_rest(floor: Floor, agent: Agent) -> None:
    agent.rests_until = None
    floor.timers.cancel(Timer(TimerKind.REST, agent=agent.agent))


def settle(floor: Floor, agent: Agent) -> None:
    """Forget an agent who is leaving and has left; put any other in his place in all lines."""
    if agent.leaving and agent.wish is Wish.LOGGED_OFF and agent.occupation is Occupation.IDLE:
        floor.forget_agent(agent)
    else:
        floor.changed(agent)
