"""
Finds Asterisk 22 on this machine, or fetches it into the user's cache without root.

What it decides: where Asterisk comes from. First the system's own program; else a tree fetched
earlier; else packages from the suites that the system itself uses, if they have version 22; else,
where the system uses a mirror of Debian, from Debian's suite `sid` on that same mirror, checked
against Debian's archive key. Anything else ends in one sentence that says what to install.

A tree appears under its final name only when it is complete and its program has run: it is unpacked
in a folder beside and then renamed. One process fetches at a time, the others wait and take over
the result; what an interrupted fetch leaves is removed by the next.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from lab.asterisk_apt import PlannedPackage, PrivateApt, native_architecture, required_program
from lab.asterisk_errors import AptError, AsteriskMissingError
from lab.asterisk_installation import (
    MAJOR_VERSION,
    Installation,
    system_installation,
    tree_installation,
)

PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm")
"""What is fetched: the program with its modules, and the smallest set of digits and beeps."""

UNSTABLE_SUITE = "sid"
DEBIAN_KEYRINGS = tuple(
    Path(f"/usr/share/keyrings/debian-archive-keyring.{ending}") for ending in ("pgp", "gpg")
)
"""Where Debian's archive key is: newer releases write the ending `pgp`."""

DEBIAN_SUITES = frozenset({"oldstable", "stable", "testing", "unstable", "sid"})
MIRRORS_MAX = 3
"""How many of the system's mirrors of Debian are tried."""

KEPT = ("lib", "lib64", "usr/lib", "usr/lib64", "usr/sbin/asterisk", "usr/share/asterisk")
"""What is kept of the packages: no program but Asterisk, hence nothing with setuid bits either."""

WHAT_TO_DO = f"install Asterisk {MAJOR_VERSION} so that `asterisk -V` works"
INTERRUPTED = 130
"""The exit status of a command that ended by Ctrl-C, as shells have it."""

ProgressCallback = Callable[[str, int, int], None]
"""Told (step, done, total). Steps: `wait`, `lists`, `download` (bytes), `unpack` (packages)."""


def find_or_fetch(progress: ProgressCallback | None = None) -> Installation:
    """
    Return Asterisk 22, fetched into the cache folder if this machine has none.

    Blocks for as long as the network takes (seconds to minutes at the first call, about 30 ms
    later on). Raises AsteriskMissingError with one sentence that says what to do.
    """
    tell = progress or _tell_nobody
    if installation := system_installation():
        return installation
    architecture = native_architecture()
    folder = cache_folder()
    tree = folder / f"asterisk-{MAJOR_VERSION}-{architecture}"
    if installation := tree_installation(tree):
        return installation
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f"{tree.name}.lock", tell):
            return tree_installation(tree) or _fetch(tree, tell)
    except OSError as error:
        raise AsteriskMissingError(
            f"the cache folder {folder} cannot be used ({error.strerror or error}): "
            f"set XDG_CACHE_HOME to a folder that can be written, or {WHAT_TO_DO}"
        ) from error


def cache_folder() -> Path:
    """Return the user's cache folder for Cordboard (XDG base directories)."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(configured):  # noqa: PTH117 - an empty text is a path too, and not absolute
        return Path(configured) / "cordboard"
    try:
        return Path.home() / ".cache" / "cordboard"
    except RuntimeError as error:
        raise AsteriskMissingError(
            f"this user has no home folder: set XDG_CACHE_HOME, or {WHAT_TO_DO}"
        ) from error


@contextlib.contextmanager
def _locked(path: Path, tell: ProgressCallback) -> Iterator[None]:
    """Let one process in at a time. The kernel drops the lock when its holder dies."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("wait", 0, 1)
            fcntl.flock(lock, fcntl.LOCK_EX)
            tell("wait", 1, 1)
        yield


def _fetch(tree: Path, tell: ProgressCallback) -> Installation:
    """Fetch, unpack, try, and only then put the tree where it is looked for."""
    beside = f"{tree.name}.partial-"
    for stale in tree.parent.glob(f"{beside}*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=beside, dir=tree.parent, ignore_cleanup_errors=True
    ) as partial:
        work = Path(partial)
        apt, plan = _plan(work, tell)
        total = sum(package.size for package in plan)
        archives = apt.download(PACKAGES, plan, lambda done: tell("download", done, total))
        unpacked = work / "tree"
        _unpack(archives, unpacked, tell)
        _prune(unpacked)
        if tree_installation(unpacked) is None:
            raise AsteriskMissingError(
                f"the Asterisk that was fetched does not run on this machine: {WHAT_TO_DO}"
            )
        if tree.exists():  # a tree whose program no longer runs
            tree.rename(work / "broken")
        unpacked.rename(tree)
    installation = tree_installation(tree)
    if installation is None:
        raise AsteriskMissingError(f"Asterisk in {tree} does not run: remove it and try again")
    return installation


def _plan(work: Path, tell: ProgressCallback) -> tuple[PrivateApt, list[PlannedPackage]]:
    """Choose the source: the system's own suites, else Debian's unstable on the same mirror."""
    tell("lists", 0, 2)
    system = PrivateApt(work / "system")
    with contextlib.suppress(AptError):  # one unreachable source among many does not matter here
        system.update()
    refusals: list[str] = []
    try:
        plan = _supported_plan(system)
    except AptError as error:
        refusals.append(str(error))
    else:
        return system, plan
    tell("lists", 1, 2)
    keyring = next((path for path in DEBIAN_KEYRINGS if path.is_file()), None)
    mirrors = _debian_mirrors(system.release_files(), _codenames()) if keyring else []
    for number, mirror in enumerate(mirrors):
        source = f"deb [signed-by={keyring}] {mirror} {UNSTABLE_SUITE} main"
        apt = PrivateApt(work / f"mirror-{number}", source=source)
        try:
            apt.update(every_source=True)
            plan = _supported_plan(apt)
        except AptError as error:
            refusals.append(str(error))
        else:
            tell("lists", 2, 2)
            return apt, plan
    raise AsteriskMissingError(
        f"no Asterisk {MAJOR_VERSION} can be fetched here ({refusals[-1]}): {WHAT_TO_DO}"
    )


def _supported_plan(apt: PrivateApt) -> list[PlannedPackage]:
    """Return the plan of an apt whose Asterisk is the version we support."""
    plan = apt.plan(PACKAGES)
    versions = [package.version for package in plan if package.package == "asterisk"]
    if not versions or not versions[0].startswith(f"1:{MAJOR_VERSION}."):
        raise AptError(f"the package offered is version {versions[0] if versions else 'unknown'}")
    return plan


def _codenames() -> frozenset[str]:
    """Return what the system's release is called, and the release of Debian it is made from."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return frozenset()
    names = (release.get("VERSION_CODENAME", ""), release.get("DEBIAN_CODENAME", ""))
    return frozenset(name for name in names if name)


def _debian_mirrors(
    release_files: Iterable[tuple[str, str]], codenames: frozenset[str]
) -> list[str]:
    """
    Return the mirrors that hold the system's release, each once, in the order of the sources.

    A mirror that is not of Debian (a child's own) does no harm: its `sid`, if it has one, is not
    signed with Debian's key. Discs are left out.
    """
    suites = DEBIAN_SUITES | codenames
    mirrors = [
        base
        for base, suite in release_files
        if suite in suites and not base.startswith(("cdrom:", "file:", "copy:"))
    ]
    return list(dict.fromkeys(mirrors))[:MIRRORS_MAX]


def _unpack(archives: Sequence[Path], tree: Path, tell: ProgressCallback) -> None:
    """Unpack the packages into one tree, as many at a time as there are cores."""
    tree.mkdir()
    program = required_program("dpkg")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        unpacking = [pool.submit(_unpack_one, program, archive, tree) for archive in archives]
        try:
            for done, one in enumerate(as_completed(unpacking), start=1):
                one.result()
                tell("unpack", done, len(archives))
        finally:
            pool.shutdown(cancel_futures=True)


def _unpack_one(program: str, archive: Path, tree: Path) -> None:
    ended = subprocess.run(
        [program, "-x", str(archive), str(tree)],
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or ["it gave no reason"]
        raise AsteriskMissingError(f"{archive.name} cannot be unpacked: {said[-1]}")


def _prune(tree: Path) -> None:
    """Remove what Asterisk does not need: documentation, locales, and all other programs."""
    kept = {tree / part for part in KEPT}
    parents = {folder for path in kept for folder in path.parents if folder.is_relative_to(tree)}
    for folder in parents:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path in kept or path in parents:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _tell_nobody(_step: str, _done: int, _total: int) -> None:
    """Take progress and do nothing with it."""


STEP_TITLES = {
    "wait": "Another fetch is running",
    "lists": "Reading package lists",
    "download": "Downloading Asterisk",
    "unpack": "Unpacking Asterisk",
}


def main() -> int:
    """Fetch with a progress bar on standard error; print where Asterisk is on standard output."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=console) as bars:
            tasks = {}

            def show(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bars.add_task(STEP_TITLES[step], total=total)
                bars.update(tasks[step], completed=done, total=total)

            installation = find_or_fetch(show)
    except AsteriskMissingError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print(installation.program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
