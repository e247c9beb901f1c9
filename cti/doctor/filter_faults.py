"""What manager.conf says of the events that the daemon wants: which lines keep some of them out."""

from collections.abc import Iterable, Sequence

from cti.asterisk_files.manager import event_filter
from cti.doctor.asterisk_conf import ConfFile
from cti.doctor.asterisk_folder import manager_file, manager_reload
from cti.doctor.event_filters import EventFilter, filters_of, passes
from cti.doctor.findings import Examination, Finding, warning, wrong
from cti.language import _, ngettext
from cti.switch.dialplan import DOCTOR_CONTEXT

Headers = tuple[tuple[str, str], ...]

PHONE_EVENT = "DeviceStateChange"
ONLY_IN_FILES = (PHONE_EVENT, "Shutdown")
"""Events that no test call can bring about: whether they pass, only the file tells."""

PHONES_TRIED_MAX = 500
PHONES_SHOWN_MAX = 8
NO_PHONES = ("Custom:cordboard", "Queue:cordboard", "Local/s@cordboard")
"""Devices whose states are of no use to the daemon."""


def filter_faults(examination: Examination, manager: ConfFile) -> list[Finding]:
    """Return what is wrong with the filters for events that no test call can bring about."""
    user = examination.pbx.ami.username
    filters = filters_of(manager, user)
    if not filters:
        return []  # all events pass: the test call shows it
    found = []
    if not passes(filters, "Shutdown", ()):
        found.append(
            wrong(
                _("the event {name} does not pass the filters of the user {user}").format(
                    name="Shutdown", user=user
                ),
                filter_remedy(examination, ("Shutdown",)),
            )
        )
    phones = list(examination.pbx.phones)[:PHONES_TRIED_MAX]
    barred = [name for name in phones if not passes(filters, PHONE_EVENT, _device(f"PJSIP/{name}"))]
    if barred:
        found.append(_barred(examination, barred, len(phones)))
    elif any(one.includes for one in filters) and any(
        passes(filters, PHONE_EVENT, _device(device)) for device in NO_PHONES
    ):
        found.append(
            warning(
                _(
                    "the event {name} passes the filters of the user {user} for more than phones: "
                    "that costs time"
                ).format(name=PHONE_EVENT, user=user),
                _replaced(examination, filters),
            )
        )
    return found


def _barred(examination: Examination, barred: list[str], phones: int) -> Finding:
    user = examination.pbx.ami.username
    remedy = filter_remedy(examination, (PHONE_EVENT,))
    if len(barred) == phones:
        return wrong(
            _("the event {name} does not pass the filters of the user {user}").format(
                name=PHONE_EVENT, user=user
            ),
            remedy,
        )
    more = ["…"] if len(barred) > PHONES_SHOWN_MAX else []
    return wrong(
        ngettext(
            "the event {name} does not pass the filters of the user {user} for the phone {phones}",
            "the event {name} does not pass the filters of the user {user} for {count} phones: "
            "{phones}",
            len(barred),
        ).format(
            name=PHONE_EVENT,
            user=user,
            count=len(barred),
            phones=", ".join([*barred[:PHONES_SHOWN_MAX], *more]),
        ),
        remedy,
    )


def keeps_out(examination: Examination, name: str) -> bool:
    """Tell whether manager.conf, where it can be read, keeps an event of the test call out."""
    manager = manager_file(examination)
    filters = filters_of(manager, examination.pbx.ami.username) if manager else []
    return not all(passes(filters, name, headers) for headers in _variants(examination, name))


def filter_remedy(examination: Examination, names: Sequence[str]) -> str:
    """Return what lets events through: which lines to add, to change and to delete."""
    user, manager = examination.pbx.ami.username, manager_file(examination)
    reload = manager_reload(examination)
    wanted = ", ".join(f"`{event_filter(name)}`" for name in names)
    if manager is None or user not in manager.sections:
        return _(
            "in manager.conf under [{user}]: {lines}, and no line with `action(exclude)` or "
            "`eventfilter = !` for them; then: {reload}"
        ).format(user=user, lines=wanted, reload=reload)
    filters = filters_of(manager, user)
    steps = [*_exclusions(examination, filters, names), *_inclusions(examination, filters, names)]
    if not steps:
        # the file lets them through: Asterisk has not read it since
        return f"touch {manager.files[0]}; {reload}"
    return _("{steps}; then: {reload}").format(steps="; ".join(steps), reload=reload)


def _exclusions(
    examination: Examination, filters: Iterable[EventFilter], names: Sequence[str]
) -> list[str]:
    """Return the steps that take away what keeps events out, each line once."""
    return [
        _("delete line {line} of {file}, `{text}`").format(
            line=one.place[1], file=one.place[0], text=one.text
        )
        for one in filters
        if not one.includes
        and any(
            one.fits(name, headers) for name in names for headers in _variants(examination, name)
        )
    ]


def _inclusions(
    examination: Examination, filters: Sequence[EventFilter], names: Sequence[str]
) -> list[str]:
    """Return the steps that let in what no line lets in so far."""
    included = [one for one in filters if one.includes]
    if not included:
        return []
    steps, added = [], []
    for name in names:
        if all(passes(included, name, headers) for headers in _variants(examination, name)):
            continue
        meant = [one for one in included if name in (one.name, one.pattern)]
        if meant:
            steps += [_instead(one, name) for one in meant[:1]]
        else:
            added.append(f"`{event_filter(name)}`")
    if added:
        steps.append(
            _("in {file} under [{user}]: {lines}").format(
                file=included[-1].place[0],
                user=examination.pbx.ami.username,
                lines=", ".join(added),
            )
        )
    return steps


def _replaced(examination: Examination, filters: Iterable[EventFilter]) -> str:
    wide = [
        one
        for one in filters
        if one.includes and any(one.fits(PHONE_EVENT, _device(device)) for device in NO_PHONES)
    ]
    steps = [_instead(one, PHONE_EVENT) for one in wide if one.name == PHONE_EVENT] or [
        _("in the place of line {line} of {file}, `{text}`, take Cordboard's filters").format(
            line=one.place[1], file=one.place[0], text=one.text
        )
        for one in wide
    ]
    return _("{steps}; then: {reload}").format(
        steps="; ".join(steps), reload=manager_reload(examination)
    )


def _instead(one: EventFilter, name: str) -> str:
    return _("let line {line} of {file} be `{ours}` in place of `{text}`").format(
        line=one.place[1], file=one.place[0], ours=event_filter(name), text=one.text
    )


def _variants(examination: Examination, name: str) -> list[Headers]:
    """Return the headers that an event has for each phone, and for the ends of the test call."""
    phones = list(examination.pbx.phones)[:PHONES_TRIED_MAX]
    if name == PHONE_EVENT:
        return [_device(f"PJSIP/{phone}") for phone in phones] or [()]
    if name in ONLY_IN_FILES:
        return [()]
    test_call = [f"Local/s@{DOCTOR_CONTEXT}-00000001;{end}" for end in (1, 2)]
    channels = [*(f"PJSIP/{phone}-00000001" for phone in phones), *test_call]
    header = "DestChannel" if name.startswith("Dial") else "Channel"
    return [((header, channel),) for channel in channels]


def _device(device: str) -> Headers:
    return (("Device", device), ("State", "INUSE"))
