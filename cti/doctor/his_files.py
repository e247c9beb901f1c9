"""What only Asterisk's files tell: who may read them, and what no test call can show."""

from collections.abc import Mapping
from types import MappingProxyType

from config.errors import UnreadableFileError
from config.files import read_file
from cti.asterisk_files.manager import WRITE_TIMEOUT_MS
from cti.asterisk_files.notes import EXTENSIONS, HIS_FILES, MANAGER, MUSIC, PHONES, TRUNKS
from cti.doctor.asterisk_conf import AsteriskFolder, ConfFile
from cti.doctor.asterisk_folder import find_folder, manager_file, manager_reload
from cti.doctor.filter_faults import filter_faults
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.doctor.readable import account_of, unread_fault, unread_files
from cti.language import _

WRITE_TIMEOUT_MIN_MS = 1000
"""Below this a daemon that is busy for a moment is thrown out."""
ASTERISKS_WRITE_TIMEOUT_MS = 100

STANDS_ON: Mapping[str, str] = MappingProxyType(
    {
        EXTENSIONS: "dialplan_file",
        MUSIC: "music_file",
        PHONES: "phones_file",
        TRUNKS: "trunks_file",
    }
)
"""Our files, and what checks call them that stand on them."""


async def look_for_folder(examination: Examination) -> list[Finding]:
    """Find the folder, and compare what only the files can tell."""
    told = await examination.link.value("ASTETCDIR") if examination.manager else ""
    folder = examination.asterisk_folder = find_folder(examination, told)
    if folder is None:
        return [_not_found(examination)]
    unread = _unread(examination, folder)
    manager, user = manager_file(examination), examination.pbx.ami.username
    if manager is None or user not in manager.sections:
        return unread or [not_checked(_no_user(folder, user))]
    found = [
        *unread,
        *filter_faults(examination, manager),
        *_write_timeout(examination, manager),
        *_open_secrets(manager, user),
    ]
    return found or [ok(_("{folder} agrees with the configuration").format(folder=folder.path))]


def _no_user(folder: AsteriskFolder, user: str) -> str:
    conf = folder.read(HIS_FILES[MANAGER])
    if conf is not None and conf.hidden:
        return _("because doctor may not read {file}: root may, and asterisk").format(
            file=conf.hidden
        )
    return _("because the user {user} is not in the manager.conf of {folder}").format(
        user=user, folder=folder.path
    )


def _not_found(examination: Examination) -> Finding:
    if examination.etc_option is not None:
        return wrong(
            _("no file of Asterisk's can be read in {folder}").format(
                folder=examination.etc_option
            ),
            _("name the folder of manager.conf, and run doctor as root or asterisk"),
        )
    return not_checked(
        _(
            "because Asterisk's files are not on this machine or may not be read; "
            "--asterisk-etc names their folder"
        )
    )


def _unread(examination: Examination, folder: AsteriskFolder) -> list[Finding]:
    """Name files that Asterisk may not read; what stands on them is not checked then."""
    account = account_of(examination.pbx.ami.port, folder.path)
    if account is None:
        return []
    # without the login, the check of the login has told of the user's own file
    names = [name for name in HIS_FILES if examination.manager is not None or name != MANAGER]
    unread = unread_files(account, folder.path, names)
    if not unread:
        return []
    for one in unread:
        for name, what in STANDS_ON.items():
            if one.path.name in {name, HIS_FILES[name]}:
                examination.lacks(what, _("Asterisk may not read {file}").format(file=one.path))
    return [wrong(*unread_fault(account, unread))]


def _write_timeout(examination: Examination, manager: ConfFile) -> list[Finding]:
    """See that the daemon is not thrown out when it is busy for a moment."""
    user = examination.pbx.ami.username
    written = manager.last(user, "writetimeout")
    # as Asterisk reads it: what is no number, or less than its own, does not count
    effective = max(
        int(written) if written.isdecimal() and len(written) < 10 else 0,  # noqa: PLR2004 - an int's digits
        ASTERISKS_WRITE_TIMEOUT_MS,
    )
    if effective >= WRITE_TIMEOUT_MIN_MS:
        return []
    return [
        warning(
            _(
                "`writetimeout` of the user {user} is {count} ms: Asterisk ends the daemon's "
                "session when it is busy for that long"
            ).format(user=user, count=effective),
            _("in {file} under [{user}]: `writetimeout = {ours}`; then: {reload}").format(
                file=manager.homes[user],
                user=user,
                ours=WRITE_TIMEOUT_MS,
                reload=manager_reload(examination),
            ),
        )
    ]


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
