"""The demonstration: its picture and its lines, and a whole show from the first step to the end."""

import asyncio
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.cells import cell_len

from acd.commands import OfferCall
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
)
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.call_facts import CallArrived, CallCleared, CallFact, FlowEntered, FlowLeft, HungUpBy
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Time, seconds
from lab.demo.call_log import LoggedCall, LoggedOffer
from lab.demo.cast import PEOPLE, SLOW, WEIGHTS, Chance, Dealing, Kind
from lab.demo.floor import FollowedFloor, NotTaken, Offered, Scene
from lab.demo.folder import ShowFolder
from lab.demo.report import CallTable, Totals
from lab.demo.screen import Course, Picture
from lab.demo.stage import EXAMPLES, in_one_line
from lab.demo.story import tell
from lab.demo.terminal import ASCII_SIGNS, Signs, Terminal, signs_of
from lab.site import agents_of
from storage.customers import normalised
from storage.journal import Journal
from storage.records import journal_codec

ROOT = Path(__file__).parents[2]
SALES, SUPPORT = QueueName("sales"), QueueName("support")
ANN, BEN, CHEN = AgentId("ann"), AgentId("ben"), AgentId("chen")
NAMES = {ANN: "Ann Archer", BEN: "Ben Baker", CHEN: "陈晓"}
CALLERS = {CallId("c1"): "李伟", CallId("c2"): "Alice Brown", CallId("c3"): ""}
SHOW_S_MAX = 60.0
GONE_S_MAX = 8.0

Step = tuple[float, AcdFact | CallFact]


def policy(version: str = "1", *, ready_ones_serve: QueueName = SALES) -> Policy:
    """Two queues; chen serves sales, and ann and ben the one that is given."""
    return Policy(
        version=version,
        queues=tuple(
            QueuePolicy(
                name=name,
                ring_time=seconds(15),
                wrap_up=seconds(10),
                misses_max=3,
                waiting_max=100,
            )
            for name in (SALES, SUPPORT)
        ),
        agents=tuple(
            AgentPolicy(agent=agent, queues=(SALES if agent is CHEN else ready_ones_serve,))
            for agent in NAMES
        ),
    )


def floor_opens(first: Policy | None = None) -> list[Step]:
    """Three agents log on: ann and ben are ready, ann for longer; chen is on a break."""
    pbx = PbxId("main")
    return [
        (0, PolicyApplied(policy=first or policy())),
        *(
            (0, AgentLoggedOn(agent=agent, device=DeviceId(pbx, f"PJSIP/{agent}")))
            for agent in NAMES
        ),
        (1, AgentMadeReady(agent=ANN)),
        (2, AgentMadeReady(agent=BEN)),
        (3, AgentMadeNotReady(agent=CHEN, reason="break")),
    ]


def call_comes(at: float, name: str) -> list[Step]:
    """A caller arrives, hears the menu, and waits in the queue two seconds later."""
    call = CallId(name)
    return [
        (
            at,
            CallArrived(
                call=call, leg=LegId(PbxId("main"), name), service="8000", party=PartyKey(name)
            ),
        ),
        (at, FlowEntered(call=call, flow="welcome")),
        (at + 2, FlowLeft(call=call, flow="welcome", outcome="queue", queue=SALES)),
        (at + 2, CallQueued(call=call, queue=SALES)),
    ]


async def followed(folder: Path, steps: list[Step], *, forged: bool = False) -> FollowedFloor:
    """Journal the steps as the daemon does, and follow that journal."""
    core = Distributor()
    with Journal.open(folder / "journal.sqlite", journal_codec()) as journal:
        for call, name in CALLERS.items():
            journal.remember_party(PartyKey(call), "+861055550142" if name else "", name)
        for second, fact in steps:
            at = Time(seconds(second))
            journal.append([(at, "fact", fact)])
            if isinstance(fact, AcdFact):
                for command in core.handle(fact, at):
                    if forged and isinstance(command, OfferCall):
                        command = replace(command, agent=CHEN)  # noqa: PLW2901 - the forgery
                    journal.append([(at, "command", command)])
        floor = FollowedFloor(journal.reader())
        await floor.catch_up()
    return floor


def scene_at(floor: FollowedFloor, second: float) -> Scene:
    return floor.scene(Time(seconds(second)))


async def test_an_offer_is_explained_by_name_who_won_who_was_next_who_was_out_and_why(
    tmp_path: Path,
) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")])
    (turn,) = scene_at(floor, 12).turns

    assert isinstance(turn, Offered)
    assert (turn.agent, turn.next_best, turn.idle) == (ANN, BEN, seconds(10))
    assert turn.ruled_out == ((CHEN, "not_ready"),)
    assert tell(turn, caller="李伟", names=NAMES, signs=Signs()).plain.endswith(
        "李伟 → Ann: idle 10 s, next Ben; 陈晓 not ready"
    )


async def test_who_missed_a_call_is_named_when_it_goes_to_the_next(tmp_path: Path) -> None:
    missed = (26.0, OfferEnded(offer=OfferId(1), outcome=OfferOutcome.NO_ANSWER))
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1"), missed])
    scene = scene_at(floor, 27)
    offered, not_taken, _ = scene.turns

    assert isinstance(not_taken, NotTaken)
    assert isinstance(offered, Offered)
    assert (not_taken.agent, not_taken.outcome) == (ANN, OfferOutcome.NO_ANSWER)
    assert (offered.agent, offered.ruled_out) == (
        BEN,
        ((ANN, "missed_this_call"), (CHEN, "not_ready")),
    )
    assert tell(not_taken, caller="李伟", names=NAMES, signs=Signs()).plain.endswith(
        "Ann Archer did not answer: 李伟 keeps his place"
    )


async def test_two_offers_of_one_moment_do_not_rule_each_other_out(tmp_path: Path) -> None:
    steps = [
        *floor_opens(policy(ready_ones_serve=SUPPORT)),
        *call_comes(4, "c1"),
        *call_comes(5, "c2"),
        (9.0, PolicyApplied(policy=policy("2"))),
    ]
    second, first = scene_at(await followed(tmp_path, steps), 9).turns

    assert isinstance(first, Offered)
    assert isinstance(second, Offered)
    assert (first.agent, first.next_best, first.ruled_out) == (ANN, BEN, ((CHEN, "not_ready"),))
    assert (second.agent, second.next_best) == (BEN, None)
    assert second.ruled_out == ((ANN, "offered"), (CHEN, "not_ready"))


async def test_calls_are_in_the_menu_ringing_talking_or_waiting(tmp_path: Path) -> None:
    steps = [
        *floor_opens(),
        *call_comes(9, "c1"),
        (13.0, OfferAnswered(offer=OfferId(1))),
        *call_comes(13, "c2"),
        *call_comes(17, "c3")[:2],
    ]
    floor = await followed(tmp_path, steps)
    scene = scene_at(floor, 18)

    assert [(view.place, view.agent, view.queue) for view in scene.calls] == [
        ("talking", ANN, SALES),
        ("ringing", BEN, SALES),
        ("menu", None, None),
    ]
    assert {call: party.name for call, party in scene.callers.items()} == CALLERS


async def test_what_the_daemon_decided_is_what_the_replay_decides(tmp_path: Path) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")])

    assert floor.decisions > 0
    assert floor.disagreements == 0


async def test_a_decision_that_the_replay_does_not_bring_forth_is_counted(tmp_path: Path) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")], forged=True)

    assert floor.disagreements == 1


async def test_callers_who_have_gone_are_forgotten_when_no_decision_shows_them(
    tmp_path: Path,
) -> None:
    gone = CallCleared(call=CallId("c1"), hung_up_by=HungUpBy.CALLER, cause=16)
    floor = await followed(tmp_path, [*call_comes(9, "c1")[:2], (10.0, gone)])

    assert scene_at(floor, 11).callers == {}


def course() -> Course:
    """A show that has run for 75 seconds, of twenty calls, one of which has ended."""
    totals = Totals()
    totals.add(CALL)
    return Course(passed_s=75, calls_max=20, totals=totals, finished=[CALL])


CALL = LoggedCall(
    arrived_at=datetime(2026, 1, 2, 13, 4, 5, tzinfo=UTC),
    caller="李伟",
    choices=("sales",),
    queues=("sales",),
    offers=(
        LoggedOffer(agent=BEN, outcome="no_answer", pop_lead_s=0.012),
        LoggedOffer(agent=ANN, outcome=None, pop_lead_s=0.004),
    ),
    agent=ANN,
    waited_s=16.24,
    talked_s=5.81,
    outcome="answered",
    hung_up_by="caller",
)


@pytest.mark.parametrize("signs", [Signs(), ASCII_SIGNS], ids=["unicode", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 34), (40, 10), (20, 3)])
async def test_the_picture_fits_every_terminal(
    tmp_path: Path, width: int, height: int, signs: Signs
) -> None:
    steps = [*floor_opens(), *call_comes(9, "c1"), *call_comes(9, "c2"), *call_comes(10, "c3")]
    scene = scene_at(await followed(tmp_path, steps), 40)
    picture = Picture(scene=scene, course=course(), names=NAMES, signs=signs)
    lines = [line.plain for line in picture.lines(width, height)]

    assert len(lines) == height
    if width >= 80:
        assert [line for line in lines if cell_len(line) > width] == []
    if signs is ASCII_SIGNS:
        assert "".join(lines).isascii()


async def test_the_picture_tells_queues_agents_calls_decisions_and_what_ended(
    tmp_path: Path,
) -> None:
    scene = scene_at(await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")]), 12)
    picture = Picture(scene=scene, course=course(), names=NAMES)
    lines = [re.sub(r" {2,}", "  ", line.plain).rstrip() for line in picture.lines(80, 24)]

    assert lines[0] == "Cordboard · 1 of 20 calls ended · 1 answered · 0 gave up · 1 missed  1:15"
    assert "sales  0  –  1  1  0  0" in lines
    assert "Ann Archer  ann  ringing  0:01  李伟  sales" in lines
    assert "陈晓  chen  not ready  0:09  (break)  sales" in lines
    assert "李伟  +861055550142  ringing  0:01  sales  Ann Archer" in lines
    assert "李伟  sales→ben missed, ann  16 s  6 s  answered" in lines
    assert lines[-1] == "Ctrl-C ends it  replayed from the journal: 9 decisions, all the same"


def test_a_finished_call_is_one_line_of_a_hundred_columns() -> None:
    table = CallTable(Signs(), width=100, zone=UTC)

    assert table.line(10, CALL) == (
        " 10 13:04:05 李伟         sales→sales→ben missed, ann             ann   16.2s  5.8s"
        " answered  caller"
    )
    assert cell_len(table.line(10, replace(CALL, caller="陈" * 50, choices=("x" * 99,)))) == 100
    assert cell_len(table.heading()) <= 100


def test_lines_stay_in_line_whatever_stands_in_them() -> None:
    table = CallTable(Signs(), width=100, zone=UTC)
    left = replace(
        CALL, caller="", choices=(), queues=(), offers=(), agent=None, outcome="left_in_flow"
    )
    columns = table.heading().index("outcome")

    assert table.line(1, left)[columns:] == "left menu caller"
    assert "menu" in table.line(1, left)
    assert "withheld" in table.line(1, left)


def test_keys_that_were_none_are_counted() -> None:
    table = CallTable(Signs(), width=100)
    silent = replace(CALL, choices=("no_key", "no_key", "no_key"), offers=())

    assert table.path(silent) == "3x no key→sales"
    assert table.path(replace(silent, choices=("wrong_key", "sales"))) == "wrong key/sales→sales"


def test_a_narrow_terminal_gets_a_shorter_path() -> None:
    table = CallTable(Signs(), width=80, zone=UTC)

    assert table.path(CALL) == "sales→ben missed, ann"
    assert cell_len(table.line(1, CALL)) <= 80


def test_the_summary_counts_outcomes_waits_and_screens_before_phones() -> None:
    totals = Totals()
    totals.add(CALL)
    totals.add(replace(CALL, outcome="abandoned", offers=(), agent=None))

    assert totals.summary() == [
        "2 calls: 1 answered, 1 gave up",
        "Answered after 16.2 s in the median, 16.2 s at most",
        "2 of 2 screens popped before the phone rang, 8 ms in the median",
    ]
    assert Totals().summary() == ["No call has ended yet."]


def test_a_text_is_cut_and_padded_by_cells_not_characters() -> None:
    signs = Signs()

    assert signs.fitted("陈晓", 6) == "陈晓  "
    assert signs.fitted("陈晓晓", 5) == "陈晓…"
    assert signs.fitted("陈晓晓", 4) == "陈… "
    assert signs.fitted("7 s", 5, right=True) == "  7 s"
    assert ASCII_SIGNS.fitted("陈晓 calls", 6) == "?? c.."


def test_an_encoding_without_our_signs_gets_ascii_ones() -> None:
    assert signs_of("latin-1") is ASCII_SIGNS
    assert signs_of("no-such-encoding") is ASCII_SIGNS
    assert signs_of("utf-8").arrow == "→"


def test_what_is_no_terminal_gets_lines_of_a_hundred_columns() -> None:
    terminal = Terminal(StringIO())

    assert (terminal.live, terminal.width) == (False, 100)


def test_a_programs_last_word_is_kept_of_what_it_said() -> None:
    said = "the daemon ended with status 1: starting\nthe port is taken\n"

    assert in_one_line(said) == "the daemon ended with status 1: the port is taken"
    assert in_one_line("it said nothing") == "it said nothing"


def test_the_same_seed_brings_the_same_people() -> None:
    first, again, other = Chance(1), Chance(1), Chance(2)
    callers = [first.next_caller() for _ in range(50)]

    assert [again.next_caller() for _ in range(50)] == callers
    assert [other.next_caller() for _ in range(50)] != callers


@pytest.mark.parametrize("seed", range(20))
def test_twenty_calls_have_every_kind_of_caller_and_end_without_a_slow_one(seed: int) -> None:
    chance = Chance(seed, calls=20)
    kinds = [chance.next_caller().kind for _ in range(20)]

    assert {kind: kinds.count(kind) for kind in Kind} == WEIGHTS
    assert SLOW.isdisjoint(kinds[6:])


def test_the_first_offers_have_a_miss_and_a_refusal() -> None:
    chance = Chance(3)
    dealings = [chance.next_offer().dealing for _ in range(8)]

    assert {Dealing.MISS, Dealing.DECLINE, Dealing.ANSWER} == set(dealings)


def test_customers_on_record_have_full_numbers() -> None:
    known = [person.number for person in PEOPLE if person.known]

    assert known != []
    assert [normalised(number, "DE") for number in known] == known


def test_the_example_configuration_has_five_agents_each_with_a_phone_of_his_own() -> None:
    agents = agents_of(EXAMPLES)

    assert len({agent.phone for agent in agents}) == len(agents) == 5


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
    return {**os.environ, "TMPDIR": str(place), "LC_ALL": "C.UTF-8", "TERM": "xterm"}


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
    async with asyncio.timeout(SHOW_S_MAX):
        out, complaints = await show.communicate()
    lines = out.decode().splitlines()
    calls = [line for line in lines if re.match(r" +\d+ \d\d:\d\d:\d\d ", line)]

    assert (show.returncode, complaints.decode()) == (0, "")
    assert [line[:3].strip() for line in calls] == ["1", "2", "3"]
    assert [line for line in calls if "answered" not in line] == []
    assert [line for line in calls if cell_len(line) > 100] == []
    assert "3 calls: 3 answered" in lines
    assert "Callers heard the agent in 3 talks, agents the caller in 3" in lines
    assert lines[-1].endswith("replayed from the journal, all the same")
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
        screen = Screen(keyboard)
        await screen.shows("ringing         0:0")
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
async def test_a_show_that_is_killed_leaves_no_process(place: Path) -> None:
    show = await asyncio.create_subprocess_exec(
        *command("--plain"), cwd=ROOT, env=environment(place), stdout=subprocess.PIPE
    )
    async with asyncio.timeout(SHOW_S_MAX):
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
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            self.text += os.read(self._descriptor, 65_536).decode(errors="replace")
        except OSError:  # the last program with this terminal has ended
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._news.set()

    async def shows(self, wanted: str) -> None:
        """Wait until this has been written, whatever the colours."""
        async with asyncio.timeout(SHOW_S_MAX):
            while wanted not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text):
                self._news.clear()
                await self._news.wait()
