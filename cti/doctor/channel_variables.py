"""
The channel variables that Asterisk puts into events: what it shows now, and what its file says.

Asterisk keeps the list that it has when the line is gone from manager.conf, also over `manager
reload`, and loses it when it is started again; a line without `+=` replaces all before it. Tried on
Asterisk 22.
"""

from collections.abc import Iterable

from cti.asterisk_files.notes import FREEPBX_FILES, HIS_FILES, MANAGER, include_line
from cti.doctor.asterisk_conf import ConfFile
from cti.doctor.asterisk_folder import RELOAD, manager_file, out_folder, write_again
from cti.doctor.findings import Examination, Finding, warning, wrong
from cti.language import _
from cti.switch.dialplan import CHANNEL_VARIABLES

KEY = "channelvars"
_GENERAL = "general"


def variables_fault(examination: Examination, shown: Iterable[str]) -> Finding | None:
    """Compare what events showed with what is needed, now and when Asterisk is started again."""
    absent = _missing(shown)
    manager = manager_file(examination)
    unwritten = _missing(manager.last(_GENERAL, KEY).split(",")) if manager else []
    if absent:
        return wrong(
            _("events do not carry {names}: calls cannot be told apart").format(
                names=", ".join(absent)
            ),
            _remedy(examination, manager, unwritten),
        )
    if manager is None or not unwritten:
        return None
    return warning(
        _(
            "events carry what they should only until Asterisk is started again: {file} does not "
            "name {names} any more"
        ).format(file=manager.files[0], names=", ".join(unwritten)),
        _remedy(examination, manager, unwritten),
    )


def _missing(names: Iterable[str]) -> list[str]:
    there = {name.strip() for name in names}
    return [name for name in CHANNEL_VARIABLES if name not in there]


def _remedy(examination: Examination, manager: ConfFile | None, unwritten: list[str]) -> str:
    ours = f"{KEY}+=,{','.join(CHANNEL_VARIABLES)}"
    if manager is None:
        return _("in manager.conf under [general]: `{ours}`; then: {reload}").format(
            ours=ours, reload=RELOAD
        )
    if not unwritten:  # the file is right: Asterisk has not read it since
        return f"touch {manager.files[0]}; {RELOAD}"
    lines = manager.lines(_GENERAL, KEY)
    replacing = [one for one in lines if not one[1].endswith("+")]
    added = [one for one in lines if one[1].endswith("+") and not _missing(one[2].split(","))]
    if replacing and added:
        (path, line), name, value = replacing[-1]
        return _(
            "line {line} of {file}, `{text}`, replaces what Cordboard's line adds: let it be "
            "`{better}`, or let  {include}  be the last line of {his} (FreePBX: {freepbx}); then: "
            "{reload}"
        ).format(
            line=line,
            file=path,
            text=f"{name} = {value}",
            better=f"{KEY}+=,{value}",
            include=include_line(MANAGER, str(out_folder(examination, MANAGER))),
            his=HIS_FILES[MANAGER],
            freepbx=FREEPBX_FILES[MANAGER],
            reload=RELOAD,
        )
    if any(path.name == MANAGER for path in manager.files):
        return write_again(examination, MANAGER)
    place = lines[-1][0][0] if lines else manager.files[0]
    return _("at the end of {file}: `[general](+)` and below it `{ours}`; then: {reload}").format(
        file=place, ours=ours, reload=RELOAD
    )
