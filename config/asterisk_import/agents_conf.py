"""Reads agents.conf and queuerules.conf: takes names over, and says what happens to the rest."""

from collections.abc import Sequence

from config.asterisk_import.arguments import split_arguments
from config.asterisk_import.option import Fate
from config.asterisk_import.reader import Section
from config.asterisk_import.report import Findings
from config.asterisk_import.sections import plain_sections, tell, what
from config.asterisk_import.table import AGENT, RULE
from cti.language import _

_OLD_FIELDS = 3


def full_names(findings: Findings, sections: Sequence[Section]) -> dict[str, str]:
    """Return the names of agents.conf by their ids; its passwords are never shown."""
    names: dict[str, str] = {}
    for section in plain_sections(findings, sections, "general"):
        if section.name.lower() == "agents":  # Asterisk 11 and older
            names |= _old_names(findings, section)
            continue
        names[section.name] = ""
        for option in section.options:
            if option.name.lower() == "fullname":
                names[section.name] = option.value
                words = _("the name of agent {agent}, where a member's line does not say it")
                told = words.format(agent=section.name)
                findings.add(Fate.TAKEN, option.place, what(section, option), told)
        others = [one for one in section.options if one.name.lower() != "fullname"]
        tell(findings, section, others, {**AGENT})
    _tell_general(findings, sections)
    return names


def tell_rules(findings: Findings, sections: Sequence[Section]) -> None:
    """Note what becomes of the rules of queuerules.conf."""
    for section in plain_sections(findings, sections, ""):
        tell(findings, section, section.options, RULE)


def _old_names(findings: Findings, section: Section) -> dict[str, str]:
    names: dict[str, str] = {}
    for option in section.options:
        if option.name.lower() == "agent":
            agent, _password, name = [*split_arguments(option.value, _OLD_FIELDS), "", ""][:3]
            names[agent.strip()] = name.strip()
            told = f"[{section.name}] agent = {agent.strip()},…"
            findings.add(Fate.TAKEN, option.place, told, AGENT["agent"].words)
        else:
            tell(findings, section, [option], AGENT)
    return names


def _tell_general(findings: Findings, sections: Sequence[Section]) -> None:
    words = _("nothing in this section counts in Asterisk 22")
    for section in sections:
        if section.name.lower() == "general" and not section.template:
            for option in section.options:
                findings.add(Fate.NOT_NEEDED, option.place, what(section, option), words)
