"""Whole shows, each as a process of its own, from the first step to the end."""

import asyncio
import codecs
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import psutil
import pytest
from rich.cells import cell_len

from lab.demo.folder import ShowFolder
from lab.phone.digest import Credentials
from lab.phone.phone import Phone
from tests.lab.demo.guide import desk_of_the_guide

ROOT = Path(__file__).parents[3]
SHOW_S_MAX = 100.0
"""When a show that hangs is given up; less than what pytest gives a test."""
GONE_S_MAX = 40.0
"""So long an end may take: on a busy disk most of it is removing the files of Postgres."""
SIZES = {"COLUMNS", "LINES"}
CUT_AT_40 = "Password    cordboard-demo; that of ann…"
"""
A line that a narrow terminal cuts, whatever goes on.

The promise above it does not stand there any more where the daemon died in the show: on a machine
so busy that it stood still for five seconds, its watchdog ends it.
"""
SUPPORTERS = 5
"""Agents who serve support, the guest included."""


def test_a_folder_is_gone_after_the_show_unless_it_is_kept(place: Path) -> None:
    with ShowFolder(place) as folder:
        (folder.path / "log").touch()
    with ShowFolder(place) as kept:
        kept.keep()

    assert kept_in(place) == [kept.path]


def test_the_next_show_removes_what_a_killed_one_left_and_nothing_else(place: Path) -> None:
    killed = place / "cordboard-demo-killed"
    other = place / "cordboard-demo-without-lock"
    for folder in (killed, other):
        folder.mkdir()
    (killed / "lock").touch()
    with ShowFolder(place) as living, ShowFolder(place) as present:
        assert set(kept_in(place)) == {living.path, present.path, other}


# Whole shows, each as a process of its own.


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for temporary files whose path is short, and which other accounts may pass."""
    folder = Path(tempfile.mkdtemp(prefix="show-"))
    folder.chmod(0o755)
    yield folder
    for process in left_in(folder):
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lab.demo", *arguments]


def environment(place: Path) -> dict[str, str]:
    own = {"TMPDIR": str(place), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    # these two, where somebody exports them, hold whatever size the terminal has
    return {name: told for name, told in os.environ.items() if name not in SIZES} | own


def left_in(place: Path) -> list[psutil.Process]:
    """Return the processes that have to do with this folder: Asterisk, daemon, Postgres, show."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.cwd()]
        except psutil.Error:
            continue
        if any(str(place) in text for text in told):
            found.append(process)
    return found


def kept_in(place: Path) -> list[Path]:
    """Return what a show has left in this folder."""
    return list(place.iterdir())


async def gone(place: Path) -> list[psutil.Process]:
    """Wait until nothing of a show lives, and return what still does."""
    deadline = time.monotonic() + GONE_S_MAX
    while (left := left_in(place)) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return left


@asynccontextmanager
async def ended(show: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """See that a show does not outlive its test, whatever becomes of that."""
    try:
        yield
    finally:
        if show.returncode is None:
            show.kill()
            await show.wait()


async def said_by(show: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Return what a show printed, and end one that hangs."""
    async with ended(show), asyncio.timeout(SHOW_S_MAX):
        return await show.communicate()


@pytest.mark.scenario
async def test_three_calls_end_by_themselves_with_a_line_each_and_leave_nothing(
    place: Path,
) -> None:
    show = await asyncio.create_subprocess_exec(
        *command("--calls", "3", "--seed", "1"),
        cwd=ROOT,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, complaints = await said_by(show)
    lines = out.decode().splitlines()
    calls = [line for line in lines if re.match(r" +\d+ \d\d:\d\d:\d\d ", line)]

    assert (show.returncode, complaints.decode()) == (0, "")
    assert [line[:3].strip() for line in calls] == ["1", "2", "3"]
    assert [line for line in calls if "answered" not in line] == []
    assert [line for line in calls if cell_len(line) > 100] == []
    assert "3 calls: 3 answered" in lines
    assert "Callers heard the agent in 3 talks, agents the caller in 3" in lines
    assert lines[-1].endswith("replayed from the journal, all the same")
    assert [line for line in lines if line.startswith("Call in")] != []
    assert (left_in(place), kept_in(place)) == ([], [])


@pytest.mark.scenario
async def test_ctrl_c_in_the_live_picture_ends_all_of_it_and_gives_the_terminal_back(
    place: Path,
) -> None:
    keyboard, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    try:
        show = await asyncio.create_subprocess_exec(
            *("setsid", "--ctty", *command("--seed", "1")),
            cwd=ROOT,
            env=environment(place),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        async with Screen(keyboard) as screen, ended(show):
            await screen.shows(" ringing ")
            os.write(keyboard, b"a")
            await screen.shows("sign in as guest")
            termios.tcsetwinsize(keyboard, (10, 40))
            await screen.shows(CUT_AT_40)
            os.write(keyboard, b"\x03")
            async with asyncio.timeout(GONE_S_MAX):
                code = await show.wait()
            await screen.shows("replayed from the journal, all the same")
    finally:
        os.close(keyboard)

    assert code == 0
    assert screen.text.index("\x1b[?1049h") < screen.text.index("\x1b[?1049l")
    assert "Traceback" not in screen.text
    assert (left_in(place), kept_in(place)) == ([], [])


@pytest.mark.scenario
async def test_the_tour_kills_the_daemon_and_every_caller_is_served_after_all(place: Path) -> None:
    show = await asyncio.create_subprocess_exec(
        *command("--script", "tour", "--speed", "6"),
        cwd=ROOT,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, complaints = await said_by(show)
    lines = out.decode().splitlines()
    killed = re.search(
        r"killed once, with (\d+) callers there: (\d+) talked, 0 hung up, 0 lost", out.decode()
    )

    assert (show.returncode, complaints.decode()) == (0, "")
    assert "15 calls: 15 answered" in lines
    assert "Callers heard the agent in 15 talks, agents the caller in 15" in lines
    assert killed is not None
    assert int(killed[1]) == int(killed[2]) >= 5
    assert [line for line in lines if line.startswith("-- The daemon is back.")] != []
    assert (left_in(place), kept_in(place)) == ([], [])


@pytest.mark.scenario
async def test_a_guest_calls_from_his_phone_and_takes_a_call_at_his_desk(place: Path) -> None:
    show = await asyncio.create_subprocess_exec(
        *command("--calls", "0"), cwd=ROOT, env=environment(place), stdout=subprocess.PIPE
    )
    async with ended(show):
        async with asyncio.timeout(SHOW_S_MAX):
            told = await addresses_of(show)
        await call_oneself(told)
        show.terminate()
        out, _complaints = await said_by(show)

    assert (show.returncode, kept_in(place)) == (0, [])
    assert b"decisions replayed from the journal, all the same" in out
    assert b"talks" not in out  # what softphones say and hear is not counted


async def addresses_of(show: asyncio.subprocess.Process) -> dict[str, str]:
    """Return what the show says of where it can be reached."""
    told: dict[str, str] = {}
    while show.stdout and "Logs" not in told:
        line = (await show.stdout.readline()).decode().rstrip()
        assert line
        what, _blanks, where = line.partition("  ")
        told[what] = where.strip()
    return told


async def call_oneself(told: dict[str, str]) -> None:
    """Be caller and agent at once: the guest's phone rings for whoever calls in."""
    host, _colon, port = told["Call in"].removeprefix("sip:8000@").partition(":")
    server = (host, int(port))
    account = Credentials("guest", told["Password"].partition(";")[0])
    desk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", desk_of_the_guide(), told["Your desk"].partition(",")[0]),
        stdout=subprocess.PIPE,
    )
    try:
        async with (
            await Phone.start("guest", server=server, credentials=account, lines=2) as phone,
            await Phone.start("caller", server=server, lines=9) as caller,
        ):
            await phone.register()
            own = await phone.dial("8000", within_s=5)
            await own.hang_up()
            await seen(desk, '"wish":"ready"')
            # The others have been free for longer, and each talk keeps one of them.
            calls = [await caller.dial("8000", within_s=5) for _ in range(SUPPORTERS)]
            for call in calls:
                await call.send_digit("2")
            rung = await phone.next_call(within_s=15)
            await rung.answer()
            await seen(desk, '"occupation":"busy"')
    finally:
        desk.kill()
        await desk.wait()


async def seen(desk: asyncio.subprocess.Process, wanted: str) -> None:
    """Wait until the desk's program has printed this."""
    async with asyncio.timeout(15):
        while desk.stdout and wanted not in (await desk.stdout.readline()).decode():
            pass


@pytest.mark.scenario
async def test_a_show_that_is_killed_leaves_no_process(place: Path) -> None:
    show = await asyncio.create_subprocess_exec(
        *command("--plain"), cwd=ROOT, env=environment(place), stdout=subprocess.PIPE
    )
    async with ended(show), asyncio.timeout(SHOW_S_MAX):
        while show.stdout and not (await show.stdout.readline()).startswith(b"Up in"):
            pass
        ran = len(left_in(place))
        show.kill()
        await show.wait()

    assert ran > 3
    assert await gone(place) == []


class Screen:
    """What a program writes on its terminal, read as it comes."""

    def __init__(self, descriptor: int) -> None:
        self.text = ""
        self._descriptor = descriptor
        self._news = asyncio.Event()
        # what is read may end within a character, the more so the busier the machine is
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        return self

    async def __aexit__(self, *_error: object) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)

    def _read(self) -> None:
        try:
            self.text += self._decode(os.read(self._descriptor, 65_536))
        except OSError:  # the last program with this terminal has ended
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._news.set()

    async def shows(self, wanted: str) -> None:
        """Wait until this has been written, whatever the colours."""
        try:
            async with asyncio.timeout(SHOW_S_MAX):
                while wanted not in self.words:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pytest.fail(f"{wanted!r} was never shown; the last that was: {self.words[-2_000:]!r}")

    @property
    def words(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text)
