"""AMI: whether Asterisk is there, lets the daemon in, and gives it the rights that it needs."""

import asyncio
import re
import socket

from cti.asterisk_files.joining import manager_peers
from cti.asterisk_files.manager import READ, WRITE
from cti.asterisk_files.notes import MANAGER
from cti.asterisk_files.values import UnfitValueError
from cti.doctor.asterisk_folder import RELOAD, manager_file, manager_reload, users_file
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.doctor.link import Manager, log_in, open_manager
from cti.doctor.login_fault import login_fault
from cti.doctor.stranger import Stranger, who_answers
from cti.language import _
from protocols.ami.errors import ActionTimeoutError, AmiError
from protocols.ami.link import AmiSettings

CONNECT_S = 2.0
LINK_S = 9.0
"""The link's whole check: connecting, logging in, and finding out who else answers."""

VERSION_TESTED = 22
VERSION_MIN = 18

NEEDED = {
    "call": ("Hangup", "Redirect", "Setvar"),
    "reporting": ("CoreStatus", "CoreSettings", "ShowDialPlan"),
    "originate": ("Originate",),
}
"""What `write` must name, and the actions that only this right lets through."""

ALSO_NEEDED = {"DeviceStateList": "res_manager_devicestate", "Status": "", "Getvar": "", "Ping": ""}
"""Actions that several rights let through, and the module that brings them."""

TOO_MUCH = {
    "command": "Command",
    "config": "UpdateConfig",
    "system": "ModuleLoad",
    "agi": "AGI",
    "user": "UserEvent",
}
"""Rights that the account must not have, and an action by which each is known."""

_VERSION = re.compile(r"(?:GIT-|certified[-/])?(\d{1,3})\b")


async def look_at_link(examination: Examination) -> list[Finding]:
    """Connect and log in; everything else that Asterisk is asked stands on it."""
    ami = examination.pbx.ami
    place = f"{ami.host}:{ami.port}"
    try:
        settings = AmiSettings(
            host=ami.host,
            port=ami.port,
            username=ami.username,
            secret=ami.secret.reveal(),
            connect_deadline_s=CONNECT_S,
        )
        manager = await open_manager(settings)
    except (OSError, AmiError) as error:
        examination.lacks("manager", _("Asterisk's manager interface cannot be reached"))
        return [_unreachable(error, ami.host, ami.port)]
    try:
        refused = await log_in(manager, settings)
    except AmiError as error:
        await manager.close()
        examination.lacks("manager", _("what answers at AMI's port is not Asterisk's manager"))
        return [await _stranger(error, manager, ami.host, ami.port)]
    if refused is not None:
        await manager.close()
        examination.lacks("manager", _("Asterisk refused the login"))
        return [_refused(examination, refused, manager.peer)]
    examination.manager = manager
    return [ok(_("logged in at {place} as {user}").format(place=place, user=ami.username))]


def _unreachable(error: OSError | AmiError, host: str, port: int) -> Finding:
    place = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return wrong(
            _("the host {host} is unknown").format(host=host),
            _("put the right name or address into cordboard.yaml as `host` under `ami`"),
        )
    if isinstance(error, ConnectionRefusedError):
        return wrong(
            _("nothing listens at {place}").format(place=place),
            _(
                "start Asterisk, or let it listen there: under [general] in manager.conf "
                "`enabled = yes`, `bindaddr = {host}`, `port = {port}`; then: {reload}"
            ).format(host=host, port=port, reload=RELOAD),
        )
    if isinstance(error, AmiError):
        return wrong(
            _("the login cannot be sent: {error}").format(error=error),
            _("choose a user and a secret of plain characters"),
        )
    if isinstance(error, TimeoutError):
        return wrong(
            _("{place} does not answer at all").format(place=place),
            _("look whether the address is right, and whether a firewall drops port {port}").format(
                port=port
            ),
        )
    return wrong(
        _("{place} cannot be reached: {reason}").format(
            place=place, reason=error.strerror or type(error).__name__
        ),
        _("look whether the address under `ami` in cordboard.yaml is right"),
    )


async def _stranger(error: AmiError, manager: Manager, host: str, port: int) -> Finding:
    place = f"{host}:{port}"
    kind, said = await who_answers(host, port)
    if kind is Stranger.TLS:
        return wrong(
            _("{place} speaks TLS, and the daemon speaks AMI without it").format(place=place),
            _(
                "name AMI's plain port (`port` under [general] in manager.conf, 5038 as a rule) "
                "as `port` under `ami` in cordboard.yaml"
            ),
        )
    if kind is Stranger.WEB:
        return wrong(
            _("a web server answers at {place}").format(place=place),
            _("name AMI's port, 5038 as a rule, as `port` under `ami` in cordboard.yaml"),
        )
    if kind is Stranger.OTHER and (not manager.is_ami or "Asterisk" not in said):
        return wrong(
            _("something else answers at {place}: {said}").format(place=place, said=said),
            _("name AMI's port, 5038 as a rule, as `port` under `ami` in cordboard.yaml"),
        )
    if isinstance(error, ActionTimeoutError) or kind is Stranger.SILENT:
        return wrong(
            _("{place} takes connections and says nothing").format(place=place),
            _(
                "look whether that is Asterisk and whether it hangs: asterisk -rx 'core show "
                "uptime'"
            ),
        )
    return wrong(
        _("{place} ends the connection: {error}").format(place=place, error=error),
        _("look into Asterisk's log, and whether it is shutting down"),
    )


def _refused(examination: Examination, words: str, peer: str) -> Finding:
    """Say why a login was refused, as far as can be known: Asterisk has one answer for all."""
    user = examination.pbx.ami.username
    known = login_fault(examination, peer)
    if known is not None:
        return wrong(*known)
    try:
        peers = ", ".join(manager_peers(examination.pbx))
    except UnfitValueError:
        peers = peer
    return wrong(
        _("Asterisk refuses the user {user}: {words}").format(user=user, words=words),
        _(
            "Asterisk gives one answer for a wrong secret, an unknown user and a forbidden "
            "address. Run as root where Asterisk's files are, doctor compares secret and address "
            "with {file} itself (--asterisk-etc DIR, if that is not /etc/asterisk). By hand: "
            "asterisk -rx 'manager show user {user}' tells whether the user is there, its ACL must "
            "allow {peers}, and `secret` in {file} must be that of `ami` in cordboard.yaml; "
            "cordboard asterisk-config writes all of it, then: {reload}"
        ).format(user=user, peers=peers, file=MANAGER, reload=RELOAD),
    )


async def look_at_rights(examination: Examination) -> list[Finding]:
    """Compare what the account may do with what the daemon does."""
    link, user = examination.link, examination.pbx.ami.username
    found: list[Finding] = []
    if not await link.booted():
        found.append(wrong(_not_booted(examination), _line(examination, "read", READ)))
        examination.lacks("booted", _("FullyBooted does not come"))
    commands = await link.ask("ListCommands")
    may = link.may = frozenset(commands.headers) - {"ActionID", "Message"}
    missing = [right for right, actions in NEEDED.items() if not may.intersection(actions)]
    for right in missing:
        actions = ", ".join(NEEDED[right])
        found.append(
            wrong(
                _("the user {user} lacks the right to write `{right}` ({actions})").format(
                    user=user, right=right, actions=actions
                ),
                _line(examination, "write", WRITE),
            )
        )
        examination.lacks(right, _("the AMI user lacks the right `{right}`").format(right=right))
    for action, module in ALSO_NEEDED.items():
        if action not in may and not missing:
            found.append(_unknown_action(action, module))
    surplus = [right for right, action in TOO_MUCH.items() if action in may]
    if surplus:
        found.append(
            warning(
                _("the user {user} may do more than it needs: {rights}").format(
                    user=user, rights=", ".join(surplus)
                ),
                _line(examination, "write", WRITE),
            )
        )
    return found or [ok(_("the user {user} may do what is needed, and no more").format(user=user))]


def _not_booted(examination: Examination) -> str:
    user, manager = examination.pbx.ami.username, manager_file(examination)
    if manager is not None and user in manager.sections:
        rights = {right.strip() for right in manager.last(user, "read").split(",")}
        if not rights & {"all", *READ}:
            return _(
                "the user {user} may read no event: its `read` names neither `system` nor `call`"
            ).format(user=user)
    return _(
        "the event FullyBooted does not come: the user {user} lacks the right to read `system`, or "
        "Asterisk has not started up"
    ).format(user=user)


def _unknown_action(action: str, module: str) -> Finding:
    if module:
        remedy = _("load the module: asterisk -rx 'module load {module}.so'").format(module=module)
    else:
        remedy = _("look into Asterisk's log")
    return wrong(_("Asterisk does not know the action {action}").format(action=action), remedy)


def _line(examination: Examination, key: str, rights: tuple[str, ...]) -> str:
    return _("in {file} under [{user}]: `{key} = {rights}`; then: {reload}").format(
        file=users_file(examination),
        user=examination.pbx.ami.username,
        key=key,
        rights=",".join(rights),
        reload=manager_reload(examination),
    )


async def look_at_version(examination: Examination) -> list[Finding]:
    """Compare Asterisk's version with those that are tested."""
    told = (await examination.link.ask("CoreSettings")).get("AsteriskVersion")
    match = _VERSION.match(told)
    if match is None:
        return [not_checked(_("because Asterisk calls its version {told}").format(told=told))]
    major, remedy = int(match[1]), _("install Asterisk 22 (LTS)")
    if major < VERSION_MIN:
        return [wrong(_("Asterisk {told} is too old").format(told=told), remedy)]
    if major < VERSION_TESTED:
        return [
            warning(
                _(
                    "Asterisk {told}: tested is 22 alone; what may differ in older ones is AMI's "
                    "event filters, web phones, and how Local channels end"
                ).format(told=told),
                remedy,
            )
        ]
    if major > VERSION_TESTED:
        return [warning(_("Asterisk {told}: tested is 22 alone").format(told=told), remedy)]
    return [ok(_("Asterisk {told}").format(told=told))]


async def log_off(examination: Examination) -> None:
    """Give the link back."""
    if examination.manager is not None:
        async with asyncio.timeout(1.0):
            await examination.manager.close()
