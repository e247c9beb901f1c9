"""Where a show can be reached while it runs: by softphones, agents' programs, browsers, psql."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from cti.language import _
from lab.demo.terminal import Signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """
    Everything that somebody needs who wants to join in.

    `guest` is the name of the seat that nobody of the show takes, and of its phone; all passwords
    are the same.
    """

    sip: str
    web: str
    agents: Sequence[str]
    password: str
    guest: str
    manager: str
    folder: Path
    database: Path
    """The file that says where Postgres is, for as long as it runs."""
    journal: Path

    @property
    def sip_8000(self) -> str:
        """What a softphone dials."""
        return f"sip:8000@{self.sip}"

    @property
    def desk(self) -> str:
        """Where agents' programs connect."""
        return f"{self.web.replace('http', 'ws', 1)}/ws/v1"

    def pairs(self) -> list[tuple[str, str]]:
        """Return what can be reached, and where; paths are those within the folder."""
        return [
            (_("Call in"), self.sip_8000),
            (
                _("Your phone"),
                _("register {name} at {address}").format(name=self.guest, address=self.sip),
            ),
            (
                _("Your desk"),
                _("{address}, sign in as {name}").format(address=self.desk, name=self.guest),
            ),
            (
                _("Password"),
                _("{password}; that of {names} too").format(
                    password=self.password, names=", ".join(self.agents)
                ),
            ),
            (_("Health"), f"{self.web}/healthz  /readyz  /metrics"),
            (_("Asterisk"), _("AMI at {address}").format(address=self.manager)),
            (_("Folder"), f"cd {self.folder}"),
            (_("Database"), f'psql "$(cat {self._within(self.database)})"'),
            (_("Journal"), self._within(self.journal)),
            (_("Logs"), "daemon.log  demo.log  asterisk/log"),
        ]

    def _within(self, path: Path) -> str:
        return str(path.relative_to(self.folder))

    def lines(self, signs: Signs) -> list[str]:
        """Return all of it as lines in two columns."""
        pairs = [(signs.shown(what), signs.shown(where)) for what, where in self.pairs()]
        cells = max(cell_len(what) for what, _where in pairs)
        return [f"{signs.fitted(what, cells)}  {where}" for what, where in pairs]
