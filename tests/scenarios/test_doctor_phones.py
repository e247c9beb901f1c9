"""`cordboard doctor` and phones of which Asterisk knows nothing yet."""

from pathlib import Path

import pytest

from cti.doctor.findings import Verdict
from lab.asterisk_installation import Installation
from tests.cti.doctor.patients import not_well, only, patient

pytestmark = pytest.mark.scenario


async def test_phones_that_a_fresh_asterisk_has_not_asked_are_asked_by_doctor(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        await one.asterisk.restart()
        before = await one.asterisk.console("pjsip show contacts")
        findings = await one.examined("ami", "phones")
        after = await one.asterisk.console("pjsip show contacts")

    assert (before.count("NonQual"), after.count("Avail")) == (5, 5)
    assert not_well(findings) == {}


async def test_a_phone_that_does_not_say_at_once_is_no_fault_yet(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=("a1", "a2", "a3")) as one:
        silent = [await one.phone(name) for name in ("a4", "a5")]
        for phone in silent:
            await phone.close()
        await one.asterisk.restart()
        finding = only(await one.examined("ami", "phones"), "phones", Verdict.WARNING)

    assert finding.sentence == (
        "2 phones are registered, and Asterisk does not know yet whether they are there: a4, a5"
    )
    assert "up to 30 seconds" in finding.remedy
