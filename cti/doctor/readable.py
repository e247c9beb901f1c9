"""
Whether Asterisk's account may read the files that were given to it.

The account is the one that holds AMI's port, as the kernel tells everybody; where nothing listens,
the one that `asterisk.conf` names, or `asterisk`. Access lists are not looked at: a file with one
is taken to be readable.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cti.asterisk_files.notes import HIS_FILES, RELOADS
from cti.doctor.asterisk_conf import ConfFile, read_conf
from cti.language import _, ngettext

USUAL_ACCOUNT = "asterisk"
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"
_FIELDS_MIN = 8
_ACCESS_LIST = "system.posix_acl_access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of this machine, with all its groups."""

    name: str
    group: str
    uid: int
    gids: frozenset[int]

    def may(self, status: os.stat_result, owner: int, group: int, others: int) -> bool:
        """Tell whether a mode lets the account do something: the first class it is in decides."""
        if self.uid == 0:
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode & owner)
        if status.st_gid in self.gids:
            return bool(status.st_mode & group)
        return bool(status.st_mode & others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that Asterisk may not read; `folder` is the one that it may not enter, if it is so."""

    path: Path
    his: Path
    folder: Path | None
    told: str


def account_of(port: int, etc: Path) -> Account | None:
    """Return the account that Asterisk runs as, or None where that cannot be known."""
    try:
        uid = _listener(port)
        if uid is not None:
            return _account(pwd.getpwuid(uid))
        main = read_conf(etc / "asterisk.conf")
        name = main.last("options", "runuser") if main else ""
        return _account(pwd.getpwnam(name or USUAL_ACCOUNT))
    except (KeyError, OSError):
        return None


def _listener(port: int) -> int | None:
    for table in TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if (
                len(fields) >= _FIELDS_MIN
                and fields[3] == _LISTENS
                and fields[1].endswith(f":{port:04X}")
            ):
                return int(fields[7])
    return None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(
        name=entry.pw_name,
        group=_group(entry.pw_gid),
        uid=entry.pw_uid,
        gids=frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)),
    )


def unread_files(account: Account, etc: Path, names: Iterable[str]) -> list[Unread]:
    """Return which of our files, and of his that name them, the account may not read."""
    found: dict[Path, Unread] = {}
    for his in dict.fromkeys(HIS_FILES[name] for name in names):
        conf = read_conf(etc / his)
        for path in _named(conf, his) if conf else ():
            unread = unread_file(account, path, etc / his)
            if unread is not None:
                found.setdefault(path, unread)
    return list(found.values())


def _named(conf: ConfFile, his: str) -> list[Path]:
    named = (*conf.files, *conf.missing)
    return [path for path in named if path.name in HIS_FILES or path.name == his]


def unread_file(account: Account, path: Path, his: Path) -> Unread | None:
    """Return why the account may not read a file, or None: it may, or that cannot be known."""
    try:
        for folder in reversed(path.absolute().parents):
            status = folder.stat()
            if not account.may(status, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
                if has_access_list(folder):
                    return None
                return Unread(path=path, his=his, folder=folder, told=_told(folder, status))
        status = path.stat()
        readable = account.may(status, stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH)
        if readable or has_access_list(path):
            return None
    except OSError:
        return None  # it is not there, or we may not look
    return Unread(path=path, his=his, folder=None, told=_told(path, status))


def has_access_list(path: Path) -> bool:
    """Tell whether more than its mode decides who may use a file."""
    try:
        return _ACCESS_LIST in os.listxattr(path)
    except OSError:
        return False


def _told(path: Path, status: os.stat_result) -> str:
    try:
        owner = path.owner()
    except KeyError:
        owner = str(status.st_uid)
    mode = stat.S_IMODE(status.st_mode)
    return f"{path} ({owner}:{_group(status.st_gid)}, {mode:04o})"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def unread_fault(account: Account, unread: list[Unread]) -> tuple[str, str]:
    """Return what is wrong with files that Asterisk may not read, and the remedy."""
    folders = [one for one in unread if one.folder is not None]
    if folders:
        sentence = _("Asterisk's account {account} may not enter the folder {folder}").format(
            account=account.name, folder=folders[0].told
        )
        change = f"chmod a+x {folders[0].folder}"
    else:
        sentence = ngettext(
            "Asterisk's account {account} may not read {files}",
            "Asterisk's account {account} may not read {count} files: {files}",
            len(unread),
        ).format(
            account=account.name, count=len(unread), files=", ".join(one.told for one in unread)
        )
        paths = " ".join(str(one.path) for one in unread)
        change = f"chown {account.name}:{account.group} {paths}"
    parents = " ".join(dict.fromkeys(str(one.his) for one in unread))
    reloads = dict.fromkeys(
        RELOADS[name]
        for one in unread
        for name, his in HIS_FILES.items()
        if one.path.name in {name, his}
    )
    commands = "; ".join(
        [change, f"touch {parents}", *(f"asterisk -rx '{reload}'" for reload in reloads)]
    )
    return sentence, _(
        "{commands} (touch: Asterisk does not look again at what an unchanged file includes)"
    ).format(commands=commands)
