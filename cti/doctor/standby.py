"""The globals by which a standby takes calls over, and whether somebody answers where they lead."""

import asyncio
from contextlib import closing

from cti.asterisk_files.notes import EXTENSIONS, HIS_FILES
from cti.doctor.asterisk_folder import is_here
from cti.doctor.findings import Examination, Finding, warning, wrong
from cti.language import _

FIRST_GLOBAL, SECOND_GLOBAL = "CORD_AGI1", "CORD_AGI2"
CONNECT_S = 1.0


def standby_answers(examination: Examination) -> Finding:
    """Return that calls go to a standby, and are answered there."""
    return warning(
        _(
            "the global variable {name} sends calls to {address}, not to {ours}: a standby has "
            "taken over, and answers"
        ).format(
            name=FIRST_GLOBAL, address=examination.standby_agi, ours=examination.pbx.agi.address
        ),
        _("to give them back: {command}").format(command=_unset(examination, FIRST_GLOBAL)),
    )


def standby_is_silent(examination: Examination) -> Finding:
    """Return that calls are sent to where no daemon answers."""
    return wrong(
        _(
            "the global variable {name} sends calls to {address}, where no daemon answers; this "
            "configuration's is at {ours}"
        ).format(
            name=FIRST_GLOBAL, address=examination.standby_agi, ours=examination.pbx.agi.address
        ),
        _unset(examination, FIRST_GLOBAL),
    )


async def second_is_silent(examination: Examination) -> list[Finding]:
    """Find out whether somebody listens where the dialplan calls when nobody answers it first."""
    address = await examination.link.value(f"GLOBAL({SECOND_GLOBAL})")
    host, _colon, port = address.rpartition(":")
    if not (host and port.isdecimal()) and address:
        reason = _("which is no host:port")
    elif not address or not is_here(examination.pbx.ami.host) or await _listens(host, int(port)):
        return []  # from another machine than Asterisk's it cannot be known
    else:
        reason = _("where nobody listens")
    return [
        warning(
            _(
                "the global variable {name} sends calls that are not answered at the first "
                "address to {address}, {reason}"
            ).format(name=SECOND_GLOBAL, address=address, reason=reason),
            _unset(examination, SECOND_GLOBAL),
        )
    ]


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_S):
            _reader, writer = await asyncio.open_connection(host.strip("[]"), port)
    except (OSError, OverflowError):  # TimeoutError is an OSError
        return False
    with closing(writer):
        return True


def _unset(examination: Examination, name: str) -> str:
    """Return the command that unsets a global, and what keeps it from coming back."""
    command = f"asterisk -rx 'dialplan set global {name} \"\"'"
    folder = examination.asterisk_folder
    conf = folder.read(HIS_FILES[EXTENSIONS]) if folder else None
    for path, line in (
        (place for place, _name, _value in conf.lines("globals", name.lower())) if conf else ()
    ):
        return _("take it out of {place}, where it is set at each start; then: {command}").format(
            place=f"{path}:{line}", command=command
        )
    return command
