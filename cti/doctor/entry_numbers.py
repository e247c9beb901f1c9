"""
The numbers of cordboard-in: ours as we wrote them, and what the administrator has put beside them.

Of two extensions with one name Asterisk takes that which it reads first, step by step, and logs of
the other. So his may stand in the place of ours, as a whole or with steps of ours behind its own.
"""

import re
from collections.abc import Iterable, Iterator

from cti.asterisk_files.notes import EXTENSIONS, HIS_FILES, RELOADS
from cti.doctor.findings import Examination, Finding, warning, wrong
from cti.doctor.loaded_dialplan import FROM_FILES, LoadedContext, Steps, loaded_context
from cti.language import _, ngettext
from cti.switch.dialplan import ENTRY_CONTEXT

NUMBERS_SHOWN_MAX = 10
CONTEXTS_MAX = 20
"""So many contexts of his are followed to see where they lead."""
MAIN_CONTEXT = "cordboard"
RELOAD = f"asterisk -rx '{RELOADS[EXTENSIONS]}'"
_OUR_MARK = "CORD_SERVICE="
_LOCAL = re.compile(r"Local/([^@&/,]+)@([^&/,]+)")
_COLON = re.compile(r":(?![^{]*\})")
"""What stands between two branches, and not within `${EXTEN:1}`."""
_INNER = re.compile(r"(?:Goto|Gosub)\((.*)\)")
_BRANCHING = frozenset({"ExecIf", "GosubIf", "GotoIf", "GotoIfTime"})
_LEADING = _BRANCHING | {"Gosub", "Goto"}
_REFUSING = frozenset(
    {
        *("Answer", "Busy", "Congestion", "Hangup", "Log", "NoOp", "Playback", "PlayTones"),
        *("Progress", "Ringing", "Set", "Verbose", "Wait"),
    }
)
"""What an extension may be made of that only tells a caller that there is nothing here."""


async def look_at_numbers(
    examination: Examination, expected: Steps, loaded: LoadedContext, remedy: str
) -> list[Finding]:
    """Compare the numbers; `remedy` writes our file again."""
    wanted = {extension for extension, _priority in expected}
    there = {extension for extension, _priority in loaded.steps}
    found: list[Finding] = []
    if absent := sorted(wanted - there):
        found.append(_absent(absent, remedy))
    different = sorted(
        {
            number
            for (number, priority), step in expected.items()
            if number in there and loaded.steps.get((number, priority)) != step
        }
    )
    older = [number for number in different if _is_ours(loaded, number)]
    if older:
        found.append(
            warning(
                _("Asterisk's dialplan is not what the configuration amounts to: {names}").format(
                    names=ENTRY_CONTEXT
                ),
                remedy,
            )
        )
    if shadows := [number for number in different if number not in older]:
        found.append(_shadowing(examination, loaded, shadows))
    extra = sorted(there - wanted)
    if stale := [number for number in extra if _is_ours(loaded, number)]:
        found.append(
            warning(
                _("the context {context} has numbers that no service has: {numbers}").format(
                    numbers=_some(stale), context=ENTRY_CONTEXT
                ),
                remedy,
            )
        )
    strange = [
        number
        for number in extra
        if number not in stale and not await _is_fine(examination, loaded, number, wanted)
    ]
    if strange:
        found.append(_strange(examination, loaded, strange))
    return found


def _absent(numbers: list[str], remedy: str) -> Finding:
    return wrong(
        ngettext(
            "the service number {numbers} is not in the context {context}",
            "the service numbers {numbers} are not in the context {context}",
            len(numbers),
        ).format(numbers=_some(numbers), context=ENTRY_CONTEXT),
        remedy,
    )


def _shadowing(examination: Examination, loaded: LoadedContext, numbers: list[str]) -> Finding:
    """Tell of extensions of his that have the numbers of services."""
    number = numbers[0]
    application, data = (loaded.of(number) or [("", "")])[0]
    return warning(
        ngettext(
            "calls to the service number {numbers} go another way: in {context} an extension of "
            "the same number stands before ours and begins with {step} ({where})",
            "calls to the service numbers {numbers} go another way: in {context} extensions of the "
            "same numbers stand before ours, the first begins with {step} ({where})",
            len(numbers),
        ).format(
            numbers=_some(numbers),
            context=ENTRY_CONTEXT,
            step=f"{application}({data})",
            where=_where(examination, loaded, numbers),
        ),
        _(
            "take it out there, or give it a number that no service has and let it end with "
            "Goto({context},{number},1); then: {reload}"
        ).format(context=ENTRY_CONTEXT, number=number, reload=RELOAD),
    )


def _strange(examination: Examination, loaded: LoadedContext, numbers: list[str]) -> Finding:
    return warning(
        ngettext(
            "the context {context}, which callers from outside reach, has an extension of yours "
            "that leads to no service: {numbers} ({where})",
            "the context {context}, which callers from outside reach, has extensions of yours "
            "that lead to no service: {numbers} ({where})",
            len(numbers),
        ).format(
            context=ENTRY_CONTEXT,
            numbers=_some(numbers),
            where=_where(examination, loaded, numbers),
        ),
        _(
            "let it go on to a service, Goto({context},NUMBER,1), or move it to a context of your "
            "own; then: {reload}"
        ).format(context=ENTRY_CONTEXT, reload=RELOAD),
    )


def _is_ours(loaded: LoadedContext, number: str) -> bool:
    """Tell whether an extension is one that we wrote, for this configuration or another."""
    steps = loaded.of(number)
    if not steps or steps[0][0] not in {"Set", "MSet"}:
        return False
    return steps[0][1].startswith(f"{_OUR_MARK}{number}") and steps[-1][0] == "Goto"


def _where(examination: Examination, loaded: LoadedContext, numbers: list[str]) -> str:
    """Return where extensions stand, file and line, or the command that tells it."""
    registrars = {loaded.registrars.get(number, "") for number in numbers} - {FROM_FILES}
    if registrars:
        return _("added by {registrars}").format(registrars=", ".join(sorted(registrars)))
    folder = examination.asterisk_folder
    conf = folder.read(HIS_FILES[EXTENSIONS]) if folder else None
    places = {
        _number(value): f"{path}:{line}"
        for (path, line), _name, value in (conf.lines(ENTRY_CONTEXT, "exten") if conf else ())
        if path.name != EXTENSIONS
    }
    if any(number not in places for number in numbers):
        return _("`{command}` shows where").format(
            command=f"asterisk -rx 'dialplan show {ENTRY_CONTEXT}'"
        )
    return _some([places[number] for number in numbers])


def _number(value: str) -> str:
    """Return the number of a line `exten => NUMBER/CALLER,1,…`."""
    return value.lstrip("> \t").partition(",")[0].partition("/")[0].strip()


async def _is_fine(
    examination: Examination, loaded: LoadedContext, number: str, services: set[str]
) -> bool:
    """Tell whether an extension of his leads to a service, or only sends callers away."""
    steps = loaded.of(number)
    if all(application in _REFUSING for application, _data in steps):
        return True
    waiting, seen = [(ENTRY_CONTEXT, steps)], {ENTRY_CONTEXT}
    while waiting:
        here, steps = waiting.pop()
        for context, extension in _targets(steps, here):
            if context == MAIN_CONTEXT:
                return True
            if context == ENTRY_CONTEXT and (extension in services or "${" in extension):
                return True
            if context not in seen and len(seen) <= CONTEXTS_MAX:
                seen.add(context)
                his = await loaded_context(examination.link, context)
                waiting.append((context, list(his.steps.values()) if his else []))
    return False


def _targets(steps: Iterable[tuple[str, str]], here: str) -> Iterator[tuple[str, str]]:
    """Yield where steps of a context may lead, context and extension."""
    for application, data in steps:
        if application == "Dial":
            for extension, context in _LOCAL.findall(data):
                yield context, extension
        elif application in _LEADING:
            branches = _COLON.split(data.partition("?")[2]) if application in _BRANCHING else [data]
            for branch in branches:
                inner = _INNER.fullmatch(branch.strip())
                parts = (inner[1] if inner else branch).partition("(")[0].split(",")
                if len(parts) > 1:  # one alone is a label of the same extension
                    yield (parts[-3] if len(parts) > 2 else here).strip(), parts[-2].strip()  # noqa: PLR2004 - context, extension, priority


def _some(names: list[str]) -> str:
    more = ["…"] if len(names) > NUMBERS_SHOWN_MAX else []
    return ", ".join([*names[:NUMBERS_SHOWN_MAX], *more])
