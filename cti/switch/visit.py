"""
What whoever listens at the daemon's address answers to the test call of `cordboard doctor`.

The daemon if it runs, and else doctor itself: the token of the test call is given back on its
channel, which proves that Asterisk reaches us and that we reach Asterisk; and each prompt is begun
and broken off, which tells whether Asterisk's account can read it. Nobody's call is touched.
"""

import asyncio
import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ivr.flow import Flow
from protocols.agi import commands
from protocols.agi.replies import AgiReply
from protocols.agi.session import AgiSession

DOCTOR_SCRIPT = "doctor"
SAID_VARIABLE = "CORD_DOCTOR_SAID"
PROMPTS_VARIABLE = "CORD_DOCTOR_PROMPTS"
ALL_PLAY = "all"
PROMPTS_TRIED_MAX = 20
TRIAL_S = 0.08
"""A file that cannot be opened is refused within a millisecond or two."""
NAMES_BYTES_MAX = 600
_TOKEN = re.compile(r"[0-9a-f]{32}")


def answer_to(token: str) -> str:
    """Return what is said to a token: the token, and which program says it."""
    return f"{token} {importlib.metadata.version('cordboard')}"


def prompts_of(flows: Iterable[Flow]) -> tuple[str, ...]:
    """Return the names of all prompts that flows play, each once."""
    names: dict[str, None] = {}
    for menu in (step for flow in flows for step in flow.steps):
        ends = (*(choice.to for choice in menu.choices), menu.otherwise)
        spoken = (menu.greeting, menu.wrong_key, menu.no_key, *(end.prompts for end in ends))
        names.update(dict.fromkeys(name for some in spoken for name in some))
    return tuple(names)


async def answer_doctor(session: AgiSession, flows: Mapping[str, Flow], prompts: Path) -> None:
    """
    Give the token back, then say which of the first prompts cannot be played.

    Raises:
        AgiError: the session ended.
    """
    arguments = session.request.arguments
    if not arguments or not _TOKEN.fullmatch(arguments[0]):
        return
    await session.run(commands.set_variable(SAID_VARIABLE, answer_to(arguments[0])))
    silent = [
        name
        for name in prompts_of(flows.values())[:PROMPTS_TRIED_MAX]
        if not await _plays(session, str(prompts / name))
    ]
    told = " ".join(silent)[:NAMES_BYTES_MAX] or ALL_PLAY
    await session.run(commands.set_variable(PROMPTS_VARIABLE, told))


async def _plays(session: AgiSession, path: str) -> bool:
    playing = session.begin(commands.stream_file(path, ""))
    done, _pending = await asyncio.wait({playing}, timeout=TRIAL_S)
    if not done:
        await session.run(commands.noop())  # breaks it off
    # A busy Asterisk may have refused it only now: an interrupted one has no reply.
    outcome = playing.result() if playing.done() else None
    return not isinstance(outcome, AgiReply) or outcome.ok
