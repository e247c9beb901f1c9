"""Leads an import: reads what is there, drafts the configuration, and notes what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.asterisk_import.agents_conf import full_names, tell_rules
from config.asterisk_import.dialplan import Dialplan
from config.asterisk_import.draft import Draft
from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.members import Members
from config.asterisk_import.misplaced import Kind, refuse_misplaced
from config.asterisk_import.names import safe_names
from config.asterisk_import.option import Fate
from config.asterisk_import.phones import Phones
from config.asterisk_import.place import Place
from config.asterisk_import.queues import common_music, draft_queue
from config.asterisk_import.reader import AsteriskFile, Budget, Option, Section, read_asterisk_file
from config.asterisk_import.report import Findings
from config.asterisk_import.sections import overruled, plain_sections, tell
from config.asterisk_import.services import Services
from config.asterisk_import.strategies import settle
from config.asterisk_import.table import GENERAL
from cti.language import _

QUEUES_MAX = 1_000
GENERAL_SECTION: Final = "general"
_REALTIME: Final = frozenset(
    {
        "queues",
        "queue_members",
        "queue_rules",
        "queues.conf",
        "agents.conf",
        "queuerules.conf",
        "extensions.conf",
    }
)
"""Families of extconfig.conf that keep in a database what we read from files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files to read; agents.conf and queuerules.conf beside queues.conf are found."""

    queues: Path
    agents: Path | None = None
    rules: Path | None = None
    extensions: Path | None = None


def draft_configuration(sources: Sources) -> Draft:
    """
    Read the files and return what the configuration is going to be.

    Raises:
        ImportRefusedError: a file cannot be read, is refused, or there is no queue in them.
    """
    findings = Findings()
    budget = Budget()
    queues = _read(sources.queues, "queues.conf", findings, budget)
    agents = _beside(sources, sources.agents, "agents.conf", findings, budget)
    rules = _beside(sources, sources.rules, "queuerules.conf", findings, budget)
    extensions = None
    if sources.extensions is not None:
        extensions = _read(sources.extensions, "extensions.conf", findings, budget)
    realtime = _tell_realtime(sources.queues, findings, budget)
    dialplan = None if extensions is None else Dialplan(extensions.sections)
    names = {} if agents is None else full_names(findings, agents.sections)
    if rules is not None:
        tell_rules(findings, rules.sections)
    _tell_general(findings, queues.sections)
    found = list(plain_sections(findings, queues.sections, GENERAL_SECTION))
    _refuse_count(queues, found, realtime=realtime)
    safe = safe_names([section.name for section in found], "queue")
    members = Members(findings, Phones(names, dialplan), names)
    drafts = []
    for section in found:
        queue = draft_queue(findings, section, safe[section.name])
        members.take(section, queue)
        drafts.append(queue)
    agents_made = members.agents()
    phones = {agent.phone: agent.name for agent in agents_made}
    for queue in drafts:
        settle(findings, queue, phones)
    services = Services(findings, drafts)
    if dialplan is not None:
        services.take(dialplan)
    left_names = names.keys() - members.found_agents
    _tell_unused_agents(findings, agents, left_names)
    return Draft(
        queues=tuple(drafts),
        agents=agents_made,
        left_out=tuple(members.left_out),
        services=services.drafts(dialplan),
        music=common_music(findings, drafts),
        findings=findings,
    )


def _read(path: Path, kind: Kind, findings: Findings, budget: Budget) -> AsteriskFile:
    file = read_asterisk_file(path, budget)
    refuse_misplaced(file, kind)
    findings.add_notes(file.notes)
    return file


def _beside(
    sources: Sources, path: Path | None, name: Kind, findings: Findings, budget: Budget
) -> AsteriskFile | None:
    """Read the file that was named, or the one of this name beside queues.conf."""
    if path is None:
        path = sources.queues.parent / name
        if not path.exists():
            return None
    return _read(path, name, findings, budget)


def _tell_realtime(queues: Path, findings: Findings, budget: Budget) -> bool:
    """Note what extconfig.conf beside queues.conf keeps in a database; tell whether it does."""
    path = queues.parent / "extconfig.conf"
    if not path.exists():
        return False
    words = _("stands in a database, which is not read: write it out as a file of this form")
    told = False
    try:
        sections = read_asterisk_file(path, budget).sections
    except ImportRefusedError as error:
        findings.add(Fate.KEPT_IN_MIND, Place(path.name, 1), path.name, str(error))
        return False
    for section in sections:
        for option in section.options:
            if option.name.lower() in _REALTIME:
                told = True
                name = f"[{section.name}] {option.name} => …"
                findings.add(Fate.KEPT_IN_MIND, option.place, name, words)
    return told


def _tell_general(findings: Findings, sections: tuple[Section, ...]) -> None:
    """Note what becomes of [general]; of an option said twice the first counts for Asterisk."""
    for section in sections:
        if section.name.lower() != GENERAL_SECTION or section.template:
            continue
        first: dict[str, Option] = {}
        for option in section.options:
            counting = first.setdefault(option.name.lower(), option)
            if counting is option:
                tell(findings, section, [option], GENERAL)
            else:
                overruled(findings, section, option, counting)


def _refuse_count(file: AsteriskFile, found: list[Section], *, realtime: bool) -> None:
    if not found:
        more = (
            _("its queues stand in a database (extconfig.conf): write them out as a file first")
            if realtime
            else _("a queue is a section such as [sales]")
        )
        raise ImportRefusedError(
            _("{file}: there is no queue in it; {more}").format(file=file.name, more=more)
        )
    if len(found) > QUEUES_MAX:
        raise ImportRefusedError(
            _("{place}: more than {most} queues").format(
                place=found[QUEUES_MAX].place, most=f"{QUEUES_MAX:,}"
            )
        )


def _tell_unused_agents(
    findings: Findings, agents: AsteriskFile | None, unused: frozenset[str] | set[str]
) -> None:
    words = _("is a member of no queue that was read: no agent was made of him")
    for section in _agent_sections(agents):
        if section.name in unused:
            findings.add(Fate.KEPT_IN_MIND, section.place, f"[{section.name}]", words)
        for option in section.options:
            agent = option.value.partition(",")[0].strip()
            if section.name.lower() == "agents" and option.name == "agent" and agent in unused:
                findings.add(Fate.KEPT_IN_MIND, option.place, f"agent = {agent},…", words)


def _agent_sections(agents: AsteriskFile | None) -> Iterator[Section]:
    if agents is not None:
        yield from (section for section in agents.sections if not section.template)
