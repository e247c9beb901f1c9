"""The daemon's own files: the configuration, permissions, the data folder, the journal."""

import asyncio
import os
import pwd
import shutil
import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from config.errors import Problem, Severity
from cti.daemon import JOURNAL_FILE
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.language import _
from storage.errors import JournalError
from storage.journal_file import check_readable, open_reader, translated

DISK_WARNING_BYTES = 1_073_741_824
DISK_WRONG_BYTES = 104_857_600
_MICROSECONDS = 1_000_000
_DAY_S = 86_400
_HOUR_S = 3_600
_YAML = "*.yaml"


async def look_at_configuration(examination: Examination) -> list[Finding]:
    """Repeat what `cordboard check` warns of."""
    warnings = examination.configuration.warnings
    folder = examination.configuration.folder
    if warnings:
        return [warning(told(problem), "") for problem in warnings]
    return [ok(_("{folder} is in order").format(folder=folder))]


def told(problem: Problem) -> str:
    """Return a problem with its place; how grave it is, the verdict says."""
    return str(replace(problem, severity=Severity.ERROR))


async def look_at_permissions(examination: Examination) -> list[Finding]:
    """See that nobody else can change what the daemon does, and that it may read its files."""
    configuration = examination.configuration
    found = []
    for path in (configuration.folder, *sorted(configuration.folder.glob(_YAML))):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            found.append(
                wrong(
                    _("everybody on this machine may change {path}").format(path=path),
                    f"chmod o-w {path}",
                )
            )
    unreadable = [
        path
        for path in sorted(configuration.prompts_folder.glob("*.wav"))
        if not os.access(path, os.R_OK)
    ]
    found += [
        wrong(_("{path} may not be read").format(path=path), f"chmod a+r {path}")
        for path in unreadable
    ]
    key = configuration.web.key
    if key is not None and stat.S_IMODE(key.stat().st_mode) & stat.S_IROTH:
        found.append(
            warning(
                _("everybody on this machine may read the key {path}").format(path=key),
                f"chmod o-rwx {key}",
            )
        )
    return found or [ok(_("nobody else may change the configuration"))]


async def look_at_data_folder(examination: Examination) -> list[Finding]:
    """See that the data folder can be written, belongs to who runs it, and has room."""
    folder = examination.configuration.data
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        return [
            wrong(
                _("{path} is a file, and the data folder has to be there").format(path=existing),
                _("move it away, or name another folder as `data` in cordboard.yaml"),
            )
        ]
    found = []
    if not os.access(existing, os.W_OK | os.X_OK):
        found.append(
            wrong(
                _("{folder} cannot be written").format(folder=existing),
                _("run doctor as the daemon's account; or: chown -R {account} {folder}").format(
                    account=_account(os.geteuid()), folder=existing
                ),
            )
        )
    elif existing == folder:
        owner = folder.stat().st_uid
        if owner != os.geteuid():
            found.append(
                warning(
                    _("{folder} belongs to {owner}, and doctor runs as {account}").format(
                        folder=folder, owner=_account(owner), account=_account(os.geteuid())
                    ),
                    _(
                        "run doctor as the account that the daemon runs as: sudo -u {owner} …"
                    ).format(owner=_account(owner)),
                )
            )
    free = shutil.disk_usage(existing).free
    shown = f"{free / 1_073_741_824:.1f} GiB"
    remedy = _("make room on the disk of {folder}: df -h {folder}").format(folder=existing)
    if free < DISK_WRONG_BYTES:
        found.append(wrong(_("the disk is full: {free} are free").format(free=shown), remedy))
    elif free < DISK_WARNING_BYTES:
        found.append(warning(_("only {free} of disk are free").format(free=shown), remedy))
    return found or [
        ok(_("{folder} can be written; {free} are free").format(folder=folder, free=shown))
    ]


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


async def look_at_journal(examination: Examination) -> list[Finding]:
    """See that this program can read the journal that is there."""
    path = examination.configuration.data / JOURNAL_FILE
    try:
        if not path.exists():
            return [ok(_("there is none yet; the daemon makes it"))]
    except OSError as error:
        return [not_checked(_("because {reason}").format(reason=error.strerror))]
    if not os.access(path, os.R_OK | os.W_OK):
        return [
            wrong(
                _("{path} may not be read and written").format(path=path),
                _("run doctor as the daemon's account; or: chown {account} {path}*").format(
                    account=_account(os.geteuid()), path=path
                ),
            )
        ]
    try:
        age_s, records = await asyncio.to_thread(_age, path)
    except JournalError as error:
        return [
            wrong(
                str(error),
                _("stop the daemon and bring a backup back: cordboard restore --help"),
            )
        ]
    if not records:
        return [ok(_("it is readable and holds nothing yet"))]
    return [ok(_("it is readable; its last record is {age} old").format(age=_duration(age_s)))]


def _age(path: Path) -> tuple[float, int]:
    """
    Return how old the last record is, and how many there were ever; blocks.

    Raises:
        JournalError: it is damaged, or newer than this program.
    """
    with translated(path):
        check_readable(path, core_version=version("cordboard"))
        with closing(open_reader(path)) as connection:
            try:
                row = connection.execute(
                    "SELECT at, position FROM records ORDER BY position DESC LIMIT 1"
                ).fetchone()
            except sqlite3.OperationalError:
                return 0.0, 0  # an empty file: its tables are made by the daemon
    if row is None:
        return 0.0, 0
    return time.time() - row[0] / _MICROSECONDS, row[1]


def _duration(seconds: float) -> str:
    if seconds < 2 * _HOUR_S:
        return _("{count} minutes").format(count=max(0, round(seconds / 60)))
    if seconds < 2 * _DAY_S:
        return _("{count} hours").format(count=round(seconds / _HOUR_S))
    return _("{count} days").format(count=round(seconds / _DAY_S))
