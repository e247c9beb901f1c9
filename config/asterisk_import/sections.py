"""Goes through the options of a section: which of them count, and what the table says of them."""

from collections.abc import Iterator, Mapping, Sequence

from config.asterisk_import.option import Fate, OptionRule
from config.asterisk_import.reader import Option, Section
from config.asterisk_import.report import Findings
from cti.language import _

UNKNOWN = _("Asterisk 22 does not know this option either; left out")
IDLE = _("off, as it is here: nothing is lost")


def what(section: Section, option: Option) -> str:
    """Return an option as a report names it."""
    return f"[{section.name}] {option.name} = {option.value}".rstrip()


def tell(
    findings: Findings, section: Section, options: Sequence[Option], table: Mapping[str, OptionRule]
) -> None:
    """Note what the table says of options that are not taken over by value."""
    for option in options:
        rule = table.get(option.name.lower())
        if rule is None:
            findings.add(Fate.KEPT_IN_MIND, option.place, what(section, option), UNKNOWN)
        elif rule.idle is not None and rule.idle(option.value):
            words = IDLE if rule.fate is Fate.KEPT_IN_MIND else rule.words
            findings.add(Fate.NOT_NEEDED, option.place, what(section, option), words)
        else:
            findings.add(rule.fate, option.place, what(section, option), rule.words)


def overruled(findings: Findings, section: Section, option: Option, by: Option) -> None:
    """Note an option that another line of the same section overrules."""
    words = _("{place} counts instead, for Asterisk too").format(place=by.place)
    findings.add(Fate.NOT_NEEDED, option.place, what(section, option), words)


def plain_sections(
    findings: Findings, sections: Sequence[Section], ignored: str
) -> Iterator[Section]:
    """Yield the sections that define something; those passed over are noted."""
    first: dict[str, Section] = {}
    for section in sections:
        key = section.name.lower()
        header = f"[{section.name}]"
        if section.template:
            if not section.used:
                words = _("a template that nothing is made from; left out with its options")
                findings.add(Fate.NOT_NEEDED, section.place, f"{header}(!)", words)
        elif key == ignored:
            continue
        elif key in first:
            words = _("is there already, in {place}, which alone counts for Asterisk; left out")
            told = words.format(place=first[key].place)
            findings.add(Fate.KEPT_IN_MIND, section.place, header, told)
        else:
            first[key] = section
            yield section
