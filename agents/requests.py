"""
What an agent's command means: the fact that it becomes, or why it is refused.

Looks at what is known of the agent and posts at most one fact. That a command was taken says only
that its fact is in the inbox; the state that follows is told by the core. It must not know
connections.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final, assert_never

from acd.commands import ShowAgentState, Wish
from acd.facts import (
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    NotReadyReason,
)
from agents.errors import (
    IdReusedError,
    NotLoggedOnError,
    NotWrappingUpError,
    OverloadedError,
    ReasonReservedError,
    RequestRefusedError,
    UnknownPhoneError,
    WrapUpAtMaxError,
)
from agents.ports import AgentEntry, AgentFact, FactInbox, FloorView
from cti.ids import DeviceId
from cti.instants import seconds
from protocols.ws.answers import Answer, Done, Failed, Refused
from protocols.ws.codes import FailureCode
from protocols.ws.commands import (
    AgentCommand,
    EndWrapUp,
    ExtendWrapUp,
    LogOff,
    LogOn,
    NotReady,
    Ready,
)

_SYSTEM_REASONS: Final = frozenset(reason.value for reason in NotReadyReason)


class AgentRequests:
    """One agent's commands, each done once however often it comes."""

    def __init__(
        self, entry: AgentEntry, inbox: FactInbox, floor: FloorView, *, remembered_max: int
    ) -> None:
        self.entry = entry
        self._inbox = inbox
        self._floor = floor
        self._remembered_max = remembered_max
        self._answered: OrderedDict[str, tuple[bytes, Answer]] = OrderedDict()
        self._posted: AgentLoggedOn | AgentLoggedOff | None = None
        self._ready_posted = False

    def obey(self, command: AgentCommand) -> Answer:
        """Do what the command asks, unless it was done before, and return its answer."""
        content = blake2b(command.model_dump_json().encode(), digest_size=16).digest()
        remembered = self._answered.get(command.id)
        if remembered is not None:
            self._answered.move_to_end(command.id)
            if remembered[0] == content:
                return remembered[1]
            return refusal(command.id, IdReusedError("this id was another command's"))
        try:
            self._carry_out(command)
        except OverloadedError as error:
            # Not remembered: nothing was done, and the client is asked to try again.
            return Failed(id=command.id, code=FailureCode.OVERLOADED, message=str(error))
        except RequestRefusedError as error:
            answer: Answer = refusal(command.id, error)
        else:
            answer = Done(id=command.id)
        self._answered[command.id] = (content, answer)
        if len(self._answered) > self._remembered_max:
            self._answered.popitem(last=False)
        return answer

    def state_shown(self, wish: Wish) -> None:
        """Hear from the core what the agent's wish is by now."""
        logged_on = wish is not Wish.LOGGED_OFF
        if isinstance(self._posted, AgentLoggedOn if logged_on else AgentLoggedOff):
            self._posted = None
        if wish is Wish.READY:
            self._ready_posted = False

    def may_be_ready(self) -> bool:
        """Return whether the agent is ready, or will be once the core has read its inbox."""
        state = self._floor.agent_state(self.entry.agent)
        return self._ready_posted or (state is not None and state.wish is Wish.READY)

    def is_logged_on(self) -> bool:
        """Return whether the agent works at a phone, as far as the core has said."""
        state = self._floor.agent_state(self.entry.agent)
        return state is not None and state.wish is not Wish.LOGGED_OFF

    def _carry_out(self, command: AgentCommand) -> None:
        agent = self.entry.agent
        match command:
            case LogOn():
                self._log_on(self._phone(command.data.phone))
            case Ready():
                self._must_be_logged_on()
                self._post(AgentMadeReady(agent=agent))
            case NotReady():
                self._must_be_logged_on()
                if command.data.reason in _SYSTEM_REASONS:
                    raise ReasonReservedError("the system alone gives this reason")
                self._post(AgentMadeNotReady(agent=agent, reason=command.data.reason))
            case EndWrapUp():
                self._must_be_wrapping_up()
                self._post(AgentEndedWrapUp(agent=agent))
            case ExtendWrapUp():
                self._must_be_extendable(self._must_be_wrapping_up())
                self._post(AgentExtendedWrapUp(agent=agent, by=seconds(command.data.by_s)))
            case LogOff():
                self._must_be_logged_on()
                self._post(AgentLoggedOff(agent=agent))
            case _ as unreachable:
                assert_never(unreachable)

    def _phone(self, name: str | None) -> DeviceId:
        phones = self.entry.phones
        if name is None and phones:
            name = next(iter(phones))
        device = None if name is None else phones.get(name)
        if device is None:
            raise UnknownPhoneError("not one of your phones")
        return device

    def _log_on(self, device: DeviceId) -> None:
        # A client that restates its log-on after a reconnect must not lose its readiness by it.
        if self._posted is None and self._device_logged_on() == device:
            return
        self._post(AgentLoggedOn(agent=self.entry.agent, device=device))

    def _device_logged_on(self) -> DeviceId | None:
        state = self._floor.agent_state(self.entry.agent)
        return None if state is None or state.wish is Wish.LOGGED_OFF else state.device

    def _must_be_logged_on(self) -> None:
        # `ready` may follow `log_on` before the core has said that the agent is logged on.
        if not (isinstance(self._posted, AgentLoggedOn) or self.is_logged_on()):
            raise NotLoggedOnError("log on at a phone first")

    def _must_be_wrapping_up(self) -> ShowAgentState:
        self._must_be_logged_on()
        state = self._floor.agent_state(self.entry.agent)
        # He may be using his phone meanwhile: his paperwork has an end all the same.
        if state is None or state.until is None:
            raise NotWrappingUpError("there is no wrap-up to end or to extend")
        return state

    def _must_be_extendable(self, state: ShowAgentState) -> None:
        if state.until_max is None or state.until == state.until_max:
            raise WrapUpAtMaxError("this wrap-up lasts as long as it may")

    def _post(self, fact: AgentFact) -> None:
        if not self._inbox.post(fact):
            raise OverloadedError("too much to do at the moment; try again")
        if isinstance(fact, AgentLoggedOn | AgentLoggedOff):
            self._posted = fact
        self._ready_posted = isinstance(fact, AgentMadeReady) or (
            self._ready_posted and isinstance(fact, AgentEndedWrapUp | AgentExtendedWrapUp)
        )


def refusal(command_id: str | None, error: RequestRefusedError) -> Refused:
    """Return the answer that tells a client of a refusal."""
    return Refused(
        id=command_id, code=error.code, message=str(error), retry_after_s=error.retry_after_s
    )
