"""Phones and trunks: whether Asterisk knows them, and which phones are there to be rung."""

import asyncio

from cti.asterisk_files.notes import PHONES, TRUNKS
from cti.asterisk_files.plan import TRUNK_PREFIX
from cti.doctor.asterisk_folder import write_again
from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.language import _, ngettext
from cti.switch.dialplan import ENTRY_CONTEXT

NAMES_SHOWN_MAX = 12
_UNREACHABLE = frozenset({"Unreachable", "Unknown", "Removed"})


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
                _(
                    "they register with their names and the passwords of {file}; what keeps one "
                    "out shows on Asterisk's console: asterisk -rx 'pjsip set logger on'"
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
                _("look at its network: asterisk -rx 'pjsip show contacts'"),
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
    return "silent" if all(status in _UNREACHABLE for status in statuses) else "there"


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
