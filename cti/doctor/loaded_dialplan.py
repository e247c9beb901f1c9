"""The dialplan as Asterisk has it, and as we wrote it, both as steps that can be compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cti.doctor.link import Manager
from protocols.ami.errors import ActionRejectedError, ActionTimeoutError

FROM_FILES = "pbx_config"
"""Who put an extension into the dialplan that stands in extensions.conf."""
_EXTENSION = re.compile(r"exten\s*=>\s*([^,]+),1,(.*)")
_NEXT = re.compile(r"same\s*=>\s*n(?:\([a-z]+\))?,(.*)")
_APPLICATION = re.compile(r"(\w+)\((.*)\)", re.DOTALL)

Steps = Mapping[tuple[str, int], tuple[str, str]]
"""What is run where: extension and priority, application and its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedContext:
    """A context as Asterisk has it; `registrars`: who put each extension's first step there."""

    steps: Steps
    registrars: Mapping[str, str]

    def of(self, extension: str) -> list[tuple[str, str]]:
        """Return the steps of one extension, in their order."""
        return [step for (name, _priority), step in sorted(self.steps.items()) if name == extension]


def written_dialplan(text: str) -> dict[str, dict[tuple[str, int], tuple[str, str]]]:
    """Return the steps of each context of a text that we wrote ourselves."""
    contexts: dict[str, dict[tuple[str, int], tuple[str, str]]] = {}
    context = extension = ""
    priority = 0
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            context = line.strip("[]")
            contexts[context] = {}
        elif found := _EXTENSION.fullmatch(line):
            extension, priority = found[1], 1
            contexts[context][extension, priority] = _step(found[2])
        elif found := _NEXT.fullmatch(line):
            priority += 1
            contexts[context][extension, priority] = _step(found[1])
    return contexts


def _step(call: str) -> tuple[str, str]:
    found = _APPLICATION.fullmatch(call)
    if found is None:
        return call, ""
    return found[1], found[2].replace("\\;", ";")


async def loaded_context(link: Manager, context: str) -> LoadedContext | None:
    """Return a context as Asterisk has it, or None where it has none."""
    try:
        entries = await link.ask_list("ShowDialPlan", ("Context", context))
    except ActionRejectedError:
        return None
    steps: dict[tuple[str, int], tuple[str, str]] = {}
    registrars: dict[str, str] = {}
    for entry in entries:
        if entry.get("Context") != context or not entry.get("Priority").isdecimal():
            continue
        extension, priority = entry.get("Extension"), int(entry.get("Priority"))
        steps[extension, priority] = entry.get("Application"), entry.get("AppData")
        registrars.setdefault(extension, entry.get("Registrar"))
    return LoadedContext(steps=steps, registrars=registrars)


async def has_any_of_files(link: Manager) -> bool:
    """Tell whether Asterisk has anything at all of extensions.conf; a long list is a yes."""
    try:
        entries = await link.ask_list("ShowDialPlan")
    except ActionRejectedError:
        return False
    except ActionTimeoutError:
        return True
    return any(entry.get("Registrar") == FROM_FILES for entry in entries)
