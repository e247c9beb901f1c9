"""Certificates that desks would refuse, or soon will."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from cti.doctor.certificates import look_at_certificate
from cti.doctor.findings import Examination, Finding, Verdict
from tests.cti.doctor.certificates import authority, new_certificate
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES


async def looked_at(certificate: Path | None) -> list[Finding]:
    configuration = load(EXAMPLES, ENVIRONMENT)
    web = replace(configuration.web, certificate=certificate, key=certificate)
    examination = Examination(configuration=replace(configuration, web=web))
    return await look_at_certificate(examination)


async def test_no_certificate_is_in_order() -> None:
    (finding,) = await looked_at(None)

    assert finding.verdict is Verdict.OK


CASES: list[tuple[dict[str, Any], Verdict, str]] = [
    ({"ends": timedelta(days=-1)}, Verdict.WRONG, "expired on"),
    ({"ends": timedelta(days=5, hours=1)}, Verdict.WARNING, "in 5 days"),
    ({"begins": timedelta(days=2)}, Verdict.WRONG, "is good from"),
    ({"names": ()}, Verdict.WRONG, "names no host"),
]


@pytest.mark.parametrize(("changes", "verdict", "told"), CASES)
async def test_each_fault_is_named_with_its_remedy(
    tmp_path: Path, changes: dict[str, Any], verdict: Verdict, told: str
) -> None:
    path, _key = new_certificate(tmp_path, issuer=authority(), **changes)
    first, *rest = await looked_at(path)

    assert (first.verdict, told in first.sentence) == (verdict, True)
    assert first.remedy
    assert {finding.verdict for finding in rest} <= {verdict, Verdict.WARNING}


async def test_a_certificate_signed_by_itself_is_a_warning(tmp_path: Path) -> None:
    (finding,) = await looked_at(new_certificate(tmp_path)[0])

    assert finding.verdict is Verdict.WARNING
    assert "signed by itself" in finding.sentence


async def test_a_chain_that_leads_nowhere_or_is_out_of_order_is_a_warning(tmp_path: Path) -> None:
    path, _key = new_certificate(tmp_path, issuer=authority())
    other, _key = new_certificate(tmp_path, issuer=authority(), called="other")
    (nowhere,) = await looked_at(path)
    path.write_bytes(path.read_bytes() + other.read_bytes())
    (unordered,) = await looked_at(path)

    assert "does not lead to an authority" in nowhere.sentence
    assert "is not followed by its issuer's" in unordered.sentence
    assert {nowhere.verdict, unordered.verdict} == {Verdict.WARNING}


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nx\n", b"\0" * 100])
async def test_what_is_no_certificate_is_wrong(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "web.pem"
    path.write_bytes(content)
    (finding,) = await looked_at(path)

    assert finding.verdict is Verdict.WRONG
    assert "holds no certificate" in finding.sentence
