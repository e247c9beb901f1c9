"""How checks are run: within their deadlines, one fault told once, no defect hides the others."""

import asyncio
from dataclasses import replace

from config.load import load
from cti.doctor.findings import Examination, Finding, Verdict, ok, wrong
from cti.doctor.runner import Check, examine
from protocols.ami.errors import ActionRejectedError, SwitchUnavailableError
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES


async def fine(_examination: Examination) -> list[Finding]:
    return [ok("fine")]


async def hangs(_examination: Examination) -> list[Finding]:
    await asyncio.sleep(60)
    return []


async def breaks(_examination: Examination) -> list[Finding]:
    raise ZeroDivisionError("a defect")


async def lost(_examination: Examination) -> list[Finding]:
    raise SwitchUnavailableError("gone")


async def refused(_examination: Examination) -> list[Finding]:
    raise ActionRejectedError("1", "Permission denied")


async def finds_it_missing(examination: Examination) -> list[Finding]:
    examination.lacks("thing", "the thing is not there")
    return [wrong("no thing", "get one")]


FINE = Check(name="fine", title="fine", about="", look=fine)


async def found(*checks: Check) -> list[tuple[str, Verdict, str]]:
    examination = Examination(configuration=load(EXAMPLES, ENVIRONMENT))
    findings = await examine(examination, (), (checks,))
    return [(finding.check, finding.verdict, finding.sentence) for finding in findings]


async def test_what_stands_on_something_missing_is_not_checked_and_says_why() -> None:
    first = replace(FINE, name="first", look=finds_it_missing)
    second = replace(FINE, name="second", needs=("thing",), gives=("more",))
    third = replace(FINE, name="third", needs=("more",))

    assert await found(first, second, third, FINE) == [
        ("first", Verdict.WRONG, "no thing"),
        ("second", Verdict.NOT_CHECKED, "because the thing is not there"),
        ("third", Verdict.NOT_CHECKED, "because the thing is not there"),
        ("fine", Verdict.OK, "fine"),
    ]


async def test_each_check_has_its_deadline() -> None:
    slow = replace(FINE, name="slow", look=hangs, deadline_s=0.05, gives=("thing",))
    after = replace(FINE, name="after", needs=("thing",))
    told = await found(slow, after)

    assert told[0] == ("slow", Verdict.WRONG, "no answer within 0.05 seconds")
    assert told[1][1] is Verdict.NOT_CHECKED


async def test_a_defect_and_a_lost_link_are_not_called_wrong() -> None:
    checks = [replace(FINE, name=look.__name__, look=look) for look in (breaks, lost, refused)]
    told = await found(*checks)

    assert {verdict for _name, verdict, _sentence in told} == {Verdict.NOT_CHECKED}
    assert "ZeroDivisionError: a defect" in told[0][2]


async def test_groups_run_beside_one_another_and_are_told_in_their_order() -> None:
    came = asyncio.Event()

    async def waits(_examination: Examination) -> list[Finding]:
        await came.wait()
        return [ok("waited")]

    async def comes(_examination: Examination) -> list[Finding]:
        came.set()
        return [ok("came")]

    examination = Examination(configuration=load(EXAMPLES, ENVIRONMENT))
    one, other = replace(FINE, look=waits), replace(FINE, look=comes)
    findings = await examine(examination, (FINE,), ((one,), (other,)))

    assert [finding.sentence for finding in findings] == ["fine", "waited", "came"]
