"""
Where an Asterisk is and how its program is run: the system's own, or an unpacked tree.

A tree is a folder of Debian packages unpacked without root. Its program is run by the tree's own
dynamic loader with the tree's own libraries, so that it needs nothing of the system but the kernel,
whatever the system's C library is. This module knows nothing of where a tree comes from.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAJOR_VERSION = 22
"""The Asterisk that Cordboard supports and tests."""

VERSION_QUERY_S_MAX = 30.0
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/asterisk/sbin")
_VERSION = re.compile(r"Asterisk (?:certified[-/])?((\d+)\.\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """
    A program that can be run, and what it must be told about its surroundings.

    `command` starts it; arguments are appended. `modules` and `data` are the folders of its
    loadable modules and of its documentation and sounds; None means those built into the program.
    """

    command: tuple[str, ...]
    version: str
    modules: Path | None = None
    data: Path | None = None

    @property
    def program(self) -> Path:
        """The program's file."""
        return Path(self.command[-1])


def system_installation() -> Installation | None:
    """
    Return the system's Asterisk 22, or None when there is none or it is another version.

    The `sbin` folders are looked into as well: an ordinary user of Debian lacks them in his PATH.
    """
    places = [shutil.which("asterisk"), *(f"{folder}/asterisk" for folder in _SYSTEM_FOLDERS)]
    for place in places:
        if place and Path(place).is_file() and (version := _supported_version((place,))):
            return Installation(command=(place,), version=version)
    return None


def tree_installation(tree: Path) -> Installation | None:
    """Return the Asterisk 22 unpacked in a tree, or None when it is not there or does not run."""
    program = tree / "usr/sbin/asterisk"
    modules = next(iter(sorted(tree.glob("usr/lib/*/asterisk/modules"))), None)
    if modules is None or not program.is_file():
        return None
    architecture = modules.parents[1].name  # the multiarch triplet, such as aarch64-linux-gnu
    folders = [tree / "usr/lib" / architecture, tree / "lib" / architecture]
    loader = next((path for folder in folders for path in sorted(folder.glob("ld-linux*"))), None)
    if loader is None:
        return None
    libraries = ":".join(str(path) for path in (*folders, modules.parent))
    command = (
        str(loader),
        "--library-path",
        libraries,
        "--argv0",
        "asterisk",
        str(program),
    )
    version = _supported_version(command)
    if version is None:
        return None
    data = tree / "usr/share/asterisk"
    return Installation(command=command, version=version, modules=modules, data=data)


def _supported_version(command: tuple[str, ...]) -> str | None:
    """Run `asterisk -V` and return the version when it is one we support."""
    try:
        answer = subprocess.run(
            [*command, "-V"],
            capture_output=True,
            check=False,
            timeout=VERSION_QUERY_S_MAX,
            env={"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stdout.decode(errors="replace"))
    return found[1] if found and int(found[2]) == MAJOR_VERSION else None
