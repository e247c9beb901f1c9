"""
A whole private installation on loopback: Asterisk, Postgres, the daemon, phones and desks.

The demo and the scenario tests run the same thing: a real Asterisk with the files that `cordboard
asterisk-config` writes, the daemon as a process, agents' phones that register with the passwords of
those files, and callers who come by the trunk.
"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import yaml

from config.load import load
from cti.asterisk_files.joining import phone_passwords
from cti.asterisk_files.notes import MUSIC_FOLDER, PHONES
from cti.asterisk_files.writing import join
from lab import sound
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.desk import Desk
from lab.phone.digest import Credentials
from lab.phone.phone import Phone
from lab.ports import LOOPBACK, lease_ports
from lab.serving import ServingDaemon
from lab.site_plan import (
    AGENT_HZ,
    CALLER_HZ,
    FALLBACK_PHONE,
    GREETING_HZ,
    MANAGER_SECRET,
    PASSWORD,
    SECRET_VARIABLE,
    TRUNK,
    TRUNK_ENDPOINT,
    AgentPlan,
    SitePlan,
    agents_of,
    configuration_files,
)
from lab.tcp_proxy import TcpProxy

__all__ = [
    "AGENT_HZ",
    "CALLER_HZ",
    "FALLBACK_PHONE",
    "GREETING_HZ",
    "MANAGER_SECRET",
    "PASSWORD",
    "TRUNK",
    "TRUNK_ENDPOINT",
    "AgentPlan",
    "Site",
    "SitePlan",
    "agents_of",
    "settled",
]

REGISTERED_S = 7200
"""How long a phone is registered: as long as Asterisk grants at most; nothing renews it."""

DATABASE_S_MAX = 30.0
POLL_S = 0.02


def _tell_nobody(_step: str) -> None:
    """Take word of what is being started and do nothing with it."""


class Site:
    """
    The installation; `async with` starts and ends all of it.

    `on_step` is told what is about to be started: `asterisk`, then `daemon`.
    """

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        plan: SitePlan,
        *,
        on_step: Callable[[str], None] = _tell_nobody,
    ) -> None:
        self.plan = plan
        self._on_step = on_step
        self.folder = folder
        self.configuration = folder / "config"
        self.ports = lease_ports()
        self.phones: dict[str, Phone] = {}
        self.callers: list[Phone] = []
        self._installation = installation
        self._undo = AsyncExitStack()
        self.daemon = ServingDaemon(
            self.configuration,
            web_port=self.ports.web,
            log=folder / "daemon.log",
            environment={SECRET_VARIABLE: MANAGER_SECRET, **plan.environment},
        )
        self.asterisk: AsteriskInstance
        self.manager_link = TcpProxy(self.ports.manager)
        self.desk_link = TcpProxy(self.ports.web)

    @property
    def server(self) -> tuple[str, int]:
        """Where phones find Asterisk."""
        return LOOPBACK, self.ports.sip

    @property
    def desk_url(self) -> str:
        """Where agents' desks find the web server."""
        port = self.desk_link.port if self.plan.breakable_links else self.ports.web
        return f"http://{LOOPBACK}:{port}"

    @property
    def data(self) -> Path:
        """The daemon's data folder."""
        return self.configuration / "var"

    async def __aenter__(self) -> Self:
        async with self._undo:
            self._undo.callback(self.ports.release)
            if self.plan.breakable_links:
                await self._undo.enter_async_context(self.manager_link)
                await self._undo.enter_async_context(self.desk_link)
            self._write_configuration()
            self._on_step("asterisk")
            await asyncio.to_thread(self._write_asterisk_files)
            self.asterisk = await self._undo.enter_async_context(self._asterisk())
            for name in () if self.plan.phones_elsewhere else self._phone_names():
                await self._add_phone(name)
            self._undo.push_async_callback(self.daemon.kill)
            self._on_step("daemon")
            await self.daemon.start()
            self._undo = self._undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with self._undo:
            for caller in self.callers:
                await caller.close()
            await self.daemon.stop()

    def _phone_names(self) -> list[str]:
        names = [
            agent.phone for agent in self.plan.agents if agent.phone not in self.plan.web_phones
        ]
        return [*dict.fromkeys(names), *([FALLBACK_PHONE] if self.plan.fallback else [])]

    async def _add_phone(self, name: str) -> None:
        """Start a phone that registers as people type it into theirs, from the written file."""
        written = (self.asterisk_files / PHONES).read_text()
        phone = await Phone.start(
            name,
            server=self.server,
            tone_hz=AGENT_HZ,
            credentials=Credentials(name, phone_passwords(written)[name]),
        )
        self.phones[name] = await self._undo.enter_async_context(phone)
        await phone.register(expires_s=REGISTERED_S)

    async def caller(self, name: str = "caller", *, tone_hz: int = CALLER_HZ) -> Phone:
        """Return a new phone outside, which calls by the trunk."""
        phone = await Phone.start(name, server=self.server, tone_hz=tone_hz)
        self.callers.append(phone)
        return phone

    async def desk(self, agent: str, *, ready: bool = True) -> Desk:
        """Sign an agent in at a desk, log him on at his phone and, if `ready`, make him ready."""
        desk = await self._undo.enter_async_context(Desk(self.desk_url))
        await desk.sign_in(agent, PASSWORD)
        await desk.log_on()
        if ready:
            await desk.ready()
            await desk.wait_state(wish="ready")
        return desk

    async def database_up(self) -> None:
        """Wait until the daemon's database can be asked."""
        if self.plan.database_url is not None:
            return
        async with asyncio.timeout(DATABASE_S_MAX):
            while not (self.data / "postgres.address").exists():
                await asyncio.sleep(POLL_S)

    async def query(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the daemon's database."""
        await self.database_up()
        connection = await asyncpg.connect(self.database_address())
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    def database_address(self) -> str:
        """Return the address of the daemon's database."""
        if self.plan.database_url is not None:
            return self.plan.database_url
        return (self.data / "postgres.address").read_text()

    @property
    def asterisk_files(self) -> Path:
        """The folder that `cordboard asterisk-config` writes."""
        return self.folder / "asterisk-files"

    def _write_asterisk_files(self) -> None:
        """Write what joins Asterisk to Cordboard; music that is there already is left alone."""
        music = self.asterisk_files / MUSIC_FOLDER
        if self.plan.music is not None:
            shutil.copytree(self.plan.music, music, dirs_exist_ok=True)
        elif self.plan.examples is None:
            sound.write_wav(music / "tone.wav", sound.tone(sound.MUSIC_HZ, 10.0))
        environment = {SECRET_VARIABLE: MANAGER_SECRET, **self.plan.environment}
        join(load(self.configuration, environment), self.asterisk_files)

    def _asterisk(self) -> AsteriskInstance:
        transfers = f"[{TRUNK_ENDPOINT}](+type=endpoint)\nallow_transfer=yes\n"
        settings = AsteriskSettings(
            folder=self.folder / "asterisk",
            extensions="",
            manager_secret=MANAGER_SECRET,
            web_phones=bool(self.plan.web_phones),
            joined=self.asterisk_files,
            endpoints=[
                TRUNK_ENDPOINT,
                *self._phone_names(),
                *self.plan.web_phones,
                *self.plan.guest_phones,
            ],
            pjsip=transfers if self.plan.trunk_transfers else "",
        )
        return AsteriskInstance(self._installation, settings, ports=self.ports)

    def _write_configuration(self) -> None:
        folder = self.configuration
        folder.mkdir(parents=True, exist_ok=True)
        if self.plan.examples is not None:
            self._copy_configuration(self.plan.examples)
            return
        prompts = folder / "prompts"
        if self.plan.prompts is None:
            welcome = sound.tone(GREETING_HZ, self.plan.greeting_s)
            for name in ("welcome", "wrong-key", "no-key", "sorry"):
                sound.write_wav(prompts / f"{name}.wav", welcome)
        elif not prompts.exists():
            prompts.symlink_to(self.plan.prompts)
        for name, content in configuration_files(
            self.plan, self.ports, self.manager_link.port or self.ports.manager, self.data
        ).items():
            text = yaml.safe_dump(content, allow_unicode=True, encoding="utf-8")
            (folder / name).write_bytes(text)

    def _copy_configuration(self, examples: Path) -> None:
        """Take a complete configuration, and put our ports and paths into its main file."""
        shutil.copytree(examples, self.configuration, dirs_exist_ok=True)
        # To pass, not to list: the embedded Postgres of root runs as another account.
        self.configuration.chmod(0o711)
        file = self.configuration / "cordboard.yaml"
        main = yaml.safe_load(file.read_bytes())
        (pbx,) = main["pbx"].values()
        pbx["ami"].update(host=LOOPBACK, port=self.ports.manager, username="cordboard")
        pbx["ami"]["secret"] = {"env": SECRET_VARIABLE}
        pbx["agi"].update(listen=LOOPBACK, port=self.ports.agi)
        pbx["trunks"] = {TRUNK: {"addresses": [LOOPBACK]}}
        main["web"].update(listen=LOOPBACK, port=self.ports.web)
        main["data"] = str(self.data)
        file.write_bytes(yaml.safe_dump(main, allow_unicode=True, encoding="utf-8"))


async def settled(
    site: Site, calls: int, *, within_s: float = 15.0, numbers: str = "%"
) -> list[asyncpg.Record]:
    """
    Wait until so many calls stand in the call log, and return them in the order of arrival.

    With `numbers`, as SQL's LIKE has them, only those of such callers.

    Raises:
        TimeoutError: there are fewer, even after `within_s`.
    """
    async with asyncio.timeout(within_s):
        while True:
            rows = await site.query(
                "SELECT calls.* FROM calls LEFT JOIN parties ON key = party"
                " WHERE coalesce(number, '') LIKE $1 ORDER BY arrived_at",
                numbers,
            )
            if len(rows) >= calls:
                return rows
            await asyncio.sleep(POLL_S)
