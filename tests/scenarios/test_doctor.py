"""`cordboard doctor` on a real Asterisk with the files as written, and with one thing broken."""

import asyncio
import shutil
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from cti.asterisk_files.manager import READ, WRITE, event_filter
from cti.asterisk_files.notes import EXTENSIONS, MANAGER, MUSIC, MUSIC_FOLDER, PHONES
from cti.asterisk_files.values import UnfitValueError
from cti.doctor import agi_path
from cti.doctor.findings import Verdict
from cti.doctor.modules import GIVES, MODULES
from cti.doctor.registry import CHECKS
from cti.switch.dialplan import WANTED_EVENTS
from lab import sound
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK
from tests.cti.doctor.certificates import authority, new_certificate
from tests.cti.doctor.patients import edited, not_well, only, patient

pytestmark = pytest.mark.scenario


def pbx_of(main: dict[str, Any]) -> Any:  # noqa: ANN401 - YAML
    (pbx,) = main["pbx"].values()
    return pbx


async def test_the_written_files_on_a_fresh_asterisk_make_all_green(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        findings = await one.examined()
        channels = await one.channels()

    assert not_well(findings) == {}
    # whether calls are taken is asked of a daemon that runs, and none does
    assert {finding.check for finding in findings} == {check.name for check in CHECKS} - {"ready"}
    assert channels == "0 active channels"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("right", WRITE)
async def test_each_missing_right_to_write_is_named(
    asterisk_installation: Installation, tmp_path: Path, right: str
) -> None:
    left = ",".join(name for name in WRITE if name != right)
    spoil = edited(MANAGER, f"write = {','.join(WRITE)}", f"write = {left}")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "rights")

    assert f"`{right}`" in finding.sentence
    assert f"`write = {','.join(WRITE)}`" in finding.remedy


@pytest.mark.parametrize(("right", "check"), [("system", "rights"), ("call", "events")])
async def test_each_missing_right_to_read_is_named(
    asterisk_installation: Installation, tmp_path: Path, right: str, check: str
) -> None:
    left = ",".join(name for name in READ if name != right)
    spoil = edited(MANAGER, f"read = {','.join(READ)}", f"read = {left}")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), check)

    assert f"`{right}`" in finding.sentence
    assert f"`read = {','.join(READ)}`" in finding.remedy


async def test_rights_that_are_not_needed_are_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited(MANAGER, f"write = {','.join(WRITE)}", "write = all")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "rights", Verdict.WARNING)

    assert "command, config, system, agi, user" in finding.sentence


@pytest.mark.parametrize("name", [name for name in WANTED_EVENTS if name != "FullyBooted"])
async def test_each_filter_that_is_missing_is_named(
    asterisk_installation: Installation, tmp_path: Path, name: str
) -> None:
    spoil = edited(MANAGER, event_filter(name) + "\n", "")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        in_files = name in {"DeviceStateChange", "Shutdown"}
        finding = only(await one.examined(), "files" if in_files else "events")

    assert name in finding.sentence
    assert event_filter(name) in finding.remedy


async def test_an_account_without_filters_is_a_warning_that_names_what_comes(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(out: Path) -> None:
        lines = (out / MANAGER).read_text().splitlines(keepends=True)
        (out / MANAGER).write_text("".join(x for x in lines if not x.startswith("eventfilter")))

    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "events", Verdict.WARNING)

    for name in ("LocalBridge", "Newchannel", "SoftHangupRequest"):
        assert name in finding.sentence


@pytest.mark.parametrize(
    ("left", "named"),
    [("", "CORD_CALL, CORD_OFFER, CORD_STATE"), ("channelvars=CORD_CALL,CORD_STATE", "CORD_OFFER")],
)
async def test_missing_channel_variables_are_named(
    asterisk_installation: Installation, tmp_path: Path, left: str, named: str
) -> None:
    spoil = edited(MANAGER, "channelvars+=,CORD_CALL,CORD_OFFER,CORD_STATE", left)
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "events")

    assert f"carry {named}:" in finding.sentence
    assert f"write {tmp_path / 'out' / MANAGER} again" in finding.remedy


async def test_each_missing_module_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    missing = {*MODULES} - {*GIVES}

    def spoil(etc: Path) -> None:
        for name in missing:
            edited("modules.conf", f"load => {name}.so\n", "")(etc)

    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil, phones=()) as one:
        wrong = not_well(await one.examined("ami", "modules"), Verdict.WRONG)

    assert list(wrong) == ["modules"]
    for name in missing:
        assert any(f" {name} " in finding.sentence for finding in wrong["modules"])
        assert any(f"module load {name}.so" in finding.remedy for finding in wrong["modules"])


@pytest.mark.parametrize("name", GIVES)
async def test_what_a_missing_module_keeps_from_being_checked_is_not_called_wrong(
    asterisk_installation: Installation, tmp_path: Path, name: str
) -> None:
    spoil = edited("modules.conf", f"load => {name}.so\n", "")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil, phones=()) as one:
        findings = await one.examined()
        wrong = not_well(findings, Verdict.WRONG)

    # Without pbx_config there is no dialplan, and that is wrong as well.
    assert set(wrong) <= {"modules", *(["dialplan"] if name == "pbx_config" else [])}
    assert not_well(findings, Verdict.NOT_CHECKED)
    assert any(f" {name} " in finding.sentence for finding in wrong["modules"])
    assert any(f"module load {name}.so" in finding.remedy for finding in wrong["modules"])


async def test_without_the_module_that_tells_of_modules_they_are_not_called_wrong(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited("modules.conf", "load => func_module.so\n", "")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        findings = await one.examined()

    assert list(not_well(findings)) == ["modules"]
    assert not_well(findings)["modules"][0].verdict is Verdict.NOT_CHECKED


# The dialplan, and the way to the daemon


async def test_a_dialplan_that_is_not_included_is_named_with_its_line(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(etc: Path) -> None:
        (etc / "extensions.conf").write_text("[general]\n")

    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil) as one:
        findings = await one.examined()

    assert "not loaded Cordboard's dialplan" in only(findings, "dialplan").sentence
    assert (
        f'#tryinclude "/etc/asterisk/cordboard/{EXTENSIONS}"' in only(findings, "dialplan").remedy
    )
    assert set(not_well(findings, Verdict.NOT_CHECKED)) == {"agi", "prompts", "music", "events"}


async def test_a_file_that_is_gone_is_named_with_the_command_that_writes_it(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(out: Path) -> None:
        (out / EXTENSIONS).unlink()

    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "dialplan")

    assert f"--out {tmp_path / 'out'}" in finding.remedy
    assert "dialplan reload" in finding.remedy


async def test_a_service_number_that_the_dialplan_lacks_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited(EXTENSIONS, "exten => 8000,1,", "exten => 1,1,NoOp() ; ")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        findings = await one.examined()

    (wrong,) = not_well(findings, Verdict.WRONG)["dialplan"]
    assert "8000 is not in the context cordboard-in" in wrong.sentence
    assert set(not_well(findings)) == {"dialplan"}


async def test_another_address_of_the_daemon_in_the_dialplan_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited(EXTENSIONS, "127.0.0.1:", "127.0.0.7:")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        findings = await one.examined()
        finding = only(findings, "dialplan")
        port = one.asterisk.ports.agi

    assert f"127.0.0.7:{port}" in finding.sentence
    assert f"127.0.0.1:{port}" in finding.sentence
    assert set(not_well(findings, Verdict.NOT_CHECKED)) == {"agi", "prompts"}


async def test_an_older_dialplan_than_the_configuration_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        one.change_main(lambda main: pbx_of(main)["safety_net"].update(tries=7))
        finding = only(await one.examined(), "dialplan", Verdict.WARNING)

    assert "cordboard" in finding.sentence


async def test_what_cannot_stand_in_a_dialplan_is_told_in_the_words_of_asterisk_config(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        one.change_main(lambda main: pbx_of(main)["agi"].update(address="0.0.0.0:4573"))
        findings = await one.examined("ami", "rights", "dialplan")

    assert "Asterisk cannot reach the daemon" in only(findings, "dialplan").sentence
    assert issubclass(UnfitValueError, ValueError)


async def test_a_stranger_at_the_daemons_port_is_named_and_left_alone(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        with socket.create_server((LOOPBACK, one.asterisk.ports.agi)):
            finding = only(await one.examined(), "agi")

    assert f"listens at 127.0.0.1:{one.asterisk.ports.agi}" in finding.sentence
    assert "ss -ltnp" in finding.remedy


async def test_an_address_that_is_not_among_the_peers_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        one.change_main(lambda main: pbx_of(main)["agi"].update(peers=["127.0.0.7"]))
        finding = only(await one.examined(), "agi")

    assert "comes from 127.0.0.1" in finding.sentence
    assert "peers: [127.0.0.7, 127.0.0.1]" in finding.remedy


async def test_an_address_at_which_nobody_is_reached_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        one.change_main(lambda main: pbx_of(main)["agi"].update(address="127.0.0.9:4999"))
        await asyncio.to_thread(one.write_files)
        await one.asterisk.console("dialplan reload")
        finding = only(await one.examined(), "agi")

    assert "does not reach 127.0.0.9:4999" in finding.sentence


async def test_prompts_that_asterisk_cannot_play_are_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        elsewhere = tmp_path / "prompts"
        elsewhere.mkdir()
        shutil.copy(one.configuration / "prompts" / "welcome.wav", elsewhere)
        finding = only(await one.examined(prompts=elsewhere), "prompts")

    assert "welcome" not in finding.sentence
    assert "no-key" in finding.sentence
    assert str(elsewhere) in finding.remedy


# Music


async def test_music_is_listened_to_where_asterisk_can(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    def spoil(out: Path) -> None:
        sound.write_wav(out / MUSIC_FOLDER / "cordboard.wav", np.zeros(80_000))

    listening: dict[str, Any] = {"extra_modules": ("app_waitforsilence",)}
    async with patient(asterisk_installation, tmp_path / "one", **listening) as one:
        heard = await one.examined()
    async with patient(asterisk_installation, tmp_path / "two", spoil=spoil, **listening) as two:
        finding = only(await two.examined(), "music", Verdict.WARNING)

    assert [f.sentence for f in heard if f.check == "music"] == ["the class cordboard sounds"]
    assert not_well(heard) == {}
    assert "nothing was heard" in finding.sentence


DEFAULT_CLASS = "[default]\nmode=files\ndirectory={folder}\n"


@pytest.mark.parametrize("with_default", [False, True])
@pytest.mark.parametrize("fault", ["class", "folder", "files"])
async def test_missing_music_is_named(
    asterisk_installation: Installation, tmp_path: Path, fault: str, with_default: bool
) -> None:
    def spoil(out: Path) -> None:
        shutil.copytree(out / MUSIC_FOLDER, tmp_path / "music")
        if fault == "class":
            (out / MUSIC).write_text("")
        elif fault == "folder":
            shutil.rmtree(out / MUSIC_FOLDER)
        else:
            (out / MUSIC_FOLDER / "cordboard.wav").unlink()

    def spoil_etc(etc: Path) -> None:
        if with_default:
            text = (etc / "musiconhold.conf").read_text()
            text += DEFAULT_CLASS.format(folder=tmp_path / "music")
            (etc / "musiconhold.conf").write_text(text)

    async with patient(asterisk_installation, tmp_path, spoil=spoil, spoil_etc=spoil_etc) as one:
        findings = await one.examined()

    finding = only(findings, "music", Verdict.WARNING if with_default else Verdict.WRONG)
    expected = "has no class cordboard" if fault == "class" else "holds no sound"
    assert expected in finding.sentence
    assert ("hear the class default instead" in finding.sentence) is with_default
    assert ("nor is there a class default" in finding.sentence) is not with_default
    assert f"write {tmp_path / 'out' / MUSIC} again" in finding.remedy
    assert "moh reload" in finding.remedy


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("fault", ["class", "folder"])
async def test_music_that_asterisk_still_has_in_memory_alone_is_told_without_a_class_default(
    asterisk_installation: Installation, tmp_path: Path, fault: str, listens: bool
) -> None:
    extra = ("app_waitforsilence",) if listens else ()
    async with patient(asterisk_installation, tmp_path, extra_modules=extra) as one:
        if fault == "class":
            (one.out / MUSIC).write_text("")
        else:
            shutil.rmtree(one.out / MUSIC_FOLDER)
        finding = only(await one.examined(), "music")

    assert "callers hear silence" in finding.sentence
    assert "the class default instead" not in finding.sentence


# Phones


async def test_phones_that_are_unknown_or_away_are_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=("a1", "a2", "a3", "a4")) as one:
        away = only(await one.examined(), "phones", Verdict.WARNING)
        one.change_main(lambda main: pbx_of(main).update(phones={"b7": {"kind": "desk"}}))
        unknown = not_well(await one.examined(), Verdict.WRONG)

    assert "the phone a5 is not registered" in away.sentence
    assert PHONES in away.remedy
    assert list(unknown) == ["phones"]
    assert "does not know the phone b7" in unknown["phones"][0].sentence
    assert "module reload res_pjsip.so" in unknown["phones"][0].remedy


async def test_a_trunk_that_asterisk_lacks_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        carrier = {"carrier": {"addresses": ["203.0.113.7"]}}
        one.change_main(lambda main: pbx_of(main).update(trunks=carrier))
        finding = only(await one.examined(), "trunks", Verdict.WARNING)

    assert "cordboard-carrier" in finding.sentence


async def test_a_check_that_fails_hides_no_other_and_leaves_no_call(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path) as one:
        with patch.object(agi_path, "_answer_of", side_effect=RuntimeError("a defect")):
            findings = await one.examined()
        channels = await one.channels()

    assert set(not_well(findings)) == {"agi", "prompts"}
    assert channels == "0 active channels"


async def test_its_test_calls_leave_no_record_and_no_line_in_asterisks_log(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    records = tmp_path / "pbx" / "log" / "cdr-csv"

    def spoil(etc: Path) -> None:
        records.mkdir(parents=True)
        (etc / "cdr.conf").write_text(
            "[general]\nenable=yes\nunanswered=yes\n[csv]\nusegmtime=yes\n"
        )

    async with patient(
        asterisk_installation, tmp_path, spoil_etc=spoil, extra_modules=("cdr_csv",)
    ) as one:
        log = tmp_path / "pbx" / "log" / "messages"
        before = log.read_text()
        findings = await one.examined()
        after = log.read_text()
        another = "channel originate Local/*43@cordboard-phones application Wait 0"
        await one.asterisk.console(another)
        recorded = ""
        async with asyncio.timeout(5):
            while "*43" not in recorded:
                await asyncio.sleep(0.05)
                recorded = "".join(path.read_text() for path in records.iterdir())

    assert not_well(findings) == {}
    assert after == before
    assert "cordboard-doctor" not in recorded


async def test_a_phone_that_is_registered_and_gone_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(
        asterisk_installation,
        tmp_path,
        phones=("a1", "a2", "a3", "a4"),
        pjsip="[a5](+type=aor)\nqualify_frequency=1\nqualify_timeout=0.2\n",
    ) as one:
        gone = await one.phone("a5")
        await gone.close()
        async with asyncio.timeout(10):
            while "Unavail" not in await one.asterisk.console("pjsip show contacts"):
                await asyncio.sleep(0.1)
        finding = only(await one.examined(), "phones", Verdict.WARNING)

    assert "the phone a5 is registered and does not answer" in finding.sentence


async def test_what_is_wrong_beside_the_pbx_is_named_with_it(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    certificate, key = new_certificate(tmp_path, ends=timedelta(days=-1), issuer=authority())

    def change(main: dict[str, Any]) -> None:
        main["web"].update(certificate=str(certificate), key=str(key))
        main["database"] = {"url": "postgresql://ann@127.0.0.1:1/calls"}

    async with patient(asterisk_installation, tmp_path) as one:
        one.change_main(change)
        wrong = not_well(await one.examined(), Verdict.WRONG)

    assert set(wrong) == {"certificate", "database"}
    assert "expired on" in wrong["certificate"][0].sentence
    assert "127.0.0.1:1/calls cannot be reached" in wrong["database"][0].sentence
