"""An Asterisk whose account may not read everything, as it is on a real machine."""

import grp
import os
import pwd
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lab.asterisk_installation import Installation

ROOTS_STAND_IN = "nobody"


def account() -> pwd.struct_passwd:
    """Return the account: our own, or another where we are root, who reads everything."""
    uid = os.getuid()
    return pwd.getpwuid(uid) if uid else pwd.getpwnam(ROOTS_STAND_IN)


def within_reach(installation: Installation, folder: Path) -> Installation:
    """Return an installation that the account may use: root's own lies in a closed folder."""
    root = Path(installation.command[-1]).parents[2]
    if os.getuid() or root == Path("/"):
        return installation
    reached = folder / "asterisk"
    shutil.copytree(root, reached, symlinks=True, copy_function=_link)
    (reached).chmod(0o755)

    def moved(text: str) -> str:
        return text.replace(str(root), str(reached))

    return replace(
        installation,
        command=tuple(moved(word) for word in installation.command),
        modules=Path(moved(str(installation.modules))),
        data=installation.data and Path(moved(str(installation.data))),
    )


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


def run_as_account(etc: Path) -> None:
    """Have Asterisk run as the account, and give it all that is its own."""
    entry = account()
    main = etc / "asterisk.conf"
    options = f"[options]\nrunuser={entry.pw_name}\nrungroup={_group(entry)}\n"
    main.write_text(main.read_text().replace("[options]\n", options))
    for path in (etc.parent, *etc.parent.rglob("*")):
        give(path)


def _group(entry: pwd.struct_passwd) -> str:
    return grp.getgrgid(entry.pw_gid).gr_name


def give(path: Path) -> None:
    """Make the account a file's owner."""
    entry = account()
    with suppress(FileNotFoundError):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def take(path: Path) -> None:
    """Make a file one that the account may not read, as root's copy of it is."""
    os.chown(path, os.getuid(), os.getgid())
    path.chmod(0o600 if os.getuid() == 0 else 0)
