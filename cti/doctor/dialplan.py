"""Whether Asterisk runs the dialplan that the configuration amounts to, line by line."""

import asyncio

from cti.asterisk_files.extensions import extensions_conf
from cti.asterisk_files.joining import files_plan
from cti.asterisk_files.notes import EXTENSIONS, HIS_FILES, include_line
from cti.asterisk_files.values import UnfitValueError
from cti.doctor.asterisk_conf import read_conf
from cti.doctor.asterisk_folder import out_folder, write_again
from cti.doctor.conf_faults import ConfFault, conf_faults
from cti.doctor.entry_numbers import MAIN_CONTEXT, RELOAD, look_at_numbers
from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.doctor.loaded_dialplan import (
    LoadedContext,
    has_any_of_files,
    loaded_context,
    written_dialplan,
)
from cti.doctor.standby import FIRST_GLOBAL
from cti.language import _, ngettext
from cti.switch.dialplan import DOCTOR_CONTEXT, ENTRY_CONTEXT

DAEMON_CONTEXT = "cordboard-daemon"
_AGI_VARIABLE = "CORD_AT1="
USUAL_LOGS = "/var/log/asterisk"
LOAD = "asterisk -rx 'module load pbx_config.so'"


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
    loaded = {name: one for name, one in zip(expected, answers, strict=True) if one and one.steps}
    missing = [name for name, steps in expected.items() if steps and name not in loaded]
    if ENTRY_CONTEXT in missing and DAEMON_CONTEXT in missing:
        return [await _nothing_loaded(examination, remedy)]
    if DOCTOR_CONTEXT in missing:
        examination.lacks("dialplan", _("the context {name} is missing").format(name=missing[0]))
    found = [
        wrong(
            _("the context {name} is missing in the dialplan").format(name=name),
            remedy,
        )
        for name in missing
    ]
    found += _not_after_a_restart(examination, remedy)
    if ENTRY_CONTEXT in loaded:
        entry = loaded[ENTRY_CONTEXT]
        found += await look_at_numbers(examination, expected[ENTRY_CONTEXT], entry, remedy)
    told = {ENTRY_CONTEXT, DAEMON_CONTEXT}
    if DAEMON_CONTEXT in loaded:
        elsewhere = await _address(examination, loaded[DAEMON_CONTEXT], remedy)
        found += elsewhere
        told |= {MAIN_CONTEXT} if elsewhere else set()  # it has the same address in it
    changed = [
        name for name, one in loaded.items() if name not in told and one.steps != expected[name]
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


async def _nothing_loaded(examination: Examination, remedy: str) -> Finding:
    """Say why Asterisk has nothing of our dialplan."""
    link = examination.link
    because = _("Asterisk has not loaded Cordboard's dialplan")
    examination.lacks("dialplan", because)
    if await link.value("IFMODULE(pbx_config.so)") == "0":
        return wrong(
            _("{because}: without the module pbx_config it reads no {file}").format(
                because=because, file=_his_file(examination)
            ),
            LOAD,
        )
    faults = _faults(examination)
    fault = next((fault for fault in faults if fault.whole or _keeps_ours_out(fault)), None)
    # A module that refused its file knows no `dialplan reload`; IFMODULE calls it loaded.
    reads_again = RELOAD if await has_any_of_files(link) else LOAD
    if fault is not None and not fault.line:
        return wrong(
            _("{because}: {file} is not there").format(because=because, file=fault.place),
            _("make it anew, with this line in it:  {line}  ; then: {command}").format(
                line=include_line(EXTENSIONS, str(out_folder(examination, EXTENSIONS))),
                command=reads_again,
            ),
        )
    if fault is not None:
        return wrong(
            _("{because}: it drops the file because of {place}: {reason}").format(
                because=because, place=fault.place, reason=fault.reason
            ),
            remedy
            if fault.path.name == EXTENSIONS
            else _("mend that line; then: {command}").format(
                command=reads_again if fault.whole else RELOAD
            ),
        )
    folder = examination.asterisk_folder
    if reads_again == LOAD and not (folder and folder.read(HIS_FILES[EXTENSIONS])):
        logs = await link.value("ASTLOGDIR") or USUAL_LOGS
        return wrong(
            _("{because}, nor anything else of {file}").format(
                because=because, file=_his_file(examination)
            ),
            _(
                "{command}; if Asterisk cannot load it, `grep config.c {logs}/*` shows the line at "
                "fault; if it was loaded already: {remedy}"
            ).format(command=LOAD, logs=logs, remedy=remedy),
        )
    return wrong(because, remedy)


def _keeps_ours_out(fault: ConfFault) -> bool:
    """Tell whether a fault is in our file, or in one that names it: what follows it is dropped."""
    conf = read_conf(fault.path)
    named = (*conf.files, *conf.missing) if conf else ()
    return any(path.name == EXTENSIONS for path in named)


def _not_after_a_restart(examination: Examination, remedy: str) -> list[Finding]:
    """Warn of a fault that Asterisk has not met yet: it keeps what it read before."""
    return [
        warning(
            _(
                "Asterisk runs the dialplan that it read earlier, and will have none of ours after "
                "a restart, because of {place}: {reason}"
            ).format(place=fault.place, reason=fault.reason),
            _("mend that; then: {command}").format(command=RELOAD) if fault.whole else remedy,
        )
        for fault in _faults(examination)
        if fault.whole or fault.path.name == EXTENSIONS
    ][:1]


def _faults(examination: Examination) -> list[ConfFault]:
    folder = examination.asterisk_folder
    return conf_faults(folder.path / HIS_FILES[EXTENSIONS]) if folder else []


def _his_file(examination: Examination) -> str:
    folder = examination.asterisk_folder
    name = HIS_FILES[EXTENSIONS]
    return str(folder.path / name) if folder else name


async def _address(examination: Examination, loaded: LoadedContext, remedy: str) -> list[Finding]:
    """Compare the address that the dialplan calls with the one that the daemon has."""
    ours = examination.pbx.agi.address
    _application, data = loaded.steps.get(("s", 1), ("", ""))
    written = data.removeprefix(_AGI_VARIABLE) if data.startswith(_AGI_VARIABLE) else ""
    standby = await examination.link.value(f"GLOBAL({FIRST_GLOBAL})")
    if ours in {standby, written}:
        examination.standby_agi = "" if standby == ours else standby
        return []
    examination.standby_agi = standby
    if not standby:
        because = _("the dialplan calls {address}").format(address=written)
        examination.lacks("agi", because)
    return [
        wrong(
            _("the dialplan calls the daemon at {address}, and the daemon is at {ours}").format(
                address=written, ours=ours
            ),
            remedy,
        )
    ]
