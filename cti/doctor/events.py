"""AMI's events: those that the daemon lives by arrive, with our ids, and those that cost do not."""

import asyncio

from cti.asterisk_files.manager import READ
from cti.asterisk_files.notes import MANAGER
from cti.doctor.ami import RELOAD
from cti.doctor.asterisk_folder import filter_remedy, write_again
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.doctor.link import UNWANTED_EVENTS
from cti.language import _
from cti.switch.dialplan import CHANNEL_VARIABLES
from protocols.ami.messages import AmiEvent

MADE_BY_TEST_CALL = (
    "DialBegin",
    "DialEnd",
    "Hangup",
    "HangupRequest",
    "Newstate",
    "OriginateResponse",
)
"""The wanted events that each test call brings about."""

LATE_S = 0.3
"""Events come in their order, a little after what they tell of."""


async def look_at_events(examination: Examination) -> list[Finding]:
    """Look at what arrived while the test calls ran."""
    user = examination.pbx.ami.username
    trial, link = examination.trial, examination.link
    if trial is None or not trial.uniqueids:
        return [not_checked(_("because no test call was placed"))]
    await asyncio.sleep(LATE_S)
    link.require_alive()
    ours = [event for event in link.events if _tells_of(event, trial.uniqueids)]
    arrived = {event.name for event in ours}
    if not arrived:
        return [
            wrong(
                _(
                    "no event of a call arrives: the user {user} lacks the right to read `call`"
                ).format(user=user),
                _("in manager.conf under [{user}]: `read = {rights}`; then: {reload}").format(
                    user=user, rights=",".join(READ), reload=RELOAD
                ),
            )
        ]
    found: list[Finding] = []
    if absent := [name for name in MADE_BY_TEST_CALL if name not in arrived]:
        found.append(
            wrong(
                _("the filters of the user {user} keep out what the daemon needs: {names}").format(
                    user=user, names=", ".join(absent)
                ),
                filter_remedy(user, absent),
            )
        )
    if unknown := _variables_missing(ours):
        found.append(
            wrong(
                _("events do not carry {names}: calls cannot be told apart").format(
                    names=", ".join(unknown)
                ),
                _(
                    "in manager.conf under [general]: `channelvars+=,{names}`; then: {reload}"
                ).format(names=",".join(CHANNEL_VARIABLES), reload=RELOAD),
            )
        )
    if surplus := sorted({event.name for event in link.events}.intersection(UNWANTED_EVENTS)):
        found.append(
            warning(
                _("events arrive that only cost time: {names}").format(names=", ".join(surplus)),
                _("give the user {user} the filters of {file}: {commands}").format(
                    user=user, file=MANAGER, commands=write_again(examination, MANAGER)
                ),
            )
        )
    return found or [ok(_("those that are needed arrive, with the calls' ids, and no others"))]


def _tells_of(event: AmiEvent, uniqueids: set[str]) -> bool:
    return event.get("Uniqueid") in uniqueids or event.get("DestUniqueid") in uniqueids


def _variables_missing(events: list[AmiEvent]) -> list[str]:
    """Return the channel variables that no event showed."""
    shown: set[str] = set()
    for event in events:
        shown.update(event.channel_variables, event.channel_variables_of("Dest"))
    return [name for name in CHANNEL_VARIABLES if name not in shown]
