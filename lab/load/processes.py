"""What processes cost, from /proc: processor time of a whole tree, memory, descriptors, threads."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PARENT, _USER, _CHILDREN_SYSTEM = 1, 11, 14
"""Places in /proc/PID/stat behind the name: parent, then four times of ourselves and children."""
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one process holds at a moment."""

    memory_mib: float
    descriptors: int
    threads: int


def processor_seconds(root: int) -> float:
    """Return the time that a process, all below it and all that they have outlived, have used."""
    return sum(_own_ticks(pid) for pid in tree(root)) / _TICKS


def tree(root: int) -> list[int]:
    """Return a process and all below it."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:  # grows while it is walked
        found += children.get(pid, [])
    return found


def footprint(pid: int) -> Footprint:
    """Return what a living process holds."""
    folder = Path(f"/proc/{pid}")
    resident = int((folder / "statm").read_text().split()[1]) * _PAGE
    return Footprint(
        memory_mib=resident / _MIB,
        descriptors=len(os.listdir(folder / "fd")),  # noqa: PTH208 - names alone are wanted
        threads=len(os.listdir(folder / "task")),  # noqa: PTH208
    )


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdecimal() and (fields := _fields(int(name))):
            yield int(name), int(fields[_PARENT])


def _own_ticks(pid: int) -> int:
    fields = _fields(pid)
    return sum(int(field) for field in fields[_USER : _CHILDREN_SYSTEM + 1])


def _fields(pid: int) -> list[str]:
    """Return the numbers of a process behind its name; none where it has just ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
