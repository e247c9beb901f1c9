"""
The command line of the show, what ends it, and its exit codes.

0: shown, and ended as asked. 1: it could not begin or go on; one line says why. With `--calls` or
`--script`, an end that was asked for before they were complete: 130 (Ctrl-C) or 128 and the
signal's number.
"""

import asyncio
import contextlib
import logging
import math
import os
import random
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
import structlog

from config.errors import ConfigError
from cti.language import _
from lab.asterisk_errors import AsteriskMissingError
from lab.asterisk_installation import Installation
from lab.demo.errors import DemoError
from lab.demo.folder import ShowFolder
from lab.demo.pace import SPEED_MAX, SPEED_MIN, Pace
from lab.demo.script import Script, find_script, read_script, ready_scripts
from lab.demo.show import Show
from lab.demo.stage import EXAMPLES, find_asterisk, set_up
from lab.demo.terminal import ReaderGoneError, Steps, Terminal
from lab.demo.wanted import Ending, Wanted
from lab.site import agents_of

SEEDS = 10_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128
"""A shell's exit code for a program that a signal ended: this, and the signal's number."""
LOG_FILE = "demo.log"

log = structlog.get_logger(__name__)


class _Factor(click.FloatRange):
    """A number within limits, which `nan` is not although it compares as if it were."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(
                _("{value} is no number from {least:g} to {most:g}").format(
                    value=value, least=self.min, most=self.max
                ),
                param,
                ctx,
            )
        return number


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_(
        """Show Cordboard at work: a call center on this machine, with real calls.

        A private Asterisk, the daemon, its Postgres, five agents and callers run on loopback and
        end together. Callers dial 8000, hear the menu, press keys, wait with music, are offered to
        agents whose screens pop first, and talk, by SIP and with real audio. Nothing is installed
        in the system, no call leaves this machine, and what is made is removed at the end.

        Kill the daemon (kill -9) whenever you like: it is started again, and nobody is lost.

        \b
        make demo                                   watch until Ctrl-C
        make demo ARGS="--calls 20"                 end after 20 calls, with a line for each
        make demo ARGS="--calls 20 --seed 7"        the same people again
        make demo ARGS="--script tour"              the whole story in ninety seconds
        make demo ARGS="--script mine.yaml --speed 2"   a story of yours, twice as fast
        make demo ARGS="--calls 0"                  nobody calls but you
        """
    ),
)
@click.option(
    "--calls",
    type=click.IntRange(0, 100_000),
    metavar="N",
    help=_(
        "End after N calls and print a line for each; 0: nobody calls. Without it: until Ctrl-C."
    ),
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="S",
    help=_("Let the same people call and do the same things again. Without it: a new seed."),
)
@click.option(
    "--speed",
    type=_Factor(SPEED_MIN, SPEED_MAX),
    default=1.0,
    metavar="FACTOR",
    help=_(
        "How fast people act, {least:g} to {most:g}: 2 is twice as fast. Prompts, ringing that"
        " nobody answers, and the daemon's return take the time that they take."
    ).format(least=SPEED_MIN, most=SPEED_MAX),
)
@click.option(
    "--script",
    "script_file",
    metavar="FILE",
    help=_(
        "Play what a YAML file says (docs/demo.md): who calls when, which agent does not answer,"
        " when the daemon is killed. There are: {names}."
    ).format(names=", ".join(ready_scripts())),
)
@click.option(
    "--plain",
    is_flag=True,
    help=_("Print lines only, as into a pipe: no live picture."),
)
def main(
    calls: int | None, seed: int | None, speed: float, script_file: str | None, *, plain: bool
) -> None:
    """Give a show."""
    script = None
    if script_file is not None:
        if calls is not None or seed is not None:
            raise click.UsageError(_("A script says itself who calls: no --calls, no --seed."))
        script = _read(script_file)
    terminal = Terminal(plain=plain)
    wanted = Wanted(
        calls=calls,
        seed=random.randrange(SEEDS) if seed is None else seed,
        pace=Pace(speed),
        script=script,
    )
    for number in _heeded():
        signal.signal(number, _leave)
    try:
        with ShowFolder() as folder:
            code = _in_folder(terminal, folder, wanted)
    except DemoError as error:
        code = _failed(str(error))
    sys.exit(code)


def _read(script_file: str) -> Script:
    """Return the script that is meant, or end with all that is wrong with it."""
    file = find_script(script_file)
    if not script_file or not file.exists():
        raise click.BadParameter(
            _(
                "there is no script {name}; there are {names}, and any other YAML file"
                " by its path (docs/demo.md)"
            ).format(name=repr(script_file), names=", ".join(ready_scripts())),
            param_hint="--script",
        )
    try:
        return read_script(file, [agent.name for agent in agents_of(EXAMPLES)])
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)


def _in_folder(terminal: Terminal, folder: ShowFolder, wanted: Wanted) -> int:
    """Give the show in its folder, which is kept where something went wrong."""
    _log_to(folder.path / LOG_FILE)
    try:
        with Steps(terminal) as steps:
            installation = find_asterisk(steps)
            return asyncio.run(_give(terminal, folder.path, wanted, installation, steps))
    except AsteriskMissingError as error:
        return _failed(str(error))
    except Exception as error:
        reason = _first(error)
        if isinstance(reason, ReaderGoneError):
            return _unread()
        log.exception("demo_failed")
        folder.keep()
        said = str(reason)
        if not isinstance(reason, DemoError):
            said = _("the show broke off: {kind}: {words}").format(
                kind=type(reason).__name__, words=said
            )
        logs = _("The logs are in {folder}").format(folder=folder.path)
        return _failed(f"{said}\n{logs}")


async def _give(
    terminal: Terminal, folder: Path, wanted: Wanted, installation: Installation, steps: Steps
) -> int:
    """Set the stage, play, report; all of it ends here. Return the exit code."""
    ending, on_stage = Ending(), False
    whole = asyncio.current_task()

    def ask(number: int) -> None:
        first = ending.signal is None
        ending.ask(number)
        if first and not on_stage and whole is not None:
            whole.cancel()

    for number in _heeded():
        asyncio.get_running_loop().add_signal_handler(number, ask, number)
    try:
        async with set_up(installation, folder, steps) as stage:
            on_stage = True
            if wanted.script is not None:
                steps.finish(wanted.script.title)
            elif wanted.calls == 0:
                steps.finish(_("Nobody calls but you."))
            else:
                steps.finish(_("Seed {seed}.").format(seed=wanted.seed))
            show = Show(stage, terminal, wanted, ending)
            await show.play()
            show.report()
    except asyncio.CancelledError:
        if whole is None or ending.signal is None:
            raise
        whole.uncancel()
        return SIGNALLED + ending.signal
    if show.complete or wanted.calls_to_end is None or ending.signal is None:
        return 0
    return SIGNALLED + ending.signal


def _heeded() -> list[signal.Signals]:
    """Return the signals that ask for the end; with `nohup` a closed terminal is none of them."""
    hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return [number for number in SIGNALS if number is not signal.SIGHUP or hangs_up]


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """End while there is no event loop yet that could be told."""
    sys.exit(SIGNALLED + number)


def _failed(said: str) -> int:
    with contextlib.suppress(OSError):
        click.secho(said, err=True, fg="red")
    return 1


def _unread() -> int:
    """Nobody reads us any more; keep Python from writing what is left once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return SIGNALLED + signal.SIGPIPE


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group, however deep it stands."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _log_to(file: Path) -> None:
    """Send the logs of the show and of its phones to a file: the terminal has other uses."""
    logging.basicConfig(filename=file, level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=file.open("a", encoding="utf-8")),
    )
