"""
A whole private installation on loopback: Asterisk, Postgres, the daemon, phones and desks.

The demo and the scenario tests run the same thing: a real Asterisk with the files that `cordboard
asterisk-config` writes, the daemon as a process, agents' phones that register with the passwords of
those files, and callers who come by the trunk.
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import yaml

from config.load import load
from cti.asterisk_files.joining import phone_passwords
from cti.asterisk_files.notes import MUSIC_FOLDER, PHONES
from cti.asterisk_files.plan import TRUNK_PREFIX
from cti.asterisk_files.writing import join
from lab import sound
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.desk import Desk
from lab.phone.digest import Credentials
from lab.phone.phone import Phone
from lab.ports import LOOPBACK, lease_ports
from lab.serving import ServingDaemon
from lab.tcp_proxy import TcpProxy

PASSWORD = "cordboard-demo"
_PASSWORD_HASH = (
    "$argon2id$v=19$m=32,t=1,p=1$+Gc3pmiSY9y7tNBZGfORdw$upscVeIRxifn9xVmzEEPCn8YgKY/+lyKDRjfHFmYRaY"
)
MANAGER_SECRET = "lab-secret"
_SECRET_VARIABLE = "CORDBOARD_AMI_SECRET"
GREETING_HZ = 900
CALLER_HZ = 500
AGENT_HZ = 700
FALLBACK_PHONE = "night"
TRUNK = "lab"
TRUNK_ENDPOINT = TRUNK_PREFIX + TRUNK
"""The trunk whose calls come from loopback, as the configuration and as pjsip call it."""

REGISTERED_S = 7200
"""How long a phone is registered: as long as Asterisk grants at most; nothing renews it."""

FALLBACK_RING_TIME = "5s"
DATABASE_S_MAX = 30.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlan:
    """One agent, his phone, and the queues that he serves."""

    name: str
    phone: str
    queues: Sequence[str] = ("sales",)
    spoken_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """
    What a site is to be: `queues` as in `queues.yaml`; times short, since nobody real waits.

    `tries_max` and `fallback` are the safety net's. `greeting_s` is how long
    the menu speaks. `database_url` is a server of the test's; without one, the embedded server.
    `breakable_links` puts a proxy before Asterisk's manager interface and one before the desks.
    `examples` is a complete configuration that is taken as it is, but for ports, paths and secrets;
    then the plan tells of its agents only who they are (`agents_of`), and of all the rest nothing.
    `music` is a folder of WAV files; without it examples have their own, and other sites a pure
    tone. `web_phones` are those of the agents' phones that live in browsers. With `trunk_transfers`
    the administrator has let callers send REFER, against what our file says. With
    `phones_elsewhere` the site runs none: whoever does registers them with `phone_passwords`.
    `guest_phones` are phones of the examples that belong to none of the agents here.
    """

    agents: Sequence[AgentPlan] = (AgentPlan(name="ann", phone="a1"),)
    queues: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {
            "sales": {"ring_time": "3s", "wrap_up": "500ms", "misses_max": 2},
            "support": {"ring_time": "3s", "wrap_up": "500ms", "misses_max": 2},
        }
    )
    greeting_s: float = 0.6
    first_key: str = "2s"
    tries_max: int = 30
    fallback: bool = False
    watchdog: str = "5s"
    log_level: str = "debug"
    environment: Mapping[str, str] = field(default_factory=dict)
    database_url: str | None = None
    web_extra: Mapping[str, Any] = field(default_factory=dict)
    prompts: Path | None = None
    music: Path | None = None
    breakable_links: bool = False
    examples: Path | None = None
    web_phones: Sequence[str] = ()
    trunk_transfers: bool = False
    phones_elsewhere: bool = False
    guest_phones: Sequence[str] = ()


def agents_of(examples: Path) -> list[AgentPlan]:
    """Return the agents of a complete configuration, each at his usual phone."""
    content = yaml.safe_load((examples / "agents.yaml").read_bytes())
    return [
        AgentPlan(
            name=name,
            phone=agent["phones"][0],
            queues=agent["queues"],
            spoken_name=agent["name"],
        )
        for name, agent in content["agents"].items()
    ]


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
            environment={_SECRET_VARIABLE: MANAGER_SECRET, **plan.environment},
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
        environment = {_SECRET_VARIABLE: MANAGER_SECRET, **self.plan.environment}
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
        for name, content in self._files().items():
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
        pbx["ami"]["secret"] = {"env": _SECRET_VARIABLE}
        pbx["agi"].update(listen=LOOPBACK, port=self.ports.agi)
        pbx["trunks"] = {TRUNK: {"addresses": [LOOPBACK]}}
        main["web"].update(listen=LOOPBACK, port=self.ports.web)
        main["data"] = str(self.data)
        file.write_bytes(yaml.safe_dump(main, allow_unicode=True, encoding="utf-8"))

    def _files(self) -> dict[str, Any]:
        manager = {
            "host": LOOPBACK,
            "port": self.manager_link.port or self.ports.manager,
            "username": "cordboard",
            "secret": {"env": _SECRET_VARIABLE},
        }
        menu = {
            "greeting": ["welcome"],
            "first_key": self.plan.first_key,
            "tries": 2,
            "choices": {
                "1": {"name": "sales", "queue": "sales"},
                "2": {"name": "support", "queue": "support"},
            },
            "wrong_key": ["wrong-key"],
            "no_key": ["no-key"],
            "otherwise": {"queue": "support"},
        }
        net: dict[str, Any] = {"tries": self.plan.tries_max, "ring_time": FALLBACK_RING_TIME}
        phones = {name: {"kind": "web"} for name in self.plan.web_phones}
        if self.plan.fallback:
            net["fallback"] = FALLBACK_PHONE
            phones[FALLBACK_PHONE] = {"kind": "desk"}
        main: dict[str, Any] = {
            "pbx": {
                "main": {
                    "ami": manager,
                    "agi": {"listen": LOOPBACK, "port": self.ports.agi, "peers": [LOOPBACK]},
                    "trunks": {TRUNK: {"addresses": [LOOPBACK]}},
                    "phones": phones,
                    "safety_net": net,
                }
            },
            "web": {"listen": LOOPBACK, "port": self.ports.web, **self.plan.web_extra},
            "data": str(self.data),
            "telephony": {"country": "DE"},
            "log": {"format": "json", "level": self.plan.log_level},
            "watchdog": {"limit": self.plan.watchdog},
        }
        if self.plan.database_url is not None:
            main["database"] = {"url": self.plan.database_url}
        return {
            "cordboard.yaml": main,
            "services.yaml": {
                "services": [{"number": "8000", "name": "hotline", "flow": "welcome"}]
            },
            "flows.yaml": {"flows": {"welcome": {"menu": menu}}},
            "queues.yaml": {"queues": {name: dict(q) for name, q in self.plan.queues.items()}},
            "agents.yaml": {
                "agents": {
                    agent.name: {
                        "name": agent.spoken_name or agent.name.title(),
                        "password_hash": _PASSWORD_HASH,
                        "phones": [agent.phone],
                        "queues": list(agent.queues),
                    }
                    for agent in self.plan.agents
                }
            },
        }


async def settled(site: Site, calls: int, *, within_s: float = 15.0) -> list[asyncpg.Record]:
    """
    Wait until so many calls stand in the call log, and return them in the order of arrival.

    Raises:
        TimeoutError: there are fewer, even after `within_s`.
    """
    async with asyncio.timeout(within_s):
        while True:
            rows = await site.query("SELECT * FROM calls ORDER BY arrived_at")
            if len(rows) >= calls:
                return rows
            await asyncio.sleep(POLL_S)
