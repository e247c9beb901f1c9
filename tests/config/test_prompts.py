"""Sound files that flows name: there, inside the folder, and playable."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.prompts import prompt_fault
from tests.config.folders import Folder, sound

REMEDY = (
    "; a WAV file of 8000 Hz, 16 bit, mono is needed; make one with: "
    "ffmpeg -i ORIGINAL -ar 8000 -ac 1 -c:a pcm_s16le welcome.wav"
)


def put(content: bytes) -> Callable[[Path], None]:
    """Return what writes this content to a file."""

    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def leave(path: Path) -> None:
    """Leave nothing there."""


def lead_out(path: Path) -> None:
    """Make it a link to a good sound file outside the prompts' folder."""
    outside = path.parents[2] / "outside.wav"
    outside.write_bytes(sound())
    path.symlink_to(outside)


def go_round(path: Path) -> None:
    """Make it a link to itself."""
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (leave, "is missing"),
        (Path.mkdir, "is a folder; a file is needed"),
        (os.mkfifo, "is not a regular file; a file is needed"),
        (lead_out, "is a link that leads out of the folder; put the file itself there"),
        (put(sound(rate=44_100)), f"has 44100 Hz, 16 bit, 1 channel(s){REMEDY}"),
        (put(sound(width=1)), f"has 8000 Hz, 8 bit, 1 channel(s){REMEDY}"),
        (put(sound(channels=2)), f"has 8000 Hz, 16 bit, 2 channel(s){REMEDY}"),
        (put(sound(frames=0)), f"holds no sound{REMEDY}"),
        (put(sound()[:1_000]), f"is cut off after 0.1 of 0.1 seconds{REMEDY}"),
        (put(b""), f"is not a WAV file of plain samples (PCM){REMEDY}"),
        (put(b"ID3 not a wav at all"), f"is not a WAV file of plain samples (PCM){REMEDY}"),
        (put(sound()[:30]), f"is not a WAV file of plain samples (PCM){REMEDY}"),
        (put(bytes(10_000_000)), "is too long; at most 9,665,536 bytes are allowed"),
    ],
)
def test_a_prompt_that_cannot_be_played_is_told_where_it_is_named(
    folder: Folder, spoil: Callable[[Path], None], fault: str
) -> None:
    path = folder.path / "prompts/welcome.wav"
    path.unlink()
    spoil(path)

    assert folder.complaints() == [
        f"flows.yaml:4:18: flows.welcome.menu.greeting.0: the prompt prompts/welcome.wav {fault}"
    ]


def test_a_circle_of_links_is_told(folder: Folder) -> None:
    path = folder.path / "prompts/welcome.wav"
    path.unlink()
    go_round(path)
    (complaint,) = folder.complaints()

    assert "the prompt prompts/welcome.wav" in complaint


def test_a_link_within_the_folder_is_fine(folder: Folder) -> None:
    path = folder.path / "prompts/welcome.wav"
    path.unlink()
    path.symlink_to("wrong-key.wav")

    assert folder.complaints() == []


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "|id",
        "http://x/y",
        "Welcome",
        "a b",
        "${SHELL(id)}",
    ],
)
def test_a_prompts_name_cannot_lead_anywhere(folder: Folder, name: str) -> None:
    folder.replace("flows.yaml", "[welcome]", f"['{name}']")

    (problem,) = folder.problems()

    assert problem.path == "flows.welcome.menu.greeting.0"
    assert problem.message == f"must be a name: 1 to 40 of a-z 0-9 _ -, not {name!r}"


def test_every_place_where_a_prompt_is_named_is_looked_at(folder: Folder) -> None:
    folder.replace("flows.yaml", "wrong_key: [wrong-key]", "wrong_key: [p1]\n      no_key: [p2]")
    folder.replace("flows.yaml", "queue: sales", "queue: sales, prompts: [p3]")
    folder.replace("flows.yaml", "{queue: support}", "{queue: support, prompts: [welcome, p4]}")

    assert [problem.path.removeprefix("flows.welcome.menu.") for problem in folder.problems()] == [
        "choices.1.prompts.0",
        "wrong_key.0",
        "no_key.0",
        "otherwise.prompts.1",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=100)
    | st.tuples(st.integers(0, 43), st.binary(min_size=1, max_size=4)).map(
        lambda damage: sound()[: damage[0]] + damage[1] + sound()[damage[0] + len(damage[1]) :]
    )
)
def test_any_content_is_judged_without_surprise(folder: Folder, content: bytes) -> None:
    folder.write("prompts/odd.wav", content)
    fault = prompt_fault(folder.path, "odd")

    assert fault is None or isinstance(fault, str)
