"""
Music: a test call listens to what waiting callers would hear.

Asterisk ends `MusicOnHold` at once where it has neither the class nor one called `default`. Where
it plays, and the module app_waitforsilence is there, the other end of the call listens for sound;
else Asterisk's word is taken for it. That the class is not there, and `default` may stand in for
it, only the files tell; whether there is a `default`, a call that would play it.
"""

import asyncio
from pathlib import Path

from cti.asterisk_files.notes import HIS_FILES, MUSIC
from cti.asterisk_files.plan import OUR_MUSIC
from cti.doctor.asterisk_folder import write_again
from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.doctor.trial_call import POLL_S, Trial, TrialCall, placed_call
from cti.language import _
from cti.switch.dialplan import DOCTOR_MUSIC_EXTENSION

MUSIC_VARIABLE = "CORD_DOCTOR_MUSIC"
LISTEN_S = 3
"""So long a sound is waited for; the call itself is heard after half a second."""
EARLY_S = 0.5
DEFAULT_CLASS = "default"
BEGIN_S = 2.0
STEADY_S = 0.3
MUSIC_S = 8.0
"""The deadline of the whole check."""
_HEARD, _SILENT, _NONE, _PLAYS = "heard", "silent", "none", "plays"


async def look_at_music(examination: Examination) -> list[Finding]:
    """Listen to the class that the configuration names."""
    name = examination.pbx.music
    trial = examination.trial = examination.trial or Trial()
    listens = await examination.link.value("IFMODULE(app_waitforsilence.so)") == "1"
    wait = ("WaitForNoise", f"60,1,{LISTEN_S}") if listens else ("Wait", "8")
    async with placed_call(examination.link, trial, DOCTOR_MUSIC_EXTENSION, wait=wait) as call:
        heard = await _listen(call, listens=listens)
    fault = _fault_in_files(examination)
    remedy = write_again(examination, MUSIC) if name == OUR_MUSIC else _his_class(name)
    if heard == _NONE:
        told = fault or _("Asterisk has no music of the class {name}").format(name=name)
        return [
            wrong(
                _("{fault}, nor is there a class default: callers hear silence").format(fault=told),
                remedy,
            )
        ]
    if fault is not None and heard == _SILENT:
        return [wrong(_("{fault}: callers hear silence").format(fault=fault), remedy)]
    if fault is not None:
        return [await _without_its_files(examination, trial, fault, remedy)]
    if heard == _SILENT:
        return [
            warning(
                _("the class {name} plays, and nothing was heard for {seconds} seconds").format(
                    name=name, seconds=LISTEN_S
                ),
                _("look whether its files hold sound: asterisk -rx 'moh show files'"),
            )
        ]
    if heard == _HEARD:
        return [ok(_("the class {name} sounds").format(name=name))]
    return [ok(_("the class {name} plays").format(name=name))]


async def _without_its_files(
    examination: Examination, trial: Trial, fault: str, remedy: str
) -> Finding:
    """Say what callers hear of a class that Asterisk does not find in its files."""
    if await _has_default(examination, trial):
        return warning(
            _(
                "{fault}; callers hear the class default instead, at the latest after the next "
                "reload"
            ).format(fault=fault),
            remedy,
        )
    return wrong(
        _(
            "{fault}, nor is there a class default: callers hear silence, at the latest after the "
            "next reload"
        ).format(fault=fault),
        remedy,
    )


async def _has_default(examination: Examination, trial: Trial) -> bool:
    """Tell whether Asterisk has the class that stands in for those that it has not."""
    wait = ("MusicOnHold", f"{DEFAULT_CLASS},{LISTEN_S}")
    async with placed_call(examination.link, trial, DOCTOR_MUSIC_EXTENSION, wait=wait) as call:
        await asyncio.sleep(STEADY_S)
        return await call.is_up(call.waiting)


def _his_class(name: str) -> str:
    return _(
        "give musiconhold.conf a class [{name}] whose `directory` holds sound files, then: "
        "asterisk -rx 'moh reload'; or take ours: `music: {ours}` under `pbx` in cordboard.yaml"
    ).format(name=name, ours=OUR_MUSIC)


async def _listen(call: TrialCall, *, listens: bool) -> str:
    """Return what became of the music."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    state: str | None = ""
    while state == "" and loop.time() - began < BEGIN_S:
        state = await call.value(MUSIC_VARIABLE)
        await asyncio.sleep(POLL_S)
    await asyncio.sleep(STEADY_S)
    if await call.value(MUSIC_VARIABLE) == "over":
        return _NONE
    if not listens:
        return _PLAYS
    while await call.is_up(call.waiting):
        if await call.value(MUSIC_VARIABLE) == "over":
            return _NONE
        await asyncio.sleep(POLL_S)
    # The other end ends the call when it hears something, or when its time is over.
    return _HEARD if loop.time() - began < LISTEN_S - EARLY_S else _SILENT


def _fault_in_files(examination: Examination) -> str | None:
    """Return what musiconhold.conf says against the class, or None: nothing, or unreadable."""
    name, folder = examination.pbx.music, examination.asterisk_folder
    conf = folder.read(HIS_FILES[MUSIC]) if folder else None
    if folder is None or conf is None:
        return None
    where = folder.path / HIS_FILES[MUSIC]
    if name not in conf.sections:
        return _("{file} has no class {name}").format(file=where, name=name)
    directory = Path(conf.last(name, "directory", "-"))
    if conf.last(name, "mode", "files") != "files" or not directory.is_absolute():
        return None
    return _fault_in_folder(directory, name)


def _fault_in_folder(directory: Path, name: str) -> str | None:
    try:
        files = [path for path in directory.iterdir() if path.suffix and path.is_file()]
    except FileNotFoundError:
        files = []
    except OSError:
        return None  # closed to us, perhaps not to Asterisk
    if files:
        return None
    return _("the folder {folder} of the class {name} holds no sound").format(
        folder=directory, name=name
    )
