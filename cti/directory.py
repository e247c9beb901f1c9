"""What agents' desks need of the configuration and of the writer, as their package wants it."""

from collections.abc import Iterable

from agents.ports import AgentEntry
from config.settings import AgentSettings
from cti.ids import AgentId
from cti.writer import Writer


class Directory:
    """The agents of the configuration in force."""

    def __init__(self, agents: Iterable[AgentSettings]) -> None:
        self._entries: dict[AgentId, AgentEntry] = {}
        self.put(agents)

    def put(self, agents: Iterable[AgentSettings]) -> None:
        """Have these agents from now on, and no others."""
        self._entries = {
            settings.agent: AgentEntry(
                agent=settings.agent,
                name=settings.name,
                password_hash=settings.password_hash,
                phones=settings.phones,
                queues=settings.queues,
            )
            for settings in agents
        }

    def entry(self, agent: AgentId) -> AgentEntry | None:
        """Return one agent, or None where there is no such agent."""
        return self._entries.get(agent)

    def entries(self) -> Iterable[AgentEntry]:
        """Return all agents."""
        return self._entries.values()


class ClientInbox:
    """The agents' way to the writer."""

    def __init__(self, writer: Writer) -> None:
        self.post = writer.post_client
