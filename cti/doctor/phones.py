"""Phones and trunks: whether Asterisk knows them, and which phones are there to be rung."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from cti.asterisk_files.notes import PHONES, TRUNKS
from cti.asterisk_files.pjsip import QUALIFY_S
from cti.asterisk_files.plan import TRUNK_PREFIX
from cti.doctor.asterisk_folder import write_again
from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.doctor.link import Manager
from cti.language import _, ngettext
from cti.switch.dialplan import ENTRY_CONTEXT
from protocols.ami.errors import ActionRejectedError

NAMES_SHOWN_MAX = 12
ASKED_MAX = 50
"""How many phones are asked because of us; Asterisk will ask the others."""
ASKED_S = 1.2
"""How long a phone may take to say that it is there."""
POLL_S = 0.1
_UNREACHABLE = frozenset({"Unreachable", "Removed"})
_UNASKED = frozenset({"Unknown", "NonQualified", ""})
"""What Asterisk says of a contact that it has not asked since it was started."""


def _names(names: list[str]) -> str:
    more = ["…"] if len(names) > NAMES_SHOWN_MAX else []
    return ", ".join([*names[:NAMES_SHOWN_MAX], *more])


async def look_at_phones(examination: Examination) -> list[Finding]:
    """Ask for each phone: known, registered, reachable."""
    phones = sorted(examination.pbx.phones)
    states = dict(
        zip(
            phones, await asyncio.gather(*(_state(examination, one) for one in phones)), strict=True
        )
    )
    unasked = [name for name, state in states.items() if state == "unasked"][:ASKED_MAX]
    await asyncio.gather(*(_ask(examination.link, name) for name in unasked))
    deadline = asyncio.get_running_loop().time() + ASKED_S
    while unasked and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_S)
        for name in unasked:
            states[name] = await _state(examination, name)
        unasked = [name for name in unasked if states[name] == "unasked"]
    return _told(examination, states)


async def _ask(link: Manager, name: str) -> None:
    """Have Asterisk ask a phone now whether it is there."""
    with suppress(ActionRejectedError):
        await link.ask("PJSIPQualify", ("Endpoint", name))


def _told(examination: Examination, states: Mapping[str, str]) -> list[Finding]:
    found: list[Finding] = []
    if unknown := [name for name, state in states.items() if state == "unknown"]:
        found.append(
            wrong(
                ngettext(
                    "Asterisk does not know the phone {names}",
                    "Asterisk does not know {count} phones: {names}",
                    len(unknown),
                ).format(count=len(unknown), names=_names(unknown)),
                write_again(examination, PHONES),
            )
        )
    if away := [name for name, state in states.items() if state == "away"]:
        found.append(
            warning(
                ngettext(
                    "the phone {names} is not registered",
                    "{count} phones are not registered: {names}",
                    len(away),
                ).format(count=len(away), names=_names(away)),
                ngettext(
                    "let it register with its name and its password of {file}; what keeps it out "
                    "shows on Asterisk's console: asterisk -rx 'pjsip set logger on'",
                    "let them register with their names and passwords of {file}; what keeps one "
                    "out shows on Asterisk's console: asterisk -rx 'pjsip set logger on'",
                    len(away),
                ).format(file=PHONES),
            )
        )
    if silent := [name for name, state in states.items() if state == "silent"]:
        found.append(
            warning(
                ngettext(
                    "the phone {names} is registered and does not answer",
                    "{count} phones are registered and do not answer: {names}",
                    len(silent),
                ).format(count=len(silent), names=_names(silent)),
                ngettext(
                    "see whether it is switched on, and look at its network: asterisk -rx 'pjsip "
                    "show contacts'",
                    "see whether they are switched on, and look at their network: asterisk -rx "
                    "'pjsip show contacts'",
                    len(silent),
                ),
            )
        )
    if unasked := [name for name, state in states.items() if state == "unasked"]:
        found.append(
            warning(
                ngettext(
                    "the phone {names} is registered, and Asterisk does not know yet whether it is "
                    "there",
                    "{count} phones are registered, and Asterisk does not know yet whether they "
                    "are there: {names}",
                    len(unasked),
                ).format(count=len(unasked), names=_names(unasked)),
                _(
                    "after a start it takes up to {seconds} seconds to know: run doctor again then"
                ).format(seconds=QUALIFY_S),
            )
        )
    there = sum(state == "there" for state in states.values())
    if there:
        found.append(
            ok(
                ngettext("{count} phone is there", "{count} phones are there", there).format(
                    count=there
                )
            )
        )
    return found or [ok(_("the configuration names no phone"))]


async def _state(examination: Examination, name: str) -> str:
    link = examination.link
    aors = await link.value(f"PJSIP_ENDPOINT({name},aors)")
    device = await link.value(f"DEVICE_STATE(PJSIP/{name})")
    if device == "INVALID" or (not aors and device in {"", "UNKNOWN"}):
        return "unknown"
    contacts: list[str] = []
    for aor in aors.split(","):
        if aor.strip():
            told = await link.value(f"PJSIP_AOR({aor.strip()},contact)")
            contacts += [contact for contact in told.split(",") if contact]
    if not contacts:
        # without the functions, or with a contact that is written down, the device's state tells
        return "away" if device in {"UNAVAILABLE", ""} else "there"
    statuses = await link.values([f"PJSIP_CONTACT({contact},status)" for contact in contacts])
    if any(status not in _UNASKED | _UNREACHABLE for status in statuses):
        return "there"
    return "silent" if any(status in _UNREACHABLE for status in statuses) else "unasked"


async def look_at_contexts(examination: Examination) -> list[Finding]:
    """See that phones and trunks lead into our contexts, and that trunks are there."""
    link, found = examination.link, []
    trunks = [f"{TRUNK_PREFIX}{name}" for name in examination.pbx.trunks]
    contexts = await link.values([f"PJSIP_ENDPOINT({trunk},context)" for trunk in trunks])
    for trunk, context in zip(trunks, contexts, strict=True):
        if not context:
            found.append(
                warning(
                    _("Asterisk has no trunk {trunk}; another of its own may stand for it").format(
                        trunk=trunk
                    ),
                    write_again(examination, TRUNKS),
                )
            )
        elif context != ENTRY_CONTEXT:
            found.append(
                warning(
                    _("calls of the trunk {trunk} go to the context {context}").format(
                        trunk=trunk, context=context
                    ),
                    _("in pjsip.conf under [{trunk}]: `context = {ours}`").format(
                        trunk=trunk, ours=ENTRY_CONTEXT
                    ),
                )
            )
    if not found and trunks:
        found.append(
            ok(
                _("{trunks}: their calls go to {context}").format(
                    trunks=_names(trunks), context=ENTRY_CONTEXT
                )
            )
        )
    return found or [
        ok(
            _("the configuration names no trunk; calls come by the PBX's own to {context}").format(
                context=ENTRY_CONTEXT
            )
        )
    ]
