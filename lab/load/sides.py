"""
The two who serve the same load: Cordboard, and Asterisk's own app_queue.

Both have an Asterisk of their own with the same files of `cordboard asterisk-config`: the same
trunk, phones, music and menu prompt. Cordboard's has the daemon with its journal on disk, its
Postgres and a desk for each agent. app_queue's has a dialplan that does what the daemon does for
the caller: his number out of the header, the menu with its key, the queue.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cti.asterisk_files.joining import phone_passwords
from cti.asterisk_files.notes import PHONES
from cti.asterisk_files.plan import OUR_MUSIC
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.load.load import Load
from lab.load.processes import processor_seconds
from lab.ports import LOOPBACK, PortLease, lease_ports
from lab.site import MANAGER_SECRET, TRUNK_ENDPOINT, AgentPlan, Site, SitePlan

SERVICE: Final = "8000"
GREETING_S: Final = 5.0
"""Longer than anybody listens: the key ends it."""
RING_S: Final = 15
RTP_PORTS: Final = (10_000, 19_998)
"""
Ports for sound. A lease's are too few for a load, and these lie below all that are leased; Asterisk
passes over those that another one has.
"""

MANY: Final = "1"
FEW: Final = "2"
"""The keys of the two queues, `sales` with many agents and `support` with few."""

_QUEUES_CONF: Final = """\
[general]
persistentmembers=no
shared_lastcall=no
[defaults](!)
strategy=leastrecent
autofill=yes
ringinuse=no
timeout={ring_s}
retry=1
wrapuptime=0
memberdelay=0
timeoutrestart=no
autopause=no
announce-frequency=0
announce-holdtime=no
announce-position=no
periodic-announce-frequency=0
setinterfacevar=no
setqueuevar=no
setqueueentryvar=no
reportholdtime=no
joinempty=yes
leavewhenempty=no
musicclass={music}
"""
_PEER_CONTEXT: Final = "app-queue"
_PEER_DIALPLAN: Final = """\
[{context}]
exten => {service},1,Answer()
 same => n,Set(PEER_FROM=${{CHANNEL(pjsip,remote_uri)}})
 same => n,Set(PEER_FROM=${{CUT(PEER_FROM,@,1)}})
 same => n,Set(CALLERID(num)=${{FILTER(0-9,${{PEER_FROM}})}})
 same => n,Read(PEER_KEY,{greeting},1,,1,2)
 same => n,GotoIf($["${{PEER_KEY}}" = "{few}"]?few)
 same => n,Queue(sales)
 same => n,Hangup()
 same => n(few),Queue(support)
 same => n,Hangup()
"""
_PEER_TRUNK: Final = f"[{TRUNK_ENDPOINT}](+type=endpoint)\ncontext={_PEER_CONTEXT}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """How many agents serve each of the two queues."""

    many: int
    few: int

    @property
    def sales(self) -> list[str]:
        """The phones of the many."""
        return [f"a{number}" for number in range(1, self.many + 1)]

    @property
    def support(self) -> list[str]:
        """The phones of the few."""
        return [f"b{number}" for number in range(1, self.few + 1)]


class Cordboard:
    """Our side: a whole site, and the load at it; `async with` starts and ends all of it."""

    def __init__(self, installation: Installation, folder: Path, staff: Staff) -> None:
        self._staff = staff
        self.site = Site(installation, folder, _site_plan(staff))
        self.site.ports.rtp_first, self.site.ports.rtp_last = RTP_PORTS
        self._undo = AsyncExitStack()
        self.load: Load

    async def __aenter__(self) -> Self:
        async with self._undo:
            site = await self._undo.enter_async_context(self.site)
            await site.database_up()
            load = Load(site.server, service=SERVICE, passwords=passwords_in(site.asterisk_files))
            self.load = await self._undo.enter_async_context(load)
            for agent in (*self._staff.sales, *self._staff.support):
                (await site.desk(agent)).deaf = True
            self._undo = self._undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._undo.aclose()

    @property
    def asterisk_files(self) -> Path:
        """The files that `cordboard asterisk-config` wrote for it."""
        return self.site.asterisk_files

    @property
    def greeting(self) -> Path:
        """The menu's prompt, without its ending."""
        return self.site.configuration / "prompts/welcome"

    def processor_s(self) -> float:
        """Return what Asterisk, the daemon and its Postgres have used so far."""
        return processor_seconds(self.site.asterisk.pid) + processor_seconds(self.site.daemon.pid)


class AppQueue:
    """The peer's side: an Asterisk with app_queue and the files of our side, and the load at it."""

    def __init__(
        self, installation: Installation, folder: Path, staff: Staff, *, beside: Cordboard
    ) -> None:
        self._installation = installation
        self._folder = folder
        self._staff = staff
        self._beside = beside
        self._undo = AsyncExitStack()
        self.asterisk: AsteriskInstance
        self.load: Load

    async def __aenter__(self) -> Self:
        async with self._undo:
            ports = self._undo.enter_context(lease_ports())
            ports.rtp_first, ports.rtp_last = RTP_PORTS
            self.asterisk = await self._undo.enter_async_context(self._asterisk(ports))
            load = Load(
                (LOOPBACK, ports.sip),
                service=SERVICE,
                passwords=passwords_in(self._beside.asterisk_files),
            )
            self.load = await self._undo.enter_async_context(load)
            self._undo = self._undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._undo.aclose()

    def processor_s(self) -> float:
        """Return what Asterisk has used so far."""
        return processor_seconds(self.asterisk.pid)

    def _asterisk(self, ports: PortLease) -> AsteriskInstance:
        files = self._folder / "etc"
        files.mkdir(parents=True)
        (files / "queues.conf").write_text(queues_conf(self._staff))
        settings = AsteriskSettings(
            folder=self._folder,
            extensions=_PEER_DIALPLAN.format(
                context=_PEER_CONTEXT,
                service=SERVICE,
                greeting=self._beside.greeting.absolute(),
                few=FEW,
            ),
            manager_secret=MANAGER_SECRET,
            joined=self._beside.asterisk_files,
            endpoints=[TRUNK_ENDPOINT, *self._staff.sales, *self._staff.support],
            pjsip=_PEER_TRUNK,
            extra_modules=["app_queue"],
        )
        return AsteriskInstance(self._installation, settings, ports=ports)


def queues_conf(staff: Staff) -> str:
    """Return the queues: whoever has been idle longest is rung, and nothing is announced."""
    text = _QUEUES_CONF.format(ring_s=RING_S, music=OUR_MUSIC)
    for queue, phones in (("sales", staff.sales), ("support", staff.support)):
        text += f"[{queue}](defaults)\n"
        text += "".join(f"member => PJSIP/{phone}\n" for phone in phones)
    return text


def passwords_in(asterisk_files: Path) -> dict[str, str]:
    """Return each phone's password from the files of `cordboard asterisk-config`."""
    return phone_passwords((asterisk_files / PHONES).read_text())


def _site_plan(staff: Staff) -> SitePlan:
    queue: dict[str, Any] = {
        "ring_time": f"{RING_S}s",
        "wrap_up": "0s",
        "misses_max": 0,
        "waiting_max": 5_000,
    }
    return SitePlan(
        agents=[AgentPlan(name=name, phone=name, queues=["sales"]) for name in staff.sales]
        + [AgentPlan(name=name, phone=name, queues=["support"]) for name in staff.support],
        queues={"sales": queue, "support": queue},
        greeting_s=GREETING_S,
        log_level="info",
        phones_elsewhere=True,
    )
