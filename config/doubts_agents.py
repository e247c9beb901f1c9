"""Warnings about agents: their names, passwords and phones."""

import ipaddress
from collections.abc import Iterator

import argon2

from config.doubts import AGENTS, Read
from config.endpoints import phone_uses
from config.errors import Problem, Severity
from config.nodes import problem_at
from cti.language import _

WORK_MIN = 35_000
"""
Memory in KiB times passes of a password hash: what the OWASP cheat sheet on password storage asks
for at least, whichever of its pairs is taken.
"""
DEMO_SALTS = frozenset(
    {
        "foSNKPqwjAeb761LyVVosw",
        "dfTtOvDD+rDhU9WdYOrYzQ",
        "cFgWJC8rMgY7K7s/Zt1QCg",
        "JdGjXFzKvzcboBcC/TwHYA",
        "eLc8+rAr33vjneQYaSPrig",
    }
)
"""Of the hashes in the examples; to try the password on each hash would take long."""
ONE_PHONE_AGENTS = 3
"""Two agents may take turns at one phone; of more, somebody forgot to write his own down."""


def same_names(read: Read) -> Iterator[Problem]:
    """Yield each agent who is called like another one; screens and reports mix them up."""
    first: dict[str, str] = {}
    for agent, section in read.agents.agents.items() if read.agents is not None else ():
        known = first.setdefault(" ".join(section.name.casefold().split()), agent)
        if known != agent:
            path = ("agents", agent, "name")
            message = _("is the name of the agent {agent} too, in line {line}").format(
                agent=known, line=read.line(AGENTS, ("agents", known, "name"))
            )
            yield read.doubt(AGENTS, path, message)


def weak_passwords(read: Read) -> Iterator[Problem]:
    """Yield each password hash that is known, copied or cheap to guess."""
    if read.agents is None:
        return
    exposed = read.main is not None and not ipaddress.ip_address(read.main.web.listen).is_loopback
    first: dict[str, str] = {}
    for agent, section in read.agents.agents.items():
        path = ("agents", agent, "password_hash")
        text = section.password_hash
        known = first.setdefault(text, agent)
        if exposed and text.split("$")[4] in DEMO_SALTS:
            message = _("is the examples' own: everybody knows its password")
            yield read.doubt(AGENTS, path, message)
        elif known != agent:
            message = _("is that of the agent {agent}, in line {line}: both have one password")
            line = read.line(AGENTS, ("agents", known, "password_hash"))
            yield read.doubt(AGENTS, path, message.format(agent=known, line=line))
        parameters = argon2.extract_parameters(text)
        if parameters.memory_cost * parameters.time_cost < WORK_MIN:
            message = _("is cheap to guess by trying; make another with: cordboard hash-password")
            yield read.doubt(AGENTS, path, message)


def paperwork_of_other_queues(read: Read) -> Iterator[Problem]:
    """Yield each own time for wrapping up after calls of a queue that the agent does not serve."""
    queues = read.queues.queues if read.queues is not None else {}
    added = {
        (name, agent)
        for name, queue in queues.items()
        for one in queue.steps
        for agent in one.agents
    }
    for name, section in read.agents.agents.items() if read.agents is not None else ():
        for queue in section.wrap_up if isinstance(section.wrap_up, dict) else ():
            if queue not in section.queues and (queue, name) not in added:
                message = _("{agent} does not serve this queue").format(agent=name)
                yield read.doubt(AGENTS, ("agents", name, "wrap_up", queue), message)


def few_phones(read: Read) -> Iterator[Problem]:
    """Yield a warning where all agents have but one phone, or capitals alone tell phones apart."""
    if read.agents is None:
        return
    agents = read.agents.agents
    phones = {phone for section in agents.values() for phone in section.phones}
    if len(agents) >= ONE_PHONE_AGENTS and len(phones) == 1:
        message = _(
            "all {count} agents have the same phone: only one of them can work at a time"
        ).format(count=len(agents))
        yield read.doubt_key(AGENTS, ("agents",), message)
    spelled: dict[str, str] = {}
    for path, position, name in phone_uses({AGENTS: read.trees[AGENTS]}):
        first = spelled.setdefault(name.lower(), name)
        if first != name:
            message = _("capitals alone tell this phone from {phone}").format(phone=first)
            yield problem_at(AGENTS, position, path, message, Severity.WARNING)
