"""Asterisk's own files, where they are on this machine and may be read."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import UnreadableFileError
from config.files import read_file
from cti.asterisk_files.joining import manager_peers
from cti.asterisk_files.manager import event_filter
from cti.asterisk_files.notes import (
    FREEPBX_FILES,
    HIS_FILES,
    MANAGER,
    PHONES,
    RELOADS,
    include_line,
)
from cti.asterisk_files.values import UnfitValueError
from cti.doctor.asterisk_conf import ConfFile, read_conf
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.language import _

USUAL_FOLDER = Path("/etc/asterisk")
USUAL_OUT = Path("/etc/asterisk/cordboard")
ONLY_IN_FILES = ("DeviceStateChange", "Shutdown")
"""Events that no test call can bring about: whether they pass, only the file tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskFolder:
    """The folder of `asterisk.conf`'s astetcdir."""

    path: Path

    def read(self, name: str) -> ConfFile | None:
        """Return what one of the files says, or None where it cannot be read."""
        return read_conf(self.path / name)


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
    out = out_folder(examination, name)
    commands = (
        f"cordboard asterisk-config --config {examination.configuration.folder} --out {out}; "
        f"asterisk -rx '{RELOADS[name]}'"
    )
    conf = examination.asterisk_folder and examination.asterisk_folder.read(HIS_FILES[name])
    if conf and any(path.name == name for path in conf.files):
        return commands
    return _(
        "{commands}; and let the line  {line}  be the last of {his} (FreePBX: {freepbx})"
    ).format(
        commands=commands,
        line=include_line(name, str(out)),
        his=HIS_FILES[name],
        freepbx=FREEPBX_FILES[name],
    )


async def look_for_folder(examination: Examination) -> list[Finding]:
    """Find the folder, and compare what only the files can tell."""
    told = await examination.link.value("ASTETCDIR") if examination.manager else ""
    folder = examination.asterisk_folder = find_folder(examination, told)
    if folder is None:
        if examination.etc_option is not None:
            return [
                wrong(
                    _("no file of Asterisk's can be read in {folder}").format(
                        folder=examination.etc_option
                    ),
                    _("name the folder of manager.conf, and run doctor as root or asterisk"),
                )
            ]
        return [
            not_checked(
                _(
                    "because Asterisk's files are not on this machine or may not be read; "
                    "--asterisk-etc names their folder"
                )
            )
        ]
    manager = folder.read(HIS_FILES[MANAGER])
    user = examination.pbx.ami.username
    if manager is None or user not in manager.sections:
        return [
            not_checked(
                _("because the user {user} is not in the manager.conf of {folder}").format(
                    user=user, folder=folder.path
                )
            )
        ]
    found = [*_missing_filters(examination, manager), *_open_secrets(manager, user)]
    return found or [ok(_("{folder} agrees with the configuration").format(folder=folder.path))]


def _missing_filters(examination: Examination, manager: ConfFile) -> list[Finding]:
    user = examination.pbx.ami.username
    filters = [
        f"{key} {value}" for key, value in manager.sections[user] if key.startswith("eventfilter")
    ]
    if not filters:
        return []  # all events pass: the test call shows it
    return [
        wrong(
            _("the event {name} does not pass the filters of the user {user}").format(
                name=name, user=user
            ),
            filter_remedy(user, (name,)),
        )
        for name in ONLY_IN_FILES
        if not any(name in text for text in filters)
    ]


def filter_remedy(user: str, names: Sequence[str]) -> str:
    """Return the lines that let events through."""
    return _("in manager.conf under [{user}]: {lines}; then: {reload}").format(
        user=user,
        lines=", ".join(f"`{event_filter(name)}`" for name in names),
        reload=f"asterisk -rx '{RELOADS[MANAGER]}'",
    )


def _open_secrets(manager: ConfFile, user: str) -> list[Finding]:
    """Return the files with passwords of ours that everybody on this machine may read."""
    home = manager.homes[user]
    found = []
    for path in (home, home.with_name(PHONES)):
        try:
            content = read_file(path, bytes_max=16_777_216)
        except UnreadableFileError:
            continue
        if content.world_readable:
            found.append(
                warning(
                    _("everybody on this machine may read the passwords in {path}").format(
                        path=path
                    ),
                    f"chown asterisk:asterisk {path}; chmod 600 {path}",
                )
            )
    return found


def account_fault(examination: Examination, peer: str) -> tuple[str, str] | None:
    """
    Return what the files say of a refused login, and the remedy; None where they say nothing.

    Asterisk itself has one answer for every reason.
    """
    folder = examination.asterisk_folder = find_folder(examination)
    manager = folder.read(HIS_FILES[MANAGER]) if folder else None
    if folder is None or manager is None:
        return None
    user, where = examination.pbx.ami.username, folder.path / HIS_FILES[MANAGER]
    remedy = write_again(examination, MANAGER)
    if user not in manager.sections:
        return _("{file} has no user {user}").format(file=where, user=user), remedy
    if manager.last(user, "secret") != examination.pbx.ami.secret.reveal():
        return (
            _("the secret of {user} in {file} is not that of the configuration").format(
                user=user, file=manager.homes[user]
            ),
            remedy,
        )
    if not _permitted(manager, user, peer):
        return _permit_fault(examination, user, peer, manager.homes[user])
    return None


def _permit_fault(examination: Examination, user: str, peer: str, home: Path) -> tuple[str, str]:
    try:
        peers = manager_peers(examination.pbx)
    except UnfitValueError:
        peers = (peer,)
    lines = ", ".join(f"`permit = {address}`" for address in peers)
    return (
        _("{file} does not let {user} in from here").format(file=home, user=user),
        _("in {file} under [{user}]: {lines}; then: {reload}").format(
            file=home, user=user, lines=lines, reload=f"asterisk -rx '{RELOADS[MANAGER]}'"
        ),
    )


def _permitted(manager: ConfFile, user: str, peer: str) -> bool:
    """Go through deny and permit as Asterisk does: the last line that fits decides."""
    try:
        # who comes to loopback comes from loopback; for others it cannot be known from here
        address = ipaddress.ip_address(peer)
    except ValueError:
        return True
    if not address.is_loopback:
        return True
    allowed = True
    for key, value in manager.sections[user]:
        if key not in {"deny", "permit"}:
            continue
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            continue
        if address in network:
            allowed = key == "permit"
    return allowed
