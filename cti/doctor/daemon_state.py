"""Whether a daemon runs for this configuration, found without disturbing it; and the web port."""

import errno
import socket
from pathlib import Path
from typing import Any

import aiohttp

from cti.daemon import JOURNAL_FILE
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.language import _

HEALTH_S = 1.5
LOCKS = Path("/proc/locks")
_PID_DIGITS_MAX = 20


def lock_holder(journal: Path) -> int | None:
    """
    Return the process that has the journal open (0: not to be named), or None where there is none.

    The lock is looked up in the kernel's list and never tried, not even for a moment: a daemon
    that starts just then would find it taken.
    """
    path = journal.with_name(f"{journal.name}.lock")
    try:
        inode = path.stat().st_ino
        locks = LOCKS.read_text(errors="replace").splitlines()
    except OSError:
        return None
    held = any(
        "FLOCK" in fields and any(field.endswith(f":{inode}") for field in fields)
        for fields in (line.split() for line in locks)
    )
    if not held:
        return None
    try:
        with path.open("rb") as file:
            written = file.read(_PID_DIGITS_MAX).strip()
    except OSError:
        return 0
    return int(written) if written.isdigit() else 0


async def look_for_daemon(examination: Examination) -> list[Finding]:
    """Find out whether the daemon runs, and look at its web port."""
    configuration = examination.configuration
    pid = lock_holder(configuration.data / JOURNAL_FILE)
    healthy = await _is_healthy(examination)
    examination.daemon_runs = pid is not None or healthy
    web = configuration.web
    place = f"{web.listen}:{web.port}"
    if healthy:
        return [ok(_("the daemon runs, and its web server answers at {place}").format(place=place))]
    busy = _port_fault(web.listen, web.port)
    if pid is not None:
        return [
            warning(
                _(
                    "the daemon runs (process {pid}), and its web server does not answer at {place}"
                ).format(pid=pid or "?", place=place),
                _(
                    "it may be starting, or run with an older cordboard.yaml; restart it: "
                    "systemctl restart cordboard"
                ),
            )
        ]
    if busy is not None:
        return [busy]
    return [
        ok(
            _("no daemon runs yet; doctor answers in its place, and {place} is free").format(
                place=place
            )
        )
    ]


async def look_whether_calls_are_taken(examination: Examination) -> list[Finding]:
    """Ask a running daemon whether it has what it needs to take calls."""
    if not examination.daemon_runs:
        return []
    told = await _asked(examination, "readyz")
    parts = {} if told is None else told.get("parts", {})
    if parts.get("switch") is False:
        return [
            wrong(
                _("the daemon runs, and is not logged in to Asterisk as doctor is"),
                _(
                    "it may have an older secret, user or address: systemctl restart cordboard; "
                    "its log has `ami_link_down` with the reason: journalctl -u cordboard"
                ),
            )
        ]
    if parts.get("journal") is False:
        return [
            wrong(
                _("the daemon runs, and cannot write its journal"),
                _("make room on the disk of {folder}: df -h {folder}").format(
                    folder=examination.configuration.data
                ),
            )
        ]
    if not parts:
        return [not_checked(_("because the daemon does not say whether it is ready"))]
    return [ok(_("the daemon takes calls"))]


async def _is_healthy(examination: Examination) -> bool:
    """Ask the web port whether a daemon of ours is behind it."""
    return await _asked(examination, "healthz") == {"status": "ok"}


async def _asked(examination: Examination, page: str) -> dict[str, Any] | None:
    """Return what the daemon's web server tells on a page, or None where it tells nothing."""
    web = examination.configuration.web
    host = f"[{web.listen}]" if ":" in web.listen else web.listen
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - is compared
    scheme = "http" if web.certificate is None else "https"
    timeout = aiohttp.ClientTimeout(total=HEALTH_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            # who it is shows in the answer; its certificate is another check's business
            client.get(f"{scheme}://{host}:{web.port}/{page}", ssl=False) as answer,
        ):
            told = await answer.json()
            return told if isinstance(told, dict) else None
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return None


def _port_fault(listen: str, port: int) -> Finding | None:
    """Return why the daemon could not listen at its web port, or None."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((listen, port))
            tried.listen(1)
        except OSError as error:
            place = f"{listen}:{port}"
            if error.errno == errno.EADDRINUSE:
                return wrong(
                    _("something that is not the daemon listens at the web port {place}").format(
                        place=place
                    ),
                    _(
                        "`ss -ltnp 'sport = :{port}'` names it; end it, or give the daemon another "
                        "`port` under `web` in cordboard.yaml"
                    ).format(port=port),
                )
            return wrong(
                _("the daemon cannot listen at {place}: {reason}").format(
                    place=place, reason=error.strerror or error
                ),
                _("put an address of this machine as `listen` under `web` into cordboard.yaml"),
            )
    return None
