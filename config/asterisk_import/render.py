"""Writes drafts as the five YAML files; what must be filled in is marked there."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from config.asterisk_import.draft import AgentDraft, Draft, QueueDraft
from config.asterisk_import.place import shown
from config.durations import duration_text
from cti.instants import seconds
from cti.language import _

FILL_IN: Final = "FILL IN"
"""Begins each remark on what only the administrator knows; to be searched for, not translated."""
MARK: Final = "Written by cordboard import"
"""Stands in the first line of each file of an import, by which it is known; not translated."""
GREETING = "greeting"
SECRET_VARIABLE = "CORDBOARD_AMI_SECRET"  # noqa: S105 - a variable's name
_PLAIN = re.compile(r"[a-z][a-z0-9_-]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def yaml_files(
    draft: Draft, country: str | None, hashed: Callable[[str], str]
) -> Mapping[str, str]:
    """Return the five files; `hashed` gives the password hash of the agent of a name."""
    return {
        name: f"# {MARK}\n{text}"
        for name, text in {
            "cordboard.yaml": _main(draft, country),
            "services.yaml": _lines(_services(draft)),
            "flows.yaml": _lines(_flows(draft)),
            "queues.yaml": _lines(_queues(draft)),
            "agents.yaml": _lines(_agents(draft, hashed)),
        }.items()
    }


def scalar(text: str) -> str:
    """Return text so that YAML reads it as text, in this reader and in others."""
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _main(draft: Draft, country: str | None) -> str:
    fill_country = f"   # {FILL_IN}: " + _("your own: DE, CN, US, …") if country is None else ""
    return f"""\
# {_("The PBX, the web server, the database. Every key and its")}
# {_("meaning: config/examples/cordboard.yaml. Check with: cordboard check --config DIR")}

pbx:
  main:
    ami:
      host: 127.0.0.1
      port: 5038
      username: cordboard
      # {FILL_IN}: {_("set this variable to a secret of your own (openssl rand -hex 20), or")}
      # {_("name a file: secret: {file: PATH}; asterisk-config writes it for Asterisk.")}
      secret: {{env: {SECRET_VARIABLE}}}
    agi:
      listen: 127.0.0.1
      port: 4573
      peers: [127.0.0.1]        # {_("Asterisk's addresses, where it runs on another machine")}
    music: {scalar(draft.music)}

web:
  listen: 127.0.0.1
  port: 8400

database:
  url: null                     # {_("the embedded PostgreSQL")}

data: var/lib

telephony:
  country: {scalar(country or "US")}{fill_country}
"""


def _services(draft: Draft) -> Iterator[str]:
    yield "# " + _("The numbers that callers dial, and the flow (flows.yaml) that each leads into.")
    yield ""
    yield "services:" if draft.services else "services: []"
    for service in draft.services:
        remark = f"   # {FILL_IN}: {service.remark}" if service.remark else ""
        yield f"  - number: {json.dumps(service.number)}{remark}"
        yield f"    name: {scalar(service.name)}"
        yield f"    flow: {scalar(service.queue)}"


def _flows(draft: Draft) -> Iterator[str]:
    yield "# " + _(
        "What callers hear before they wait: here a greeting, and straight into the queue."
    )
    yield f"# {FILL_IN}: " + _("prompts/greeting.wav is a short chime; record your own over it.")
    yield "# " + _("Menus with keys: config/examples/flows.yaml.")
    yield ""
    queues = dict.fromkeys(service.queue for service in draft.services)
    yield "flows:" if queues else "flows: {}"
    for queue in queues:
        name = scalar(queue)
        yield f"  {name}:"
        yield "    menu:"
        yield f"      greeting: [{GREETING}]"
        yield "      first_key: 2s"
        yield "      tries: 1"
        yield "      choices:"
        yield '        "*": {name: hung-up, hang_up: true}'
        yield f"      otherwise: {{queue: {name}}}"


def _queues(draft: Draft) -> Iterator[str]:
    yield "# " + _("Where callers wait. Agents say which queues they serve (agents.yaml).")
    yield ""
    yield "queues:"
    for queue in draft.queues:
        yield from _queue(queue)


def _queue(queue: QueueDraft) -> Iterator[str]:
    yield f"  {scalar(queue.name)}:   # [{shown(queue.original)}], {queue.place}"
    yield from _strategy(queue)
    yield f"    ring_time: {duration_text(seconds(queue.ring_time_s))}"
    yield f"    wrap_up: {duration_text(seconds(queue.wrap_up_s))}"
    yield f"    misses_max: {queue.misses_max}"
    if queue.refusals:
        limits = ", ".join(f"{cause}: {{limit: {queue.misses_max}}}" for cause in queue.refusals)
        yield f"    misses: {{{limits}}}"
    yield f"    waiting_max: {queue.waiting_max}"
    if queue.overflow is not None:
        after, to = queue.overflow
        yield "    overflow:"
        yield f"      after: {duration_text(seconds(after))}"
        yield f"      to: {scalar(to)}"


def _strategy(queue: QueueDraft) -> Iterator[str]:
    missing = queue.strategy == "ordered" and not queue.order
    remark = f"   # {FILL_IN}: " + _("an order of agents, the first to be rung first")
    yield f"    strategy: {queue.strategy}{remark if missing else ''}"
    if queue.order:
        yield f"    order: [{', '.join(map(scalar, queue.order))}]"
    if queue.weights:
        weights = (f"{scalar(agent)}: {weight}" for agent, weight in queue.weights.items())
        yield f"    weights: {{{', '.join(weights)}}}"


def _agents(draft: Draft, hashed: Callable[[str], str]) -> Iterator[str]:
    yield "# " + _("The people who take calls. Their first passwords: first-passwords.txt.")
    yield ""
    yield "agents:" if draft.agents else "agents: {}"
    for agent in draft.agents:
        yield from _agent(agent, hashed(agent.name))
    if draft.left_out:
        yield ""
        yield f"# {FILL_IN}: " + _("members of the queues for whom no phone could be told:")
    for one in draft.left_out:
        yield f"#   {one.place}: {shown(one.what)}"
        yield f"#     {one.why}"


def _agent(agent: AgentDraft, password_hash: str) -> Iterator[str]:
    yield f"  {scalar(agent.name)}:"
    yield f"    name: {scalar(agent.spoken)}"
    yield f"    password_hash: {password_hash}"
    remark = f"   # {FILL_IN}: {agent.remark}" if agent.remark else ""
    yield f"    phones: [{json.dumps(agent.phone)}]{remark}"
    yield f"    queues: [{', '.join(map(scalar, agent.queues))}]"
    if agent.wrap_ups:
        own = (
            f"{scalar(queue)}: {duration_text(seconds(lasts))}"
            for queue, lasts in agent.wrap_ups.items()
        )
        yield f"    wrap_up: {{{', '.join(own)}}}"
