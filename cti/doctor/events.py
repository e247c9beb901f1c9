"""AMI's events: those that the daemon lives by arrive, with our ids, and those that cost do not."""

import asyncio

from cti.asterisk_files.manager import READ
from cti.asterisk_files.notes import MANAGER
from cti.doctor.asterisk_folder import manager_reload, users_file, write_again
from cti.doctor.channel_variables import variables_fault
from cti.doctor.filter_faults import filter_remedy, keeps_out
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.doctor.link import UNWANTED_EVENTS
from cti.language import _
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
        return [_nothing_arrives(examination)]
    found: list[Finding] = []
    if absent := [name for name in MADE_BY_TEST_CALL if name not in arrived]:
        found.append(
            wrong(
                _("the filters of the user {user} keep out what the daemon needs: {names}").format(
                    user=user, names=", ".join(absent)
                ),
                filter_remedy(examination, absent),
            )
        )
    if later := [
        name for name in MADE_BY_TEST_CALL if name in arrived and keeps_out(examination, name)
    ]:
        found.append(
            warning(
                _(
                    "manager.conf keeps out what the daemon needs, for some calls or from the next "
                    "reload on: {names}"
                ).format(names=", ".join(later)),
                filter_remedy(examination, later),
            )
        )
    fault = variables_fault(examination, _variables(ours))
    found += [] if fault is None else [fault]
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


def _nothing_arrives(examination: Examination) -> Finding:
    user = examination.pbx.ami.username
    if "booted" in examination.lacking:
        # one fault: FullyBooted has told of it
        return not_checked(_("because the user {user} may read no event").format(user=user))
    if all(keeps_out(examination, name) for name in MADE_BY_TEST_CALL):
        return wrong(
            _("the filters of the user {user} keep out what the daemon needs: {names}").format(
                user=user, names=", ".join(MADE_BY_TEST_CALL)
            ),
            filter_remedy(examination, MADE_BY_TEST_CALL),
        )
    return wrong(
        _("no event of a call arrives: the user {user} lacks the right to read `call`").format(
            user=user
        ),
        _("in {file} under [{user}]: `{key} = {rights}`; then: {reload}").format(
            file=users_file(examination),
            user=user,
            key="read",
            rights=",".join(READ),
            reload=manager_reload(examination),
        ),
    )


def _variables(events: list[AmiEvent]) -> set[str]:
    """Return the channel variables that events showed."""
    shown: set[str] = set()
    for event in events:
        shown.update(event.channel_variables, event.channel_variables_of("Dest"))
    return shown
