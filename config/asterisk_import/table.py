"""Every option by file and section; the guide's table is made from it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from config.asterisk_import.option import Fate, OptionRule
from config.asterisk_import.options_other import (
    AGENT_OPTIONS,
    APPLICATION_ARGUMENTS,
    GENERAL_OPTIONS,
    MEMBER_FIELDS,
    OLD_OPTIONS,
    RULE_OPTIONS,
)
from config.asterisk_import.options_queue import QUEUE_OPTIONS
from config.asterisk_import.options_sounds import SOUND_OPTIONS
from cti.language import _


def _by_name(*groups: Iterable[OptionRule]) -> Mapping[str, OptionRule]:
    return MappingProxyType(
        {name: rule for group in groups for rule in group for name in (rule.name, *rule.aliases)}
    )


GENERAL: Final = _by_name(GENERAL_OPTIONS, OLD_OPTIONS)
QUEUE: Final = _by_name(QUEUE_OPTIONS, SOUND_OPTIONS, OLD_OPTIONS)
MEMBER: Final = _by_name(MEMBER_FIELDS)
AGENT: Final = _by_name(AGENT_OPTIONS)
RULE: Final = _by_name(RULE_OPTIONS)
APPLICATION: Final = _by_name(APPLICATION_ARGUMENTS)

_CHAPTERS: Final = (
    (_("queues.conf: a queue"), (*QUEUE_OPTIONS, *SOUND_OPTIONS)),
    (
        _("queues.conf: the fields of member => …"),
        MEMBER_FIELDS,
    ),
    (_("queues.conf: [general]"), GENERAL_OPTIONS),
    (_("queues.conf: older options, and those of FreePBX"), OLD_OPTIONS),
    (_("agents.conf: an agent"), AGENT_OPTIONS),
    (_("queuerules.conf"), RULE_OPTIONS),
    (_("extensions.conf: the arguments of Queue()"), APPLICATION_ARGUMENTS),
)


def option_tables() -> str:
    """Return all options as tables in Markdown, for the guide."""
    return "\n\n".join(
        f"### {title}\n\n" + "\n".join([*_head(), *(_row(rule) for rule in rules)])
        for title, rules in _CHAPTERS
    )


def _head() -> tuple[str, str]:
    columns = (_("option"), _("Asterisk's default"), _("what becomes of it"), _("remark"))
    return f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"


def _row(rule: OptionRule) -> str:
    names = ", ".join(f"`{name}`" for name in (rule.name, *rule.aliases))
    default = f"`{rule.default}`" if rule.default else ""
    fate = rule.fate.value
    becomes = f"{fate}: `{rule.becomes}`" if rule.becomes else fate
    idle = _("; nothing is lost where it is off") if _may_be_idle(rule) else ""
    return f"| {names} | {default} | {becomes} | {rule.words}{idle} |"


def _may_be_idle(rule: OptionRule) -> bool:
    return rule.idle is not None and rule.fate is Fate.KEPT_IN_MIND
