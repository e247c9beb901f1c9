"""Warnings about what lies on the disk: the folder of data, who may write, prompts in vain."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from config.doubts import FLOWS, MAIN, QUEUES, Read
from config.errors import Position, Problem, Severity
from config.nodes import problem_at, texts
from config.prompts import PROMPTS_FOLDER, USES
from cti.language import _

PROMPTS_TOLD_MAX = 20


def odd_data(read: Read, blocked: Severity) -> Iterator[Problem]:
    """Yield what keeps the daemon from its folder of data; `blocked`: how bad a file there is."""
    if read.main is None:
        return
    path = ("data",)
    place = read.folder / read.main.data
    at = read.doubt(MAIN, path, "")
    position = Position(line=at.line, column=at.column)
    try:
        there = next(one for one in (place, *place.parents) if os.path.lexists(one))
        mode = there.stat().st_mode
    except OSError as error:
        message = _("{place} cannot be used: {reason}")
        message = message.format(place=place, reason=error.strerror)
        yield problem_at(MAIN, position, path, message, blocked)
        return
    if not stat.S_ISDIR(mode):
        message = _("{place} is no folder; name another, which the daemon will make")
        yield problem_at(MAIN, position, path, message.format(place=there), blocked)
    elif not os.access(there, os.W_OK | os.X_OK):
        message = _("you may not write into {place}; the daemon's user must be able to")
        yield read.doubt(MAIN, path, message.format(place=there))
    elif there == place and mode & stat.S_IWOTH:
        message = _("everybody on this machine may write into it; do: chmod o-w {place}")
        yield read.doubt(MAIN, path, message.format(place=read.main.data))


def open_to_everybody(read: Read) -> Iterator[Problem]:
    """Yield the folder and each of its files that everybody may change."""
    message = _("everybody on this machine may write into it; do: chmod o-w {place}")
    for name in (".", PROMPTS_FOLDER, *read.trees):
        try:
            mode = (read.folder / name).stat().st_mode
        except OSError:
            continue  # missing: others say so
        if mode & stat.S_IWOTH:
            position = Position() if name in read.trees else Position(line=0, column=0)
            shown = str(read.folder) if name == "." else name
            yield problem_at(shown, position, (), message.format(place=shown), Severity.WARNING)


def unused_prompts(read: Read) -> Iterator[Problem]:
    """Yield each sound that no flow and no queue names: it was to be heard somewhere."""
    if read.flows is None or read.queues is None:
        return
    trees = (read.trees[FLOWS], read.trees[QUEUES])
    used = {name for tree in trees for pattern in USES for _path, _at, name in texts(tree, pattern)}
    try:
        there = sorted(entry.name for entry in (read.folder / PROMPTS_FOLDER).iterdir())
    except OSError:
        return  # no folder, or none that can be read: each use is told as missing
    unused = [name for name in there if name.endswith(".wav") and Path(name).stem not in used]
    for name in unused[:PROMPTS_TOLD_MAX]:
        file, message = f"{PROMPTS_FOLDER}/{name}", _("no flow and no queue uses this prompt")
        yield problem_at(file, Position(line=0, column=0), (), message, Severity.WARNING)
