"""
A private apt: downloads packages with all they need, without root, and installs nothing.

The system's configuration of apt stays in force (proxies, certificates, timeouts, signatures). What
is ours is the state: an empty list of installed packages, so that the whole tree of dependencies
comes along, and lists and archives in a folder of ours. No mirror is named here: they are asked of
apt itself, which reads every form of source file that the system may have.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lab.asterisk_errors import AptError, AsteriskMissingError

_CONFIGURATION = """\
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "{folder}/log";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
{sources}
APT::Sandbox::User "";
Debug::NoLocking "true";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "2";
// The system's habits that are about its own packages: pins, hooks, other indexes, other machines.
#clear APT::Default-Release;
#clear APT::Update;
#clear DPkg;
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb::Packages {{
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  flatMetaKey "Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  flatDescription "$(RELEASE) Packages";
}};
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
"""
_RELEASE_FILE = re.compile(r"'(?P<base>[^']+)/dists/(?P<suite>[^/']+)/InRelease'")
_PLANNED_FILE = re.compile(r"'(?P<uri>[^']+)' (?P<name>\S+\.deb) (?P<size>\d+)")
_DOWNLOAD_STATUS = re.compile(r"dlstatus:\d+:(?P<percent>[\d.]+):")
_ERROR = re.compile(r"^E: (.+)$", re.MULTILINE)
_WARNING = re.compile(r"^W: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPackage:
    """One archive that a plan needs: its file's name, its size in bytes, where it comes from."""

    file_name: str
    size: int
    uri: str

    @property
    def package(self) -> str:
        """The package's name, without version and architecture."""
        return self.file_name.partition("_")[0]

    @property
    def version(self) -> str:
        """The package's version, epoch included."""
        return unquote(self.file_name.split("_")[1])


class PrivateApt:
    """
    Apt with a state of its own in `folder`, reading the system's sources or one line of ours.

    Order of use: `update()`, `plan(...)`, `download(...)`. Every method raises AptError with apt's
    own complaint, and AsteriskMissingError where apt itself is missing.
    """

    def __init__(self, folder: Path, *, source: str | None = None) -> None:
        self._folder = folder
        self._archives = folder / "cache/archives"
        for part in ("state/lists/partial", "cache/archives/partial", "log", "parts"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "status").write_text("")
        sources = ""
        if source is not None:
            (folder / "sources.list").write_text(f"{source}\n")
            sources = (
                f'Dir::Etc::sourcelist "{folder}/sources.list";\n'
                f'Dir::Etc::sourceparts "{folder}/parts";'
            )
        self._configuration = folder / "apt.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=folder, sources=sources, architecture=native_architecture()
            )
        )

    def update(self, *, every_source: bool = False) -> None:
        """
        Fetch the lists of the sources and check their signatures.

        A source that cannot be reached is passed over, unless `every_source` is wanted.
        """
        strict = ("-o", "APT::Update::Error-Mode=any") if every_source else ()
        self._run("update", "-qq", *strict)

    def release_files(self) -> list[tuple[str, str]]:
        """Return (address of a mirror, suite) for each suite the sources name. Fetches nothing."""
        printed = self._run("update", "--print-uris")
        return [(found["base"], found["suite"]) for found in _RELEASE_FILE.finditer(printed)]

    def plan(self, packages: Sequence[str]) -> list[PlannedPackage]:
        """Return the archives of these packages and of all they depend on."""
        printed = self._run("install", "--print-uris", "-qq", "-y", *packages)
        return [
            PlannedPackage(file_name=found["name"], size=int(found["size"]), uri=found["uri"])
            for found in _PLANNED_FILE.finditer(printed)
        ]

    def download(
        self,
        packages: Sequence[str],
        plan: Sequence[PlannedPackage],
        on_bytes: Callable[[int], None],
    ) -> list[Path]:
        """Download a plan's archives and return where they are; tells the bytes fetched so far."""
        total = sum(planned.size for planned in plan)
        for percent in self._run_with_status("install", "--download-only", "-qq", "-y", *packages):
            on_bytes(round(total * percent / 100))
        archives = [self._location(planned) for planned in plan]
        absent = [archive.name for archive in archives if not archive.is_file()]
        if absent:
            raise AptError(f"apt-get ended well but did not download {absent[0]}")
        return archives

    def _location(self, planned: PlannedPackage) -> Path:
        address = urlsplit(planned.uri)
        if address.scheme == "file":  # apt reads local mirrors in place and copies nothing
            return Path(unquote(address.path))
        return self._archives / planned.file_name

    def _command(self, *arguments: str) -> list[str]:
        return [required_program("apt-get"), "-c", str(self._configuration), *arguments]

    def _run(self, *arguments: str) -> str:
        ended = subprocess.run(
            self._command(*arguments),
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env=_plain_environment(),
        )
        if ended.returncode:
            raise AptError(_complaint(arguments[0], ended.stderr))
        return ended.stdout

    def _run_with_status(self, *arguments: str) -> Iterator[float]:
        """Run apt-get and yield its percentages; raises AptError when it ends badly."""
        readable, writable = os.pipe()
        complaints = self._folder / "complaints"
        with os.fdopen(readable) as status, complaints.open("w") as stderr:
            process = subprocess.Popen(
                self._command("-o", f"APT::Status-Fd={writable}", *arguments),
                pass_fds=[writable],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=_plain_environment(),
            )
            os.close(writable)
            try:
                for line in status:
                    if found := _DOWNLOAD_STATUS.match(line):
                        yield float(found["percent"])
                process.wait()
            finally:
                if process.poll() is None:  # the one who asked was interrupted
                    process.terminate()
                    process.wait()
        if process.returncode:
            raise AptError(_complaint(arguments[0], complaints.read_text(errors="replace")))


def required_program(name: str) -> str:
    """Return the path of a program of Debian's, or say that this system is not of Debian's kind."""
    found = shutil.which(name)
    if found is None:
        raise AsteriskMissingError(
            f"there is no {name} here to fetch Asterisk with: "
            "install Asterisk 22 so that `asterisk -V` works"
        )
    return found


def native_architecture() -> str:
    """Return the name that Debian gives to this machine's kind, such as amd64."""
    asked = subprocess.run(
        [required_program("dpkg"), "--print-architecture"],
        capture_output=True,
        check=True,
        text=True,
    )
    return asked.stdout.strip()


def _plain_environment() -> dict[str, str]:
    """Return our environment (proxies live there) with messages that can be read by a program."""
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _complaint(action: str, stderr: str) -> str:
    """Return apt's complaint on one line; errors go before warnings."""
    said = _ERROR.findall(stderr) or _WARNING.findall(stderr) or ["it gave no reason"]
    return f"`apt-get {action}` failed: {said[0].rstrip('. ')}"
