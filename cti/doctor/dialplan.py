"""Whether Asterisk runs the dialplan that the configuration amounts to, line by line."""

import asyncio
import re
from collections.abc import Mapping

from config.settings import PbxSettings
from cti.asterisk_files.extensions import extensions_conf
from cti.asterisk_files.joining import files_plan
from cti.asterisk_files.notes import EXTENSIONS
from cti.asterisk_files.values import UnfitValueError
from cti.doctor.asterisk_folder import write_again
from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.doctor.link import Manager
from cti.language import _, ngettext
from cti.switch.dialplan import DOCTOR_CONTEXT, ENTRY_CONTEXT
from protocols.ami.errors import ActionRejectedError

DAEMON_CONTEXT = "cordboard-daemon"
NUMBERS_SHOWN_MAX = 10
_EXTENSION = re.compile(r"exten\s*=>\s*([^,]+),1,(.*)")
_NEXT = re.compile(r"same\s*=>\s*n(?:\([a-z]+\))?,(.*)")
_APPLICATION = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_AGI_VARIABLE = "CORD_AT1="

Steps = Mapping[tuple[str, int], tuple[str, str]]
"""What is run where: extension and priority, application and its data."""


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


async def loaded_context(link: Manager, context: str) -> Steps | None:
    """Return the steps of a context as Asterisk has it, or None where it has none."""
    try:
        entries = await link.ask_list("ShowDialPlan", ("Context", context))
    except ActionRejectedError:
        return None
    return {
        (entry.get("Extension"), int(entry.get("Priority"))): (
            entry.get("Application"),
            entry.get("AppData"),
        )
        for entry in entries
        if entry.get("Context") == context and entry.get("Priority").isdecimal()
    }


async def look_at_dialplan(examination: Examination) -> list[Finding]:
    """Compare what Asterisk has loaded with what `cordboard asterisk-config` would write."""
    remedy = write_again(examination, EXTENSIONS)
    try:
        plan = files_plan(examination.configuration, {}, "/etc/asterisk/cordboard")
    except UnfitValueError as error:
        return [wrong(str(error), _("change it; then: {commands}").format(commands=remedy))]
    expected = written_dialplan(extensions_conf(plan.net, plan.folder))
    link = examination.link
    answers = await asyncio.gather(*(loaded_context(link, name) for name in expected))
    loaded = {name: steps for name, steps in zip(expected, answers, strict=True) if steps}
    missing = [name for name, steps in expected.items() if steps and name not in loaded]
    if ENTRY_CONTEXT in missing and DAEMON_CONTEXT in missing:
        because = _("Asterisk has not loaded Cordboard's dialplan")
        examination.lacks("dialplan", because)
        return [wrong(because, remedy)]
    if DOCTOR_CONTEXT in missing:
        examination.lacks("dialplan", _("the context {name} is missing").format(name=missing[0]))
    found = [
        wrong(_("the context {name} is missing in the dialplan").format(name=name), remedy)
        for name in missing
    ]
    found += _services(expected[ENTRY_CONTEXT], loaded.get(ENTRY_CONTEXT, {}), remedy)
    found += await _address(examination, loaded.get(DAEMON_CONTEXT, {}), remedy)
    changed = [
        name
        for name, steps in loaded.items()
        if name not in {ENTRY_CONTEXT, DAEMON_CONTEXT} and steps != expected[name]
    ]
    if changed:
        found.append(
            warning(
                _("Asterisk's dialplan is not what the configuration amounts to: {names}").format(
                    names=", ".join(changed)
                ),
                remedy,
            )
        )
    count = len(examination.configuration.services)
    return found or [
        ok(
            ngettext(
                "loaded, with {count} service number in {context}",
                "loaded, with {count} service numbers in {context}",
                count,
            ).format(count=count, context=ENTRY_CONTEXT)
        )
    ]


def _services(expected: Steps, loaded: Steps, remedy: str) -> list[Finding]:
    if not loaded:
        return []
    there = {extension for extension, _priority in loaded}
    wanted = {extension for extension, _priority in expected}
    found = []
    if absent := sorted(wanted - there):
        found.append(
            wrong(
                ngettext(
                    "the service number {numbers} is not in the context {context}",
                    "the service numbers {numbers} are not in the context {context}",
                    len(absent),
                ).format(numbers=_some(absent), context=ENTRY_CONTEXT),
                remedy,
            )
        )
    if extra := sorted(there - wanted):
        found.append(
            warning(
                _("the context {context} has numbers that no service has: {numbers}").format(
                    numbers=_some(extra), context=ENTRY_CONTEXT
                ),
                remedy,
            )
        )
    return found


def _some(numbers: list[str]) -> str:
    more = ["…"] if len(numbers) > NUMBERS_SHOWN_MAX else []
    return ", ".join([*numbers[:NUMBERS_SHOWN_MAX], *more])


async def _address(examination: Examination, loaded: Steps, remedy: str) -> list[Finding]:
    """Compare the address that the dialplan calls with the one that the daemon has."""
    if not loaded:
        return []
    pbx: PbxSettings = examination.pbx
    _application, data = loaded.get(("s", 1), ("", ""))
    written = data.removeprefix(_AGI_VARIABLE) if data.startswith(_AGI_VARIABLE) else ""
    standby = await examination.link.value("GLOBAL(CORD_AGI1)")
    examination.dialplan_agi = standby or written
    if examination.dialplan_agi == pbx.agi.address:
        return []
    because = _("the dialplan calls {address}").format(address=examination.dialplan_agi)
    examination.lacks("agi", because)
    if standby:
        return [
            warning(
                _(
                    "the global variable CORD_AGI1 sends calls to {address}, not to {ours}: a "
                    "standby has taken over"
                ).format(address=standby, ours=pbx.agi.address),
                _("to give them back: asterisk -rx 'dialplan set global CORD_AGI1 \"\"'"),
            )
        ]
    return [
        wrong(
            _("the dialplan calls the daemon at {address}, and the daemon is at {ours}").format(
                address=examination.dialplan_agi, ours=pbx.agi.address
            ),
            remedy,
        )
    ]
