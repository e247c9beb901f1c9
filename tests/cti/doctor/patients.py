"""A PBX and a configuration that are in order, each with a place where they can be spoiled."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from config.load import load
from cti.asterisk_files.joining import phone_passwords
from cti.asterisk_files.notes import PHONES
from cti.asterisk_files.writing import join
from cti.doctor import asterisk_folder, clock
from cti.doctor.ami import log_off
from cti.doctor.findings import Examination, Finding, Verdict
from cti.doctor.registry import CHECKS
from cti.doctor.runner import examine
from cti.doctor.visit import visit
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.phone.digest import Credentials
from lab.phone.phone import Phone
from lab.ports import LOOPBACK, lease_ports

EXAMPLES = Path(__file__).parents[3] / "config" / "examples"
SECRET = "a-secret-of-the-lab"
ENVIRONMENT = {"CORDBOARD_AMI_SECRET": SECRET}
PHONES_HERE = ("a1", "a2", "a3", "a4", "a5")
REGISTERED_S = 3600

Spoil = Callable[[Path], None]
"""Changes files of a folder."""


def _leave(_folder: Path) -> None:
    """Spoil nothing."""


class SpoiltAsterisk(AsteriskInstance):
    """An Asterisk whose own files are changed after they were written, before it reads them."""

    spoil: Spoil = staticmethod(_leave)

    def _prepare(self) -> None:
        super()._prepare()
        self.spoil(self._folders.settings)


@dataclass(kw_only=True)
class Patient:
    """A configuration, and an Asterisk that its files were added to."""

    folder: Path
    configuration: Path
    out: Path
    asterisk: AsteriskInstance
    environment: Mapping[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    async def examined(
        self, *names: str, etc: Path | None = None, prompts: Path | None = None
    ) -> list[Finding]:
        """
        Return what doctor finds, by the checks of these names, or by all.

        This machine's own Asterisk and clock are left out of it.
        """
        configuration = load(self.configuration, self.environment)
        if prompts is not None:
            configuration = replace(configuration, prompts_folder=prompts)
        examination = Examination(
            configuration=configuration,
            etc_option=etc,
        )
        with (
            patch.object(asterisk_folder, "USUAL_FOLDER", self.folder / "nowhere"),
            patch.object(clock, "is_synchronised", return_value=True),
        ):
            if not names:
                return await visit(examination)
            checks = [check for check in CHECKS if check.name in names]
            try:
                return await examine(examination, checks, ())
            finally:
                await log_off(examination)

    def change_main(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change cordboard.yaml."""
        file = self.configuration / "cordboard.yaml"
        main = yaml.safe_load(file.read_bytes())
        change(main)
        file.write_bytes(yaml.safe_dump(main, allow_unicode=True, encoding="utf-8"))

    async def phone(self, name: str) -> Phone:
        """Return a phone that has registered with the password of the written file."""
        password = phone_passwords((self.out / PHONES).read_text())[name]
        server = (LOOPBACK, self.asterisk.ports.sip)
        phone = await Phone.start(name, server=server, credentials=Credentials(name, password))
        await phone.register(expires_s=REGISTERED_S)
        return phone

    def write_files(self) -> None:
        """Write the files for Asterisk again, as the configuration is now."""
        join(load(self.configuration, self.environment), self.out)

    async def channels(self) -> str:
        """Return how many channels there are, in Asterisk's words."""
        return (await self.asterisk.console("core show channels count")).splitlines()[0]


@asynccontextmanager
async def patient(
    installation: Installation,
    folder: Path,
    *,
    spoil: Spoil = _leave,
    spoil_etc: Spoil = _leave,
    phones: Sequence[str] = PHONES_HERE,
    starts: bool = True,
    **settings: Any,  # noqa: ANN401 - a dataclass's fields
) -> AsyncIterator[Patient]:
    """
    Write a configuration, its files for Asterisk, and run an Asterisk with them and its phones.

    `spoil` changes our files, `spoil_etc` Asterisk's own.
    """
    configuration, out = folder / "config", folder / "out"
    shutil.copytree(EXAMPLES, configuration)
    with lease_ports() as ports:
        usual = AsteriskSettings(
            folder=folder / "pbx",
            extensions="",
            manager_secret=SECRET,
            joined=out,
            endpoints=PHONES_HERE,
        )
        asterisk = SpoiltAsterisk(
            installation,
            AsteriskSettings(
                **{**{name: getattr(usual, name) for name in usual.__slots__}, **settings}
            ),
            ports=ports,
        )
        asterisk.spoil = spoil_etc
        one = Patient(folder=folder, configuration=configuration, out=out, asterisk=asterisk)

        def settle(main: dict[str, Any]) -> None:
            (pbx,) = main["pbx"].values()
            pbx["ami"].update(host=LOOPBACK, port=ports.manager)
            pbx["agi"].update(listen=LOOPBACK, port=ports.agi)
            main["web"].update(listen=LOOPBACK, port=ports.web)
            main["data"] = str(folder / "data")

        one.change_main(settle)
        one.write_files()
        spoil(out)
        async with AsyncExitStack() as undo:
            if starts:
                await undo.enter_async_context(asterisk)
                for name in phones:
                    await undo.enter_async_context(await one.phone(name))
            yield one


def edited(name: str, old: str, new: str) -> Spoil:
    """Return what replaces a text, which must be there once at least, in a file."""

    def edit(folder: Path) -> None:
        file = folder / name
        text = file.read_text()
        assert old in text, f"{name} does not hold {old}"
        file.write_text(text.replace(old, new))

    return edit


def not_well(findings: Sequence[Finding], *verdicts: Verdict) -> dict[str, list[Finding]]:
    """Return what has one of these verdicts (none named: all but ok), by check."""
    told: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.verdict in (verdicts or (Verdict.WARNING, Verdict.WRONG, Verdict.NOT_CHECKED)):
            told.setdefault(finding.check, []).append(finding)
    return told


def only(findings: Sequence[Finding], check: str, verdict: Verdict = Verdict.WRONG) -> Finding:
    """Return the one finding that is wrong or a warning, which is this check's and of that kind."""
    bad = not_well(findings, Verdict.WRONG, Verdict.WARNING)
    assert list(bad) == [check], bad
    (finding,) = bad[check]
    assert finding.verdict is verdict, finding
    assert finding.remedy
    return finding
