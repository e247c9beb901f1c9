"""
What is: queues, agents, calls and offers, with the indexes over them kept in step.

The rules (`agent_rules`, `call_rules`, `offer_rules`, `policy_rules`) change what stands here and
say so: `changed` after an agent, `opened` after a call. The floor keeps the lines of ready agents
right, remembers who may now match, and collects the commands. It decides nothing itself.
"""

from collections.abc import Collection

from acd.commands import AcdCommand, ShowAgentState, Wish
from acd.tables.agent_state import Agent, Standing
from acd.tables.offer_state import Offer
from acd.tables.promises import Promises
from acd.tables.queue_state import LOOKING_BACK, Queue
from acd.tables.regaining import KeptPlaces
from acd.tables.sorted_index import SortedIndex
from acd.tables.teams import Teams
from acd.tables.timers import Timer, TimerKind, Timers
from acd.tables.waiting import Call, Place
from acd.tables.workload import Workload, next_slot
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Duration, Time

DEPARTED_MAX = 1_000
"""
How many ended calls are remembered, so that a `CallQueued` that was overtaken by its `CallerLeft`
does not raise a ghost. The oldest is forgotten first.
"""


class Floor:
    """Everything the core knows, and the commands that the present step has given rise to."""

    def __init__(self, now: Time) -> None:
        self.now = now
        self.policy_version = ""
        self.queues: dict[QueueName, Queue] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.devices: dict[DeviceId, AgentId] = {}
        self.calls: dict[CallId, Call] = {}
        self.offers: dict[OfferId, Offer] = {}
        self.departed: dict[CallId, None] = {}
        self.kept_places = KeptPlaces()
        self.promises = Promises()
        self.timers = Timers()
        self.teams = Teams()
        self.last_offer = 0
        self.last_sequence = 0
        self.window = Duration(0)
        self.slot_ends: Time | None = None
        self._commands: list[AcdCommand] = []
        self._freed: dict[AgentId, None] = {}
        self._opened: dict[CallId, None] = {}
        self._hearers: dict[CallId, None] = {}
        self._touched: dict[AgentId, None] = {}
        self._stirred: dict[QueueName, None] = {}
        self._restaffed: dict[QueueName, None] = {}
        self._lost: dict[AgentId, None] = {}
        self._kept: dict[AgentId, SortedIndex[Place]] = {}
        self._standings: dict[AgentId, Standing] = {}
        self._wishes: dict[AgentId, Wish] = {}
        self._shown: dict[AgentId, ShowAgentState] = {}

    def tell(self, command: AcdCommand) -> None:
        """Give a command."""
        self._commands.append(command)

    def take_commands(self) -> list[AcdCommand]:
        """Return the commands given since the last time, the agents' changed states at the end."""
        commands, self._commands = self._commands, []
        for agent_id in self._touched:
            agent = self.agents.get(agent_id)
            if agent is None:
                continue
            shown = agent.shown()
            if shown != self._shown.get(agent_id):
                self._shown[agent_id] = shown
                commands.append(shown)
        self._touched.clear()
        return commands

    def take_candidates(self) -> tuple[list[Agent], list[Call]]:
        """Return the agents and the calls that may match since the last time; none is left out."""
        agents = [self.agents[name] for name in self._freed if name in self.agents]
        calls = [self.calls[name] for name in self._opened if name in self.calls]
        self._freed.clear()
        self._opened.clear()
        return agents, calls

    def opened(self, call: Call) -> None:
        """Note that a call may be offered that could not be before."""
        self._opened[call.call] = None

    def freed(self, agent: Agent) -> None:
        """Note that an agent may take a call that he could not take before."""
        self._freed[agent.agent] = None

    def may_hear(self, call: Call) -> None:
        """Note that a caller is due to be told something, if he still waits after this step."""
        self._hearers[call.call] = None

    def take_hearers(self) -> list[Call]:
        """Return the calls noted by `may_hear` since the last time; none is left out."""
        calls = [self.calls[name] for name in self._hearers if name in self.calls]
        self._hearers.clear()
        return calls

    def stir(self, queue: Queue) -> None:
        """Note that the leave rules of a queue, if it has or had any, are to be judged."""
        if queue.rules.leave or queue.causes:
            self._stirred[queue.rules.name] = None

    def take_stirred(self) -> Queue | None:
        """Return a queue whose leave rules are to be judged, None where there is none left."""
        while self._stirred:
            name = next(iter(self._stirred))
            del self._stirred[name]
            if name in self.queues:
                return self.queues[name]
        return None

    def changed(self, agent: Agent) -> None:
        """Put an agent who was changed in his place in all lines, and have him shown."""
        self._touched[agent.agent] = None
        if self.window:
            agent.follow_work(self.now)
        self.teams.follow(agent, self.queues, self.now)
        self._follow_wish(agent)
        if agent.agent in self._kept:
            self._lost[agent.agent] = None
        before = self._standings[agent.agent]
        standing = agent.standing()
        if standing is before:
            return
        for name in agent.queues:
            self.queues[name].put(agent, agent.standing_in(name), self.now)
        if Standing.LOGGED_OFF in (before, standing):
            self._restaffed.update(dict.fromkeys(agent.queues))
        self._standings[agent.agent] = standing
        if standing is Standing.READY:
            self.freed(agent)

    def is_indexed(self, agent: Agent) -> bool:
        """Return whether an agent stands in all lines where his state has him."""
        standing = agent.standing()
        if self._standings.get(agent.agent) is not standing or not self.teams.knows(agent):
            return False
        if self._wishes.get(agent.agent) is not agent.wish:
            return False
        queues = self.queues
        return all(
            name in queues
            and queues[name].has_in_place(agent)
            and (agent.agent in queues[name].presence.declining) is agent.declines(name)
            for name in agent.queues
        )

    def knows_all(self) -> bool:
        """Return whether the agents in the table are those who stand somewhere and are shown."""
        kept = (self._standings.keys(), self._wishes.keys(), self._shown.keys())
        return all(self.agents.keys() == names for names in kept)

    def lost_agents(self) -> tuple[ShowAgentState, ...]:
        """Return the agents who are shown and are not in the table any more."""
        return tuple(
            shown for name, shown in sorted(self._shown.items()) if name not in self.agents
        )

    def become(self, healed: "Floor") -> None:
        """
        Be as this floor from now on, with all its agents and calls to be matched and shown.

        What has been told and shown so far stays told and shown.
        """
        commands, shown = self._commands, self._shown
        vars(self).update(vars(healed))
        self._commands = commands
        self._shown = {name: shown.get(name, state) for name, state in self._shown.items()}
        self._touched = dict.fromkeys(self.agents)
        self._freed = dict.fromkeys(self.agents)

    def changed_in(self, agent: Agent, name: QueueName) -> None:
        """Put an agent in his place who was changed towards one of his queues only."""
        self._touched[agent.agent] = None
        if agent.agent in self._kept:
            self._lost[agent.agent] = None
        self.teams.follow(agent, self.queues, self.now)
        standing = agent.standing_in(name)
        self.queues[name].put(agent, standing, self.now)
        self._follow_declining(agent, name)
        if standing is Standing.READY:
            self.freed(agent)

    def take_restaffed(self) -> tuple[list[Queue], list[AgentId]]:
        """
        Return the queues of which somebody logged on or off since the last time; and who changed.

        The latter are agents for whom calls are kept.
        """
        queues = [self.queues[name] for name in self._restaffed if name in self.queues]
        agents = list(self._lost)
        self._restaffed.clear()
        self._lost.clear()
        return queues, agents

    def keep(self, agent: AgentId, place: Place) -> None:
        """Keep a call for an agent."""
        self._kept.setdefault(agent, SortedIndex()).add(place)

    def keep_no_longer(self, agent: AgentId, place: Place) -> None:
        """Keep a call for an agent no longer."""
        kept = self._kept[agent]
        kept.remove(place)
        if len(kept) == 0:
            del self._kept[agent]

    def kept_for(self, agent: AgentId) -> tuple[Place, ...]:
        """Return the places of the calls that are kept for an agent, in their order."""
        return tuple(self._kept.get(agent, ()))

    def add_agent(self, agent: Agent) -> None:
        """Get to know an agent, with the queues that he names."""
        self.agents[agent.agent] = agent
        self._shown[agent.agent] = agent.shown()
        self.teams.add(agent)
        self._enter_queues(agent)

    def assign(self, agent: Agent, queues: tuple[QueueName, ...]) -> None:
        """Have an agent serve these queues instead of his present ones."""
        self._leave_queues(agent)
        agent.queues = queues
        self.teams.follow(agent, self.queues, self.now)
        for name in [name for name in agent.not_ready_in if name not in queues]:
            del agent.not_ready_in[name]
        self._enter_queues(agent)

    def forget_agent(self, agent: Agent) -> None:
        """Know an agent no longer; he is shown a last time."""
        self._leave_queues(agent)
        self.teams.forget(agent)
        self.tell(agent.shown())
        del self.agents[agent.agent], self._standings[agent.agent], self._shown[agent.agent]
        del self._wishes[agent.agent]

    def forget_queues(self, names: Collection[QueueName]) -> None:
        """Know removed queues no longer, in which nobody waits."""
        if not names:
            return
        gone = frozenset(names)
        for agent in self.agents.values():
            if not gone.isdisjoint(agent.queues):
                self.assign(agent, tuple(name for name in agent.queues if name not in gone))
        for name in gone:
            del self.queues[name]
            self.timers.cancel(Timer(TimerKind.LEAVE, queue=name))
            self.timers.cancel(Timer(TimerKind.TURN, queue=name))

    def line_up_anew(self, queue: Queue) -> None:
        """Put the ready agents of a queue where its strategy wants them by now."""
        for _, name in sorted((figures, name) for name, figures in queue.members.ready.items()):
            queue.line_up(self.agents[name], self.now)

    def look_back(self) -> None:
        """Keep what agents do for as long as any strategy looks back, and no longer."""
        begins = not self.window
        self.window = self.longest_window()
        if begins and self.window:
            for agent in self.agents.values():
                agent.follow_work(self.now)
            self.begin_slot()
        elif not (begins or self.window):
            self.slot_ends = None
            self.timers.cancel(Timer(TimerKind.SLOT))
            for agent in self.agents.values():
                agent.workload = Workload()

    def longest_window(self) -> Duration:
        """Return how far back the strategies look; not at all where none does."""
        windows = (
            queue.rules.window
            for queue in self.queues.values()
            if queue.rules.strategy in LOOKING_BACK
        )
        return max(windows, default=Duration(0))

    def begin_slot(self) -> None:
        """Have the windows slide when the present slot is over."""
        self.slot_ends = next_slot(self.now)
        self.timers.start(Timer(TimerKind.SLOT), self.slot_ends)

    def end_slot(self) -> None:
        """Let the windows slide: forget what is too old, and order the lines that look back."""
        for agent in self.agents.values():
            agent.workload.settle(self.now)
            agent.workload.forget(self.now, self.window)
        for queue in self.queues.values():
            if queue.rules.strategy in LOOKING_BACK:
                self.line_up_anew(queue)
        self.begin_slot()

    def forget_call(self, call: Call) -> None:
        """Know a call no longer that has left its place, and whatever is promised by it."""
        del self.calls[call.call]
        if call.promise is not None:
            self.promises.drop(call.promise.party, call.call)

    def remember_departed(self, call: CallId) -> None:
        """Remember that a call has ended, among the last `DEPARTED_MAX`."""
        self.departed[call] = None
        if len(self.departed) > DEPARTED_MAX:
            del self.departed[next(iter(self.departed))]

    def _follow_wish(self, agent: Agent) -> None:
        """Count what an agent wishes by now in all his queues."""
        before = self._wishes[agent.agent]
        if agent.wish is before:
            return
        for name in agent.queues:
            queue = self.queues[name]
            queue.presence.leave(before)
            queue.presence.enter(agent.wish)
            self._follow_declining(agent, name)
        self._wishes[agent.agent] = agent.wish

    def _follow_declining(self, agent: Agent, name: QueueName) -> None:
        """Note whether an agent who wants calls wants any of this queue."""
        queue = self.queues[name]
        if agent.declines(name):
            queue.presence.declining.add(agent.agent)
        else:
            queue.presence.declining.discard(agent.agent)
        self.stir(queue)

    def _enter_queues(self, agent: Agent) -> None:
        standing = agent.standing()
        for name in agent.queues:
            queue = self.queues[name]
            queue.put(agent, agent.standing_in(name), self.now)
            queue.presence.enter(agent.wish)
            self._follow_declining(agent, name)
        self._restaffed.update(dict.fromkeys(agent.queues))
        self._standings[agent.agent] = standing
        self._wishes[agent.agent] = agent.wish
        if standing is Standing.READY:
            self.freed(agent)

    def _leave_queues(self, agent: Agent) -> None:
        wish = self._wishes[agent.agent]
        for name in agent.queues:
            queue = self.queues[name]
            queue.drop(agent)
            queue.presence.leave(wish)
            queue.presence.declining.discard(agent.agent)
            self.stir(queue)
        self._restaffed.update(dict.fromkeys(agent.queues))
