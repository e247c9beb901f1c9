"""
The sound files that flows name: each must be there, and be one that Asterisk can play.

`welcome` in `flows.yaml` means `prompts/welcome.wav`. Names cannot lead out of the folder, and a
link may not either.
"""

import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.errors import Problem, UnreadableFileError
from config.files import read_file
from config.nodes import ANY, KeyPath, Node, problem_at, texts
from cti.language import _

PROMPTS_FOLDER = "prompts"
RATE_HZ = 8_000
SAMPLE_BYTES = 2
PROMPT_SECONDS_MAX = 600
PROMPT_BYTES_MAX = PROMPT_SECONDS_MAX * RATE_HZ * SAMPLE_BYTES + 65_536
"""Ten minutes of sound, and room for a header with a few notes in it."""

_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_MENU: Final[KeyPath] = ("flows", ANY, "menu")
_USES: Final[tuple[KeyPath, ...]] = (
    (*_MENU, "greeting", ANY),
    (*_MENU, "wrong_key", ANY),
    (*_MENU, "no_key", ANY),
    (*_MENU, "choices", ANY, "prompts", ANY),
    (*_MENU, "otherwise", "prompts", ANY),
)


def unplayable_prompts(file: str, tree: Node, folder: Path) -> Iterator[Problem]:
    """Yield each use of a prompt that Asterisk could not play, with the remedy."""
    faults: dict[str, str | None] = {}
    for pattern in _USES:
        for path, position, name in texts(tree, pattern):
            if not _NAME.fullmatch(name):
                continue  # the model says so
            if name not in faults:
                faults[name] = prompt_fault(folder, name)
            fault = faults[name]
            if fault is not None:
                message = _("the prompt {file} {fault}").format(
                    file=f"{PROMPTS_FOLDER}/{name}.wav", fault=fault
                )
                yield problem_at(file, position, path, message)


def prompt_fault(folder: Path, name: str) -> str | None:
    """Return what is wrong with one prompt's file and how to put it right, or None."""
    home = folder / PROMPTS_FOLDER
    path = home / f"{name}.wav"
    try:
        if not path.resolve().is_relative_to(home.resolve()):
            return _("is a link that leads out of the folder; put the file itself there")
        data = read_file(path, bytes_max=PROMPT_BYTES_MAX).data
    except UnreadableFileError as error:
        return str(error)
    except (OSError, RuntimeError):
        return _("is a link that leads nowhere; put the file itself there")  # a circle of links
    fault = _sound_fault(data)
    if fault is None:
        return None
    return _(
        "{fault}; a WAV file of 8000 Hz, 16 bit, mono is needed; make one with: {command}"
    ).format(fault=fault, command=f"ffmpeg -i ORIGINAL -ar 8000 -ac 1 -c:a pcm_s16le {name}.wav")


def _sound_fault(data: bytes) -> str | None:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            channels, width, rate, frames = sound.getparams()[:4]
            played = len(sound.readframes(frames)) // max(1, channels * width)
    except (wave.Error, EOFError, RuntimeError, ValueError):  # a lying header causes any of them
        return _("is not a WAV file of plain samples (PCM)")
    if (channels, width, rate) != (1, SAMPLE_BYTES, RATE_HZ):
        return _("has {rate} Hz, {bits} bit, {channels} channel(s)").format(
            rate=rate, bits=width * 8, channels=channels
        )
    if frames == 0:
        return _("holds no sound")
    if played < frames:
        return _("is cut off after {played} of {told} seconds").format(
            played=f"{played / RATE_HZ:.1f}", told=f"{frames / RATE_HZ:.1f}"
        )
    return None
