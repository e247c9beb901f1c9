"""Why Asterisk refused the daemon's user, as far as its files tell."""

import ipaddress
from pathlib import Path

from cti.asterisk_files.joining import manager_peers
from cti.asterisk_files.notes import HIS_FILES, MANAGER
from cti.asterisk_files.values import UnfitValueError
from cti.doctor.asterisk_conf import ConfFile
from cti.doctor.asterisk_folder import RELOAD, find_folder, write_again
from cti.doctor.findings import Examination
from cti.doctor.readable import account_of, unread_fault, unread_files
from cti.language import _

_NO = frozenset({"no", "false", "off", "0", "n", "f"})


def login_fault(examination: Examination, peer: str) -> tuple[str, str] | None:
    """
    Return what the files say of a refused login, and the remedy; None where they say nothing.

    Asterisk itself has one answer for every reason.
    """
    folder = examination.asterisk_folder = find_folder(examination)
    manager = folder.read(HIS_FILES[MANAGER]) if folder else None
    if folder is None or manager is None:
        return None
    account = account_of(examination.pbx.ami.port, folder.path)
    unread = [] if account is None else unread_files(account, folder.path, (MANAGER,))
    if account is not None and unread:
        return unread_fault(account, unread)
    if manager.hidden:
        return None
    return _account_fault(examination, manager, folder.path / HIS_FILES[MANAGER], peer)


def _account_fault(
    examination: Examination, manager: ConfFile, where: Path, peer: str
) -> tuple[str, str]:
    ami = examination.pbx.ami
    user, remedy = ami.username, write_again(examination, MANAGER)
    if user not in manager.sections:
        return _("{file} has no user {user}").format(file=where, user=user), remedy
    if manager.last(user, "secret") != ami.secret.reveal():
        return (
            _("the secret of {user} in {file} is not that of the configuration").format(
                user=user, file=manager.homes[user]
            ),
            remedy,
        )
    if not _permitted(manager, user, peer):
        return _permit_fault(examination, user, peer, manager)
    if examination.daemon_runs and _allows_one_login(manager, user):
        return (
            _("{file} lets {user} in once only, and the daemon is logged in").format(
                file=where, user=user
            ),
            _("in {file} under [{user}]: `allowmultiplelogin = yes`; then: {reload}").format(
                file=manager.homes[user], user=user, reload=RELOAD
            ),
        )
    return (
        _(
            "Asterisk refuses the user {user}, and {file} agrees with the configuration: Asterisk "
            "has not read it since it was changed"
        ).format(user=user, file=manager.homes[user]),
        f"touch {where}; {RELOAD}",
    )


def _allows_one_login(manager: ConfFile, user: str) -> bool:
    general = manager.last("general", "allowmultiplelogin", "yes")
    return manager.last(user, "allowmultiplelogin", general).casefold() in _NO


def _permit_fault(
    examination: Examination, user: str, peer: str, manager: ConfFile
) -> tuple[str, str]:
    home = manager.homes[user]
    try:
        peers = manager_peers(examination.pbx)
    except UnfitValueError:
        peers = (peer,)
    lines = ", ".join(f"`permit = {address}`" for address in peers)
    return (
        _("{file} does not let {user} in from here").format(file=home, user=user),
        _("in {file} under [{user}]: {lines}; then: {reload}").format(
            file=home, user=user, lines=lines, reload=RELOAD
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
