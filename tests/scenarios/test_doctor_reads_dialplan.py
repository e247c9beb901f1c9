"""`cordboard doctor` and an administrator's own dialplan: his faults, numbers, and globals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.load import load
from cti.asterisk_files.notes import EXTENSIONS
from cti.doctor.conf_faults import conf_faults
from cti.doctor.findings import Verdict
from cti.switch.visit import answer_doctor
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession
from tests.cti.doctor.patients import ENVIRONMENT, Patient, Spoil, edited, not_well, only, patient
from tests.cti.doctor.test_conf_faults import CASES, beside

pytestmark = pytest.mark.scenario

LOAD = "asterisk -rx 'module load pbx_config.so'"
RELOAD = "asterisk -rx 'dialplan reload'"
WITHOUT_FILES = ("ami", "rights", "modules", "dialplan")
"""What doctor can look at where Asterisk's files are on another machine."""
NOT_LOADED = "not loaded Cordboard's dialplan"


def with_lines(before: str, after: str = "") -> Spoil:
    """Return what puts lines before and after those that extensions.conf has."""

    def edit(etc: Path) -> None:
        file = etc / "extensions.conf"
        file.write_text(f"[general]\n{before}{file.read_text()}{after}")

    return edit


def etc_of(one: Patient) -> Path:
    return one.folder / "pbx" / "etc"


async def test_what_keeps_a_file_out_is_what_asterisk_drops_it_by(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    dropped: dict[str, bool] = {}
    async with patient(asterisk_installation, tmp_path, phones=()) as one:
        file = etc_of(one) / "extensions.conf"
        beside(file.parent)
        for number, (name, (text, _told)) in enumerate(CASES.items()):
            file.write_text(f"{text}\n[general]\n[tried]\nexten => {number},1,NoOp()\n")
            await one.asterisk.console("dialplan reload")
            shown = await one.asterisk.console(f"dialplan show {number}@tried")
            dropped[name] = "NoOp" not in shown
            assert dropped[name] == any(fault.whole for fault in conf_faults(file)), name

    assert {True, False} == set(dropped.values())


# A dialplan that is not there


@pytest.mark.parametrize("known", [True, False])
async def test_a_dialplan_that_pbx_config_would_read_is_called_missing_without_it(
    asterisk_installation: Installation, tmp_path: Path, known: bool
) -> None:
    def spoil(etc: Path) -> None:
        for name in ("pbx_config", *(() if known else ("func_module",))):
            edited("modules.conf", f"load => {name}.so\n", "")(etc)

    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil, phones=()) as one:
        wrong = not_well(await one.examined(*WITHOUT_FILES), Verdict.WRONG)

    (finding,) = wrong["dialplan"]
    assert NOT_LOADED in finding.sentence
    assert LOAD in finding.remedy
    assert ("without the module pbx_config" in finding.sentence) is known


@pytest.mark.parametrize("readable", [True, False])
async def test_a_fault_that_keeps_extensions_conf_out_is_named_with_its_line(
    asterisk_installation: Installation, tmp_path: Path, readable: bool
) -> None:
    spoil = with_lines("[office\nexten => 1,1,NoOp()\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(*(() if readable else WITHOUT_FILES)), "dialplan")

    assert NOT_LOADED in finding.sentence
    assert finding.remedy.count(LOAD) == 1
    if readable:
        assert "extensions.conf:2: a section has no closing bracket" in finding.sentence
    else:
        assert "nor anything else of extensions.conf" in finding.sentence
        assert f"grep config.c {tmp_path / 'pbx' / 'log'}/*" in finding.remedy


async def test_what_is_to_be_typed_after_the_fault_is_mended_brings_the_dialplan_back(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = with_lines("[office\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        before = only(await one.examined(), "dialplan")
        edited("extensions.conf", "[office\n", "[office]\n")(etc_of(one))
        await one.asterisk.console("module load pbx_config.so")
        after = await one.examined()

    assert before.remedy.endswith(LOAD)
    assert not_well(after) == {}


async def test_a_file_of_ours_that_asterisk_drops_is_named_with_the_command_that_writes_it(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited(EXTENSIONS, "[cordboard-in]", "[cordboard-in")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "dialplan")
        line = (one.out / EXTENSIONS).read_text().splitlines().index("[cordboard-in") + 1

    assert f"{tmp_path / 'out' / EXTENSIONS}:{line}: " in finding.sentence
    assert f"write {tmp_path / 'out' / EXTENSIONS} again" in finding.remedy
    assert RELOAD in finding.remedy


def named_by_another_file(lines: str) -> Spoil:
    """Return what lets a file that extensions.conf includes name ours, among these lines."""

    def spoil(etc: Path) -> None:
        ours = (etc / "extensions.conf").read_text()
        (etc / "extensions.conf").write_text("[general]\n#include extensions_custom.conf\n")
        (etc / "extensions_custom.conf").write_text(lines.format(ours=ours))

    return spoil


async def test_a_fault_before_our_line_in_the_file_that_names_ours_is_told(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = named_by_another_file("[office\n{ours}")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(), "dialplan")

    assert "extensions_custom.conf:1: a section has no closing bracket" in finding.sentence
    assert finding.remedy == f"mend that line; then: {RELOAD}"


async def test_a_fault_behind_our_line_in_the_file_that_names_ours_costs_us_nothing(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = named_by_another_file("{ours}[office\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        findings = await one.examined()

    assert not_well(findings) == {}


async def test_an_extensions_conf_that_is_gone_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(etc: Path) -> None:
        (etc / "extensions.conf").unlink()

    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(), "dialplan")

    assert f"{tmp_path}/pbx/etc/extensions.conf is not there" in finding.sentence
    assert f'/{EXTENSIONS}"' in finding.remedy
    assert LOAD in finding.remedy


async def test_a_fault_that_asterisk_has_not_met_yet_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        with_lines("", "[office\n")(etc_of(one))
        await one.asterisk.console("dialplan reload")
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)

    assert "none of ours after a restart" in finding.sentence
    assert "a section has no closing bracket" in finding.sentence


# Numbers of his in cordboard-in


async def test_an_extension_of_his_with_the_number_of_a_service_is_named_with_its_place(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = with_lines("[cordboard-in]\nexten => 8000,1,Playback(closed)\n same => n,Hangup()\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)

    assert "service number 8000" in finding.sentence
    assert "Playback(closed)" in finding.sentence
    assert f"{tmp_path}/pbx/etc/extensions.conf:3" in finding.sentence
    assert RELOAD in finding.remedy


async def test_an_extension_that_was_put_in_the_place_of_a_service_at_the_console_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        await one.asterisk.console(
            "dialplan add extension 8000,1,NoOp,hello into cordboard-in replace"
        )
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)
        await one.asterisk.console("dialplan reload")
        after = await one.examined()

    assert "begins with NoOp(hello)" in finding.sentence
    assert "dialplan show cordboard-in" in finding.sentence
    assert finding.remedy.endswith(RELOAD)
    assert not_well(after) == {}


HIS_NUMBERS = """
[cordboard-in](+)
exten => 1,1,Goto(8000,1)
exten => 2,1,Gosub(cordboard-in,8000,1)
exten => 3,1,NoOp()
 same => n,GotoIf($[${EPOCH} = 1]?closed,s,1:cordboard-in,${EXTEN:1},1)
exten => 4,1,Playback(ss-noservice)
 same => n,Hangup(1)
exten => 5/0123,1,Dial(Local/8000@cordboard-in/n)
exten => 6,1,ExecIf($[${EPOCH} > 1]?Goto(8000,1))
exten => _9XXX,1,Goto(night,s,1)
exten => i,1,Hangup()
[night]
exten => s,1,Goto(opened,s,1)
[opened]
exten => s,1,Goto(cordboard-in,8000,1)
"""


async def test_numbers_of_his_that_lead_to_a_service_are_his_affair(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = with_lines("", HIS_NUMBERS)
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        findings = await one.examined()
        shown = await one.asterisk.console("dialplan show cordboard-in")

    assert not_well(findings) == {}
    assert "9 extensions" in shown


@pytest.mark.parametrize(
    "lines",
    [
        "exten => 110,1,Dial(PJSIP/110@carrier)\n",
        "exten => 110,1,Goto(8001,1)\n",
        "exten => 110,1,Goto(out,s,1)\n[out]\nexten => s,1,Dial(PJSIP/x)\n",
    ],
)
async def test_numbers_of_his_that_lead_elsewhere_are_a_warning_with_their_place(
    asterisk_installation: Installation, tmp_path: Path, lines: str
) -> None:
    spoil = with_lines("[cordboard-in]\n" + lines)
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)

    assert "leads to no service: 110 (" in finding.sentence
    assert f"{tmp_path}/pbx/etc/extensions.conf:3" in finding.sentence


async def test_a_number_that_was_a_service_once_is_a_warning_that_names_our_file(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(out: Path) -> None:
        text = (out / EXTENSIONS).read_text()
        entry = text[text.index("exten => 8000,1,") : text.index("; The caller's number")]
        once = entry.replace("8000", "8009")
        (out / EXTENSIONS).write_text(text.replace(entry, f"{entry}{once}\n"))

    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)

    assert "no service has: 8009" in finding.sentence
    assert f"write {tmp_path / 'out' / EXTENSIONS} again" in finding.remedy


# The globals of a standby


@asynccontextmanager
async def standby(one: Patient) -> AsyncIterator[str]:
    """Run what answers as a daemon does, at another address than the daemon's."""
    configuration = load(one.configuration, ENVIRONMENT)

    async def answer(session: AgiSession) -> None:
        await answer_doctor(session, configuration.flows, configuration.prompts_folder)

    server = AgiServer(answer, allowed_peers=(LOOPBACK,))
    await server.start("127.0.0.5", one.asterisk.ports.agi)
    try:
        yield f"127.0.0.5:{one.asterisk.ports.agi}"
    finally:
        await server.close()


async def set_global(one: Patient, name: str, value: str) -> None:
    await one.asterisk.console(f"dialplan set global {name} {value}")


async def test_a_standby_that_took_over_and_answers_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one, standby(one) as address:
        await set_global(one, "CORD_AGI1", address)
        findings = await one.examined()
        finding = only(findings, "agi", Verdict.WARNING)

    assert f"to {address}, not to 127.0.0.1:" in finding.sentence
    assert "answers" in finding.sentence
    assert set(not_well(findings)) == {"agi"}


@pytest.mark.parametrize("address", ["127.0.0.5:1", "192.0.2.9:4573"])
async def test_a_standby_at_which_nobody_answers_is_wrong(
    asterisk_installation: Installation, tmp_path: Path, address: str
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        await set_global(one, "CORD_AGI1", address)
        findings = await one.examined()
        finding = only(findings, "agi")
        await one.asterisk.console(finding.remedy.partition("-rx '")[2].removesuffix("'"))
        after = await one.examined()

    assert f"CORD_AGI1 sends calls to {address}, where no daemon answers" in finding.sentence
    assert set(not_well(findings, Verdict.NOT_CHECKED)) == {"prompts"}
    assert not_well(after) == {}


async def test_a_global_that_is_set_in_a_file_is_named_with_its_line(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = with_lines("[globals]\nCORD_AGI1 = 127.0.0.5:1\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        finding = only(await one.examined(), "agi")

    assert f"{tmp_path}/pbx/etc/extensions.conf:3" in finding.remedy
    assert "dialplan set global CORD_AGI1" in finding.remedy


@pytest.mark.parametrize(
    ("address", "told"), [("127.0.0.5:1", "nobody listens"), ("nowhere", "is no host:port")]
)
async def test_a_second_address_at_which_nobody_listens_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path, address: str, told: str
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        await set_global(one, "CORD_AGI2", address)
        finding = only(await one.examined(), "agi", Verdict.WARNING)

    assert address in finding.sentence
    assert told in finding.sentence


async def test_a_second_address_at_which_a_standby_listens_is_well(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one, standby(one) as address:
        await set_global(one, "CORD_AGI2", address)
        findings = await one.examined()

    assert not_well(findings) == {}
