"""
The sound files that flows and queues name: each must be there, and be one that Asterisk can play.

`welcome` in `flows.yaml` means `prompts/welcome.wav`. Names cannot lead out of the folder, and a
link may not either.
"""

import io
import re
import sys
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import Problem, Severity, UnreadableFileError
from config.files import read_file
from config.nodes import ANY, KeyPath, Node, problem_at, texts
from config.sounds import sound_doubt
from cti.language import _

PROMPTS_FOLDER = "prompts"
RATE_HZ = 8_000
SAMPLE_BYTES = 2
PROMPT_SECONDS_MAX = 600
PROMPT_BYTES_MAX = PROMPT_SECONDS_MAX * RATE_HZ * SAMPLE_BYTES + 65_536
"""Ten minutes of sound, and room for a header with a few notes in it."""

_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_MENU: Final[KeyPath] = ("flows", ANY, "menu")
USES: Final[tuple[KeyPath, ...]] = (
    (*_MENU, "greeting", ANY),
    (*_MENU, "wrong_key", ANY),
    (*_MENU, "no_key", ANY),
    (*_MENU, "choices", ANY, "prompts", ANY),
    (*_MENU, "otherwise", "prompts", ANY),
    ("queues", ANY, "announce", "comfort", "prompts", ANY),
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A prompt: why it cannot be played, or why playing it is hardly worth it."""

    fault: str | None = None
    doubt: str | None = None


def unplayable_prompts(file: str, tree: Node, folder: Path) -> Iterator[Problem]:
    """Yield each use of a prompt that Asterisk could not play; once what is doubtful about one."""
    heard: dict[str, _Heard] = {}
    for pattern in USES:
        for path, position, name in texts(tree, pattern):
            if not _NAME.fullmatch(name):
                continue  # the model says so
            is_first = name not in heard
            if is_first:
                heard[name] = _heard(folder, name)
            found = heard[name]
            message = _("the prompt {file} {fault}").format(
                file=f"{PROMPTS_FOLDER}/{name}.wav", fault=found.fault or found.doubt
            )
            if found.fault is not None:
                yield problem_at(file, position, path, message)
            elif found.doubt is not None and is_first:
                yield problem_at(file, position, path, message, Severity.WARNING)


def prompt_fault(folder: Path, name: str) -> str | None:
    """Return what is wrong with one prompt's file and how to put it right, or None."""
    return _heard(folder, name).fault


def _heard(folder: Path, name: str) -> _Heard:
    home = folder / PROMPTS_FOLDER
    path = home / f"{name}.wav"
    try:
        if not path.resolve().is_relative_to(home.resolve()):
            return _Heard(_("is a link that leads out of the folder; put the file itself there"))
        data = read_file(path, bytes_max=PROMPT_BYTES_MAX).data
    except UnreadableFileError as error:
        return _Heard(str(error))
    except (OSError, RuntimeError):  # a circle of links
        return _Heard(_("is a link that leads nowhere; put the file itself there"))
    heard = _sound(data)
    if heard.fault is None:
        return heard
    return _Heard(
        _(
            "{fault}; a WAV file of 8000 Hz, 16 bit, mono is needed; make one with: {command}"
        ).format(
            fault=heard.fault,
            command=f"ffmpeg -i ORIGINAL -ar 8000 -ac 1 -c:a pcm_s16le {name}.wav",
        )
    )


def _sound(data: bytes) -> _Heard:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            channels, width, rate, frames = sound.getparams()[:4]
            samples = sound.readframes(frames)
    except (wave.Error, EOFError, RuntimeError, ValueError):  # a lying header causes any of them
        return _Heard(_("is not a WAV file of plain samples (PCM)"))
    if (channels, width, rate) != (1, SAMPLE_BYTES, RATE_HZ):
        fault = _("has {rate} Hz, {bits} bit, {channels} channel(s)")
        return _Heard(fault.format(rate=rate, bits=width * 8, channels=channels))
    played = len(samples) // SAMPLE_BYTES
    if frames == 0:
        return _Heard(_("holds no sound"))
    if played < frames:
        fault = _("is cut off after {played} of {told} seconds")
        return _Heard(
            fault.format(played=f"{played / RATE_HZ:.1f}", told=f"{frames / RATE_HZ:.1f}")
        )
    heard = array("h", samples[: played * SAMPLE_BYTES])
    if sys.byteorder == "big":
        heard.byteswap()
    return _Heard(doubt=sound_doubt(heard, RATE_HZ))
