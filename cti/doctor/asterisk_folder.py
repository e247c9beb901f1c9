"""Asterisk's own files, where they are on this machine and may be read."""

import ipaddress
from pathlib import Path

from cti.asterisk_files.notes import (
    FREEPBX_FILES,
    HIS_FILES,
    MANAGER,
    RELOADS,
    include_line,
)
from cti.doctor.asterisk_conf import AsteriskFolder, ConfFile, read_conf
from cti.doctor.findings import Examination
from cti.language import _

USUAL_FOLDER = Path("/etc/asterisk")
USUAL_OUT = Path("/etc/asterisk/cordboard")
RELOAD = f"asterisk -rx '{RELOADS[MANAGER]}'"


def find_folder(examination: Examination, told: str = "") -> AsteriskFolder | None:
    """Return the folder: by option, as Asterisk told, or the usual one; None: not to be read."""
    if examination.etc_option is not None:
        candidates = [examination.etc_option]
    elif is_here(examination.pbx.ami.host):
        candidates = [Path(told)] if told.startswith("/") else [USUAL_FOLDER]
    else:
        return None
    for candidate in candidates:
        if read_conf(candidate / "manager.conf") or read_conf(candidate / "extensions.conf"):
            return AsteriskFolder(path=candidate)
    return None


def is_here(host: str) -> bool:
    """Tell whether an address is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def out_folder(examination: Examination, name: str) -> Path:
    """Return where our files lie, as far as can be known: where his file names one of ours."""
    conf = examination.asterisk_folder and examination.asterisk_folder.read(HIS_FILES[name])
    for path in (*conf.files, *conf.missing) if conf else ():
        if path.name == name:
            return path.parent
    return USUAL_OUT


def write_again(examination: Examination, name: str) -> str:
    """Return the commands that bring one of our files, and Asterisk, up to the configuration."""
    folder, out = examination.asterisk_folder, out_folder(examination, name)
    writing = _("write {file} again: {command}").format(
        file=out / name,
        command=f"cordboard asterisk-config --config {examination.configuration.folder} "
        f"--out {out}",
    )
    reload = f"asterisk -rx '{RELOADS[name]}'"
    conf = folder and folder.read(HIS_FILES[name])
    if conf and any(path.name == name for path in (*conf.files, *conf.missing)):
        return _("{writing}; then: {reload}").format(writing=writing, reload=reload)
    return _(
        "{writing}; let the line  {line}  be the last of {his} (FreePBX: {freepbx}); then: {reload}"
    ).format(
        writing=writing,
        line=include_line(name, str(out)),
        his=folder.path / HIS_FILES[name] if folder else HIS_FILES[name],
        freepbx=FREEPBX_FILES[name],
        reload=reload,
    )


def manager_file(examination: Examination) -> ConfFile | None:
    """Return manager.conf with all that it includes; None where any of that is hidden from us."""
    folder = examination.asterisk_folder
    conf = folder.read(HIS_FILES[MANAGER]) if folder else None
    return None if conf is None or conf.hidden else conf


def users_file(examination: Examination) -> Path | str:
    """Return the file in which the AMI user stands, as far as can be known."""
    conf = manager_file(examination)
    user = examination.pbx.ami.username
    return conf.homes.get(user, conf.files[0]) if conf else HIS_FILES[MANAGER]


def manager_reload(examination: Examination) -> str:
    """Return the commands by which a change of the AMI user comes to be for the daemon as well."""
    if not examination.daemon_runs:
        return RELOAD
    return _(
        "{reload}; systemctl restart cordboard (a session keeps what it had at its login)"
    ).format(reload=RELOAD)
