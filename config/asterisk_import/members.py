"""Makes agents out of the members of all queues: one for each phone, with all his queues."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.asterisk_import.arguments import split_arguments, whole
from config.asterisk_import.comments import BLANKS
from config.asterisk_import.draft import AgentDraft, LeftOut, QueueDraft
from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.names import safe_names, spoken_name
from config.asterisk_import.option import Fate
from config.asterisk_import.phones import Found, Phones
from config.asterisk_import.place import shown as quoted
from config.asterisk_import.queues import WRAP_UP_S_MAX
from config.asterisk_import.reader import Option, Section
from config.asterisk_import.report import Findings
from config.asterisk_import.sections import what
from config.asterisk_import.strategies import becomes_of_penalty
from config.asterisk_import.table import MEMBER
from config.models import QUEUES_OF_AGENT_MAX
from cti.language import _

AGENTS_MAX = 4_000
"""More do not fit into one agents.yaml with all that belongs to them."""
MEMBERS_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The fields of `member => …`, as app_queue takes them apart."""

    interface: str
    penalty: str = ""
    membername: str = ""
    state_interface: str = ""
    ringinuse: str = ""
    wrapuptime: str = ""
    paused: str = ""


def member(value: str) -> Member:
    """Take a member's line apart."""
    interface, *others = [*split_arguments(value, len(MEMBER)), *[""] * len(MEMBER)]
    stripped = (field.strip(BLANKS) for field in others)
    return Member(interface=interface, **dict(zip([*MEMBER][1:], stripped, strict=False)))


class Members:
    """Collects the members of all queues."""

    def __init__(self, findings: Findings, phones: Phones, agents: Mapping[str, str]) -> None:
        self.left_out: list[LeftOut] = []
        self.found_agents: set[str] = set()
        """Ids of agents.conf that some member stands for."""
        self._findings = findings
        self._phones = phones
        self._full_names = agents
        self._agents: dict[str, AgentDraft] = {}
        self._count = 0

    def take(self, section: Section, queue: QueueDraft) -> None:
        """Take all members of a queue's section."""
        lines = [option for option in section.options if option.name.lower() == "member"]
        interfaces = {member(option.value).interface for option in lines}
        queue.penalties_count = len(interfaces - {""}) > _penalties_from(section)
        for option in lines:
            self._take(section, option, queue)

    def agents(self) -> tuple[AgentDraft, ...]:
        """Return all agents, each by a name of his own."""
        names = safe_names(self._agents, "agent")
        for phone, agent in self._agents.items():
            agent.name = names[phone]
            agent.spoken = agent.spoken or phone
        return tuple(self._agents.values())

    def _take(self, section: Section, option: Option, queue: QueueDraft) -> None:
        self._count += 1
        if self._count > MEMBERS_MAX:
            raise ImportRefusedError(
                _("{place}: more than {most} members").format(
                    place=option.place, most=f"{MEMBERS_MAX:,}"
                )
            )
        line = member(option.value)
        shown = what(section, option)
        if not line.interface:
            words = _("an empty member, which Asterisk passes over too")
            self._findings.add(Fate.NOT_NEEDED, option.place, shown, words)
            return
        found = self._phones.find(line.interface, line.state_interface, named=bool(line.membername))
        if not isinstance(found, Found):
            self.left_out.append(LeftOut(place=option.place, what=shown, why=found.why))
            self._findings.add(Fate.KEPT_IN_MIND, option.place, shown, found.why)
            return
        self.found_agents.add(found.agent)
        agent = self._agent(found, option)
        self._name(agent, line, found, option, shown)
        self._join(agent, queue, option, shown)
        if queue.name in agent.queues:
            queue.penalties[agent.phone] = max(0, whole(line.penalty))
        self._tell_found(agent, found, option, shown)
        self._wrap_up(agent, queue, line, option, shown)
        self._tell_fields(line, queue, option, shown)

    def _agent(self, found: Found, option: Option) -> AgentDraft:
        agent = self._agents.get(found.phone)
        if agent is None:
            if len(self._agents) >= AGENTS_MAX:
                raise ImportRefusedError(
                    _("{place}: more than {most} agents; import fewer queues at once").format(
                        place=option.place, most=f"{AGENTS_MAX:,}"
                    )
                )
            agent = self._agents[found.phone] = AgentDraft(phone=found.phone)
        agent.remark = agent.remark or found.remark
        return agent

    def _name(
        self, agent: AgentDraft, line: Member, found: Found, option: Option, shown: str
    ) -> None:
        said = line.membername if line.membername != line.interface else ""
        spoken = spoken_name(said) or spoken_name(self._full_names.get(found.agent, ""))
        agent.spoken = agent.spoken or spoken
        if spoken and agent.spoken != spoken:
            words = _("the name {name}, by which an earlier line calls him, is kept")
            self._findings.add(Fate.DIFFERS, option.place, shown, words.format(name=agent.spoken))

    def _join(self, agent: AgentDraft, queue: QueueDraft, option: Option, shown: str) -> None:
        if queue.name in agent.queues:
            words = _("phone {phone} is a member of this queue already")
            self._findings.add(
                Fate.NOT_NEEDED, option.place, shown, words.format(phone=agent.phone)
            )
        elif len(agent.queues) >= QUEUES_OF_AGENT_MAX:
            words = _("not this queue: an agent can serve {most} at most")
            self._findings.add(
                Fate.KEPT_IN_MIND, option.place, shown, words.format(most=QUEUES_OF_AGENT_MAX)
            )
        else:
            agent.queues.append(queue.name)
            words = _("the agent with phone {phone} serves {queue}")
            told = words.format(phone=agent.phone, queue=queue.name)
            self._findings.add(Fate.TAKEN, option.place, shown, told)

    def _wrap_up(
        self, agent: AgentDraft, queue: QueueDraft, line: Member, option: Option, shown: str
    ) -> None:
        """Take his own time for wrapping up; 0 is the queue's for app_queue too."""
        lasts = whole(line.wrapuptime) if line.wrapuptime else 0
        if lasts <= 0 or queue.name not in agent.queues or queue.name in agent.wrap_ups:
            return
        agent.wrap_ups[queue.name] = min(lasts, WRAP_UP_S_MAX)
        fate = Fate.DIFFERS if lasts > WRAP_UP_S_MAX else Fate.TAKEN
        told = f"wrapuptime {quoted(line.wrapuptime)}: wrap_up: {agent.wrap_ups[queue.name]}s"
        self._findings.add(fate, option.place, shown, told)

    def _tell_found(self, agent: AgentDraft, found: Found, option: Option, shown: str) -> None:
        if found.remark:
            words = _("phone {phone}: {remark}")
            told = words.format(phone=agent.phone, remark=found.remark)
            self._findings.add(Fate.DIFFERS, option.place, shown, told)
        if found.old:
            words = _("chan_sip is gone since Asterisk 21: make {phone} an endpoint of pjsip.conf")
            told = words.format(phone=found.phone)
            self._findings.add(Fate.DIFFERS, option.place, shown, told)

    def _tell_fields(self, line: Member, queue: QueueDraft, option: Option, shown: str) -> None:
        """Note what becomes of the fields that no value here comes from."""
        for name in ("penalty", "ringinuse", "paused"):
            value = getattr(line, name)
            rule = MEMBER[name]
            if value and not (rule.idle and rule.idle(value)):
                fate, words = rule.fate, rule.words
                if name == "penalty":
                    fate, words = becomes_of_penalty(queue) or (fate, words)
                told = f"{name} {quoted(value)}: {words}"
                self._findings.add(fate, option.place, shown, told)


def _penalties_from(section: Section) -> int:
    """Return the number of members up to which a queue's penalties do not count."""
    said = [one.value for one in section.options if one.name.lower() == "penaltymemberslimit"]
    return max(0, whole(said[-1])) if said else 0
