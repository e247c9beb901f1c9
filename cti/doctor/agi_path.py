"""The FastAGI path, both ways: Asterisk reaches the daemon's address, and hears the answer."""

import asyncio
import errno
import secrets
from contextlib import AsyncExitStack
from ipaddress import ip_address, ip_network

from config.settings import AgiSettings
from cti.asterisk_files.notes import EXTENSIONS
from cti.doctor.asterisk_folder import write_again
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.doctor.standby import second_is_silent, standby_answers, standby_is_silent
from cti.doctor.trial_call import POLL_S, Trial, TrialCall, placed_call
from cti.language import _
from cti.switch.visit import (
    DOCTOR_SCRIPT,
    PROMPTS_TRIED_MAX,
    PROMPTS_VARIABLE,
    SAID_VARIABLE,
    TRIAL_S,
    answer_doctor,
    answer_to,
)
from protocols.agi.connection import AgiConnection
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession

ANSWER_S = 3.5
"""Longer than Asterisk takes to give up connecting (MAX_AGI_CONNECT, two seconds)."""
PROMPTS_S = PROMPTS_TRIED_MAX * TRIAL_S + 1.0
AGI_S = ANSWER_S + PROMPTS_S + 3.0
_OVER = frozenset({"SUCCESS", "FAILURE", "NOTFOUND", "HANGUP"})


class DoctorServer(AgiServer):
    """Answers at the daemon's address while no daemon does, and keeps who was turned away."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self.refused: list[str] = []
        self.came = 0
        super().__init__(self._answer, allowed_peers=examination.pbx.agi.peers)

    def admit(self, connection: AgiConnection, peer: str) -> bool:
        """Let in whom the daemon would let in."""
        admitted = super().admit(connection, peer)
        self.came += 1
        if not admitted:
            self.refused.append(peer)
        return admitted

    async def _answer(self, session: AgiSession) -> None:
        # A caller who is kept by the dialplan goes on being kept: his session ends at once.
        if session.request.script == DOCTOR_SCRIPT:
            configuration = self._examination.configuration
            await answer_doctor(session, configuration.flows, configuration.prompts_folder)


async def look_at_agi(examination: Examination) -> list[Finding]:
    """Place the test call, answered by the daemon or else by ourselves."""
    trial = examination.trial = examination.trial or Trial()
    second = await second_is_silent(examination)
    if examination.standby_agi:
        said, _token, _status = await _called(examination, trial)
        if said is not None:
            return [standby_answers(examination), *second]
        examination.lacks("agi_answer", _("the test call was not answered"))
        return [standby_is_silent(examination), *second]
    return [await _look_at_daemon(examination, trial), *second]


async def _look_at_daemon(examination: Examination, trial: Trial) -> Finding:
    agi = examination.pbx.agi
    if agi.port == 0:
        return not_checked(_("because the daemon takes any free port (`port: 0` under `agi`)"))
    server = None if examination.daemon_runs else DoctorServer(examination)
    async with AsyncExitStack() as undo:
        if server is not None:
            undo.push_async_callback(server.close)
            try:
                await server.start(agi.listen, agi.port)
            except OSError as error:
                examination.lacks("agi_answer", _("nobody of ours listens at the AGI address"))
                return _taken(error, examination)
        said, token, status = await _called(examination, trial)
        if said is not None:
            return _served(said, token, agi, by_daemon=server is None)
    examination.lacks("agi_answer", _("the test call was not answered"))
    return _unserved(examination, server, status)


async def _called(examination: Examination, trial: Trial) -> tuple[str | None, str, str]:
    """Place a test call; return the answer to its token, if any, the token, and AGI()'s end."""
    token = secrets.token_hex(16)
    async with placed_call(examination.link, trial, "s", wait=("Wait", "8"), token=token) as call:
        said, status = await _answer_of(call)
        if said is None or not said.startswith(token):
            return None, token, status
        trial.prompts = await _prompts_of(call)
        return said, token, status


async def _answer_of(call: TrialCall) -> tuple[str | None, str]:
    """Wait for what the daemon says; return it, and how `AGI()` ended if it did without."""
    try:
        async with asyncio.timeout(ANSWER_S):
            while True:
                said = await call.value(SAID_VARIABLE)
                if said:
                    return said, ""
                status = await call.value("AGISTATUS")
                if status is None:
                    return None, "HANGUP"
                if status in _OVER:
                    return await call.value(SAID_VARIABLE) or None, status
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return None, ""


async def _prompts_of(call: TrialCall) -> str:
    try:
        async with asyncio.timeout(PROMPTS_S):
            while not (told := await call.value(PROMPTS_VARIABLE)):
                if told is None:
                    return ""
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return ""
    return told


def _served(said: str, token: str, agi: AgiSettings, *, by_daemon: bool) -> Finding:
    if not by_daemon:
        return ok(
            _("Asterisk reaches {address}, and is answered (by doctor: no daemon runs)").format(
                address=agi.address
            )
        )
    if said != answer_to(token):
        return warning(
            _("the daemon that answers is version {version}, and this is another").format(
                version=said.removeprefix(token).strip()
            ),
            _("restart the daemon: systemctl restart cordboard"),
        )
    return ok(
        _("Asterisk reaches the daemon at {address}, and is answered").format(address=agi.address)
    )


def _taken(error: OSError, examination: Examination) -> Finding:
    agi = examination.pbx.agi
    place = f"{agi.listen}:{agi.port}"
    if error.errno == errno.EADDRINUSE:
        return wrong(
            _("something that is not the daemon listens at {place}").format(place=place),
            _(
                "`ss -ltnp 'sport = :{port}'` names it; end it, or give the daemon another `port` "
                "under `agi` in cordboard.yaml and {writing}"
            ).format(port=agi.port, writing=write_again(examination, EXTENSIONS)),
        )
    return wrong(
        _("the daemon cannot listen at {place}: {reason}").format(
            place=place, reason=error.strerror or error
        ),
        _("put an address of this machine as `listen` under `agi` into cordboard.yaml"),
    )


def _unserved(examination: Examination, server: DoctorServer | None, status: str) -> Finding:
    """Say why the test call was not answered."""
    agi = examination.pbx.agi
    stranger = next(iter(server.refused), "") if server else _likely_stranger(examination)
    if stranger:
        return wrong(
            _("Asterisk comes from {peer}, which is not among the daemon's `peers`").format(
                peer=stranger
            ),
            _("in cordboard.yaml under `agi`: peers: [{peers}]; then restart the daemon").format(
                peers=", ".join((*agi.peers, stranger))
            ),
        )
    if server is not None and not server.came:
        return wrong(
            _("Asterisk does not reach {address}, where this machine listens at {listen}").format(
                address=agi.address, listen=f"{agi.listen}:{agi.port}"
            ),
            _(
                "let the daemon listen where Asterisk can reach it (`listen` under `agi`), name "
                "that address as `address`, and let the firewall pass port {port}; then {writing}"
            ).format(port=agi.port, writing=write_again(examination, EXTENSIONS)),
        )
    if status == "FAILURE":
        return wrong(
            _("Asterisk's AGI() fails at {address}").format(address=agi.address),
            _("look whether the daemon listens there and whether a firewall stands between"),
        )
    if not status:
        return wrong(
            _("what listens at {address} takes Asterisk's connection and says nothing").format(
                address=agi.address
            ),
            _("restart the daemon: systemctl restart cordboard"),
        )
    return wrong(
        _("what listens at {address} does not answer as this version's daemon does").format(
            address=agi.address
        ),
        _("restart the daemon: systemctl restart cordboard"),
    )


def _likely_stranger(examination: Examination) -> str:
    """Return the address from which Asterisk comes to a daemon that would refuse it."""
    try:
        address = ip_address(examination.link.peer)
    except ValueError:
        return ""
    allowed = any(address in ip_network(peer) for peer in examination.pbx.agi.peers)
    return "" if allowed else str(address)
