"""`cordboard doctor` where Asterisk's files say something else than Asterisk does, or should."""

from pathlib import Path

import pytest

from cti.asterisk_files.manager import READ, WRITE_TIMEOUT_MS, event_filter
from cti.asterisk_files.notes import EXTENSIONS, MANAGER
from cti.doctor.findings import Verdict
from lab.asterisk_installation import Installation
from tests.cti.doctor.patients import Patient, Spoil, edited, not_well, only, patient
from tests.scenarios.other_account import account, give, run_as_account, take, within_reach

pytestmark = pytest.mark.scenario

PHONE_FILTER = event_filter("DeviceStateChange")
CHANNELVARS = "channelvars+=,CORD_CALL,CORD_OFFER,CORD_STATE"


def added(name: str, text: str) -> Spoil:
    """Return what adds a text at the end of a file."""

    def add(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return add


async def reloaded(one: Patient, change: Spoil, folder: Path) -> None:
    """Change a file, and have Asterisk read manager.conf again."""
    change(folder)
    (one.folder / "pbx" / "etc" / "manager.conf").touch()
    await one.asterisk.console("manager reload")


# Whether Asterisk may read them


def give_all(out: Path) -> None:
    for path in (out, *out.rglob("*")):
        give(path)


async def test_a_file_that_asterisk_may_not_read_is_named_and_its_remedy_mends_it(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    installation = within_reach(asterisk_installation, site_folder)
    async with patient(
        installation, site_folder, spoil=give_all, spoil_etc=run_as_account, phones=()
    ) as one:
        file, parent = one.out / MANAGER, site_folder / "pbx" / "etc" / "manager.conf"
        well = not_well(await one.examined("ami", "files"))
        take(file)
        still_in_memory = only(await one.examined("ami", "files"), "files")
        file.touch()
        await one.asterisk.console("manager reload")
        refused = only(await one.examined("ami", "files", etc=parent.parent), "ami")
        give(file)
        file.chmod(0o600)
        await one.asterisk.console("manager reload")
        untouched = only(await one.examined("ami", "files", etc=parent.parent), "ami")
        parent.touch()
        await one.asterisk.console("manager reload")
        mended = not_well(await one.examined("ami", "files"))

    assert well == mended == {}
    for finding in (still_in_memory, refused):
        assert f"account {account().pw_name} may not read {file} (" in finding.sentence
        assert f"chown {account().pw_name}:" in finding.remedy
        assert f"{file}; touch {parent}; asterisk -rx 'manager reload'" in finding.remedy
    assert "has not read it" in untouched.sentence
    assert untouched.remedy == f"touch {parent}; asterisk -rx 'manager reload'"


async def test_a_dialplan_that_asterisk_may_not_read_is_told_once(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    def spoil(out: Path) -> None:
        give_all(out)
        take(out / EXTENSIONS)

    installation = within_reach(asterisk_installation, site_folder)
    async with patient(
        installation, site_folder, spoil=spoil, spoil_etc=run_as_account, phones=()
    ) as one:
        findings = await one.examined()
        give(one.out / EXTENSIONS)
        (one.out / EXTENSIONS).chmod(0o600)
        (site_folder / "pbx" / "etc" / "extensions.conf").touch()
        await one.asterisk.console("dialplan reload")
        mended = not_well(await one.examined(), Verdict.WRONG)

    (told,) = not_well(findings, Verdict.WRONG)["files"]
    assert list(not_well(findings, Verdict.WRONG)) == ["files"]
    assert EXTENSIONS in told.sentence
    assert "touch" in told.remedy
    assert "asterisk -rx 'dialplan reload'" in told.remedy
    assert not_well(findings, Verdict.NOT_CHECKED)["dialplan"][0].sentence == (
        f"because Asterisk may not read {site_folder / 'out' / EXTENSIONS}"
    )
    assert mended == {}


# Event filters


@pytest.mark.parametrize(
    ("line", "told", "verdict"),
    [
        (f"{PHONE_FILTER}a1", "for 4 phones: a2, a3, a4, a5", Verdict.WRONG),
        (PHONE_FILTER.replace("= PJSIP/", "= SIP/"), "does not pass the filters", Verdict.WRONG),
        (PHONE_FILTER.replace("(Device)", "(Devices)"), "does not pass", Verdict.WRONG),
        ("eventfilter(name(DeviceStateChange)) =", "for more than phones", Verdict.WARNING),
    ],
)
async def test_a_filter_for_other_devices_is_named_with_its_line(
    asterisk_installation: Installation, tmp_path: Path, line: str, told: str, verdict: Verdict
) -> None:
    spoil = edited(MANAGER, PHONE_FILTER, line)
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        number = (one.out / MANAGER).read_text().splitlines().index(line) + 1
        finding = only(await one.examined(), "files", verdict)

    assert told in finding.sentence
    assert f"let line {number} of {tmp_path / 'out' / MANAGER} be `{PHONE_FILTER}`" in (
        finding.remedy
    )


@pytest.mark.parametrize(
    ("line", "name", "check"),
    [
        ("eventfilter(action(exclude),name(DeviceStateChange)) =", "DeviceStateChange", "files"),
        ("eventfilter = !Event: Shutdown", "Shutdown", "files"),
        ("eventfilter(action(exclude),name(Newstate)) =", "Newstate", "events"),
        ("eventfilter = !Event: (DialBegin|DialEnd)", "DialBegin, DialEnd", "events"),
        (
            "eventfilter(action(exclude),header(Channel),method(starts_with)) = Local/",
            "Hangup, HangupRequest, Newstate",
            "events",
        ),
    ],
)
async def test_a_filter_that_excludes_what_is_needed_is_to_be_deleted(
    asterisk_installation: Installation, tmp_path: Path, line: str, name: str, check: str
) -> None:
    spoil = added(MANAGER, f"{line}\n")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        number = len((one.out / MANAGER).read_text().splitlines())
        finding = only(await one.examined(), check)
        await reloaded(one, edited(MANAGER, f"{line}\n", ""), one.out)
        mended = not_well(await one.examined())

    assert name in finding.sentence
    assert finding.remedy == (
        f"delete line {number} of {tmp_path / 'out' / MANAGER}, `{line}`; "
        "then: asterisk -rx 'manager reload'"
    )
    assert mended == {}


async def test_a_filter_that_bars_one_phones_calls_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    line = "eventfilter(action(exclude),header(Channel),method(starts_with)) = PJSIP/a1-"
    spoil = added(MANAGER, f"{line}\n")
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "events", Verdict.WARNING)

    assert "Newstate" in finding.sentence
    assert f"`{line}`" in finding.remedy


# Channel variables


async def test_variables_that_the_file_has_lost_are_told_before_asterisk_loses_them(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=()) as one:
        await reloaded(one, edited(MANAGER, CHANNELVARS, ""), one.out)
        kept = not_well(await one.examined("ami", "files", "dialplan", "agi", "events"))
        await one.asterisk.restart()
        lost = not_well(await one.examined("ami", "files", "dialplan", "agi", "events"))
        await reloaded(
            one, edited(MANAGER, "[general](+)", f"[general](+)\n{CHANNELVARS}"), one.out
        )
        mended = not_well(await one.examined("ami", "files", "dialplan", "agi", "events"))

    (warned,), (found,) = kept["events"], lost["events"]
    assert (warned.verdict, found.verdict) == (Verdict.WARNING, Verdict.WRONG)
    assert "only until Asterisk is started again" in warned.sentence
    assert "CORD_CALL, CORD_OFFER, CORD_STATE" in warned.sentence
    assert f"write {tmp_path / 'out' / MANAGER} again" in warned.remedy
    assert found.remedy == warned.remedy
    assert mended == {}


async def test_a_file_that_asterisk_has_not_read_since_is_said_to_be_so(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    spoil = edited(MANAGER, CHANNELVARS, "")
    async with patient(asterisk_installation, tmp_path, spoil=spoil, phones=()) as one:
        edited(MANAGER, "[general](+)", f"[general](+)\n{CHANNELVARS}")(one.out)
        finding = only(await one.examined("ami", "files", "dialplan", "agi", "events"), "events")

    parent = tmp_path / "pbx" / "etc" / "manager.conf"
    assert finding.remedy == f"touch {parent}; asterisk -rx 'manager reload'"


@pytest.mark.parametrize("text", ["channelvars = HIS1,HIS2", "ChannelVars=CORD_CALL"])
async def test_a_later_line_that_replaces_the_variables_is_named(
    asterisk_installation: Installation, tmp_path: Path, text: str
) -> None:
    spoil_etc = added("manager.conf", f"[general](+)\n{text}\n")
    async with patient(asterisk_installation, tmp_path, spoil_etc=spoil_etc, phones=()) as one:
        etc = tmp_path / "pbx" / "etc"
        number = len((etc / "manager.conf").read_text().splitlines())
        finding = only(await one.examined("ami", "files", "dialplan", "agi", "events"), "events")
        value = text.partition("=")[2].strip()
        await reloaded(one, edited("manager.conf", text, f"channelvars+=,{value}"), etc)
        mended = not_well(await one.examined("ami", "files", "dialplan", "agi", "events"))

    assert "CORD_OFFER, CORD_STATE" in finding.sentence
    assert f"line {number} of {etc / 'manager.conf'}, " in finding.remedy
    assert f"let it be `channelvars+=,{value}`" in finding.remedy
    assert f'#tryinclude "{tmp_path / "out" / MANAGER}"' in finding.remedy
    assert mended == {}


# The user


@pytest.mark.parametrize("line", ["read =", "", "read = log"])
async def test_a_user_who_may_read_nothing_is_told_once(
    asterisk_installation: Installation, tmp_path: Path, line: str
) -> None:
    spoil = edited(MANAGER, f"read = {','.join(READ)}", line)
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        findings = await one.examined()
        finding = only(findings, "rights")

    assert f"`read = {','.join(READ)}`" in finding.remedy
    assert [told.sentence for told in not_well(findings, Verdict.NOT_CHECKED)["events"]] == [
        "because the user cordboard may read no event"
    ]


@pytest.mark.parametrize(("line", "told"), [("", "100 ms"), ("writetimeout = 300", "300 ms")])
async def test_a_user_who_is_thrown_out_soon_is_a_warning(
    asterisk_installation: Installation, tmp_path: Path, line: str, told: str
) -> None:
    spoil = edited(MANAGER, f"writetimeout = {WRITE_TIMEOUT_MS}", line)
    async with patient(asterisk_installation, tmp_path, spoil=spoil) as one:
        finding = only(await one.examined(), "files", Verdict.WARNING)

    assert told in finding.sentence
    assert f"`writetimeout = {WRITE_TIMEOUT_MS}`" in finding.remedy
