"""
Runs the checks: each within its deadline, in its group's order, the groups beside one another.

A check that stands on something that is not there is not run, and says why: one thing that is wrong
is told once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from cti.doctor.findings import Examination, Finding, not_checked, wrong
from cti.language import _
from protocols.ami.errors import ActionTimeoutError, AmiError, SwitchUnavailableError

DEADLINE_S = 4.0

Look = Callable[[Examination], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One check: its name for machines, its title for people, and what it stands on.

    What it `gives` is lacking for those after it when it did not come to an end.
    """

    name: str
    title: str
    about: str
    look: Look
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    deadline_s: float = DEADLINE_S


async def examine(
    examination: Examination, first: Sequence[Check], groups: Sequence[Sequence[Check]]
) -> list[Finding]:
    """Run the checks that come first, then the groups; return all findings in their order."""
    found = await _run_group(examination, first)
    for findings in await asyncio.gather(*(_run_group(examination, group) for group in groups)):
        found += findings
    return found


async def _run_group(examination: Examination, checks: Sequence[Check]) -> list[Finding]:
    found: list[Finding] = []
    for check in checks:
        findings = await _run(examination, check)
        found += [replace(finding, check=check.name) for finding in findings]
    return found


async def _run(examination: Examination, check: Check) -> list[Finding]:
    missing = next((need for need in check.needs if need in examination.lacking), None)
    if missing is not None:
        because = examination.lacking[missing]
        for gift in check.gives:
            examination.lacks(gift, because)
        return [not_checked(_("because {reason}").format(reason=because))]
    try:
        async with asyncio.timeout(check.deadline_s):
            return await check.look(examination)
    except TimeoutError:
        told = wrong(
            _("no answer within {seconds} seconds").format(seconds=f"{check.deadline_s:g}"),
            _("look whether the machine is overloaded, and run doctor again"),
        )
    except (SwitchUnavailableError, ActionTimeoutError) as error:
        told = not_checked(_("because Asterisk stopped answering ({error})").format(error=error))
    except AmiError as error:
        told = not_checked(_("because Asterisk refused ({error})").format(error=error))
    except Exception as error:  # noqa: BLE001 - a defect in one check must not hide the others
        kind = type(error).__name__
        told = not_checked(
            _("because the check itself failed ({error})").format(error=f"{kind}: {error}")
        )
    for gift in check.gives:
        examination.lacks(gift, _("an earlier check did not come to its end"))
    return [told]
