"""What doctor says of Asterisk's door and version, where the real one cannot be made to."""

import socket
from dataclasses import replace
from types import MappingProxyType

import pytest

from config.load import load
from config.settings import PhoneSettings
from cti.doctor.ami import _unreachable, look_at_version
from cti.doctor.findings import Examination, Verdict
from cti.doctor.modules import WEB_MODULES, needed_modules
from protocols.ami.messages import AmiResponse
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES


def examination() -> Examination:
    return Examination(configuration=load(EXAMPLES, ENVIRONMENT))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host pbx is unknown"),
        (ConnectionRefusedError(111, "refused"), "nothing listens at pbx:5038"),
        (TimeoutError(), "pbx:5038 does not answer at all"),
        (OSError(113, "No route to host"), "pbx:5038 cannot be reached: No route to host"),
    ],
)
def test_each_way_of_not_being_reached_has_its_sentence(error: OSError, told: str) -> None:
    finding = _unreachable(error, "pbx", 5038)

    assert (finding.verdict, finding.sentence) == (Verdict.WRONG, told)
    assert finding.remedy


class Answering:
    """A link that tells one version."""

    def __init__(self, version: str) -> None:
        self._version = version

    async def ask(self, _action: str) -> AmiResponse:
        return AmiResponse(headers={"AsteriskVersion": self._version}, status="Success")


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", Verdict.OK),
        ("22.0.0", Verdict.OK),
        ("GIT-22-abc1234", Verdict.OK),
        ("certified-20.7-cert1", Verdict.WARNING),
        ("21.4.0", Verdict.WARNING),
        ("18.9", Verdict.WARNING),
        ("16.30.0", Verdict.WRONG),
        ("1.8.32", Verdict.WRONG),
        ("23.0.0", Verdict.WARNING),
        ("UNKNOWN__and_probably_unsupported", Verdict.NOT_CHECKED),
        ("", Verdict.NOT_CHECKED),
    ],
)
async def test_versions_are_told_apart(version: str, verdict: Verdict) -> None:
    one = examination()
    one.manager = Answering(version)  # type: ignore[assignment]  # all of a link that is asked
    (finding,) = await look_at_version(one)

    assert finding.verdict is verdict


def test_phones_in_browsers_need_modules_of_their_own() -> None:
    one = examination()
    name, pbx = next(iter(one.configuration.pbxs.items()))
    phones = {**pbx.phones, "w1": PhoneSettings(name="w1", kind="web")}
    changed = {name: replace(pbx, phones=MappingProxyType(phones))}
    other = Examination(configuration=replace(one.configuration, pbxs=changed))

    assert not set(WEB_MODULES) & set(needed_modules(one))
    assert set(WEB_MODULES) <= set(needed_modules(other))
