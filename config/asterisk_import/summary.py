"""The report as people get it: what became of every line, and what they must still give."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from config.asterisk_import.chime import chime
from config.asterisk_import.draft import Draft
from config.asterisk_import.render import GREETING, MARK, SECRET_VARIABLE
from config.asterisk_import.writing import HASHES_MODE, MODE, SECRET_MODE, Content
from config.load import FILES
from cti.language import _, ngettext

REPORT_FILE: Final = "IMPORT.md"
PASSWORDS_FILE: Final = "first-passwords.txt"
GREETING_FILE: Final = f"prompts/{GREETING}.wav"
MARKED_FILES: Final = (*FILES, REPORT_FILE, PASSWORDS_FILE)
"""What an import writes anew when it is forced; each begins with the mark."""


def open_points(draft: Draft, country: str | None) -> Iterator[str]:
    """Yield what only the administrator can give, one sentence each."""
    yield _(
        "The secret of the AMI user: set the environment variable {name}, or name a file in "
        "cordboard.yaml."
    ).format(name=SECRET_VARIABLE)
    if country is None:
        yield _("The country in cordboard.yaml (telephony), by which numbers are read: it says US.")
    guessed = sum(1 for service in draft.services if service.remark)
    if guessed:
        yield ngettext(
            "The number of {count} service in services.yaml.",
            "The numbers of {count} services in services.yaml.",
            guessed,
        ).format(count=guessed)
    yield _("A greeting: {file} is a chime; record your own over it.").format(file=GREETING_FILE)
    doubtful = sum(1 for agent in draft.agents if agent.remark)
    if doubtful:
        yield ngettext(
            "The phone of {count} agent in agents.yaml.",
            "The phones of {count} agents in agents.yaml.",
            doubtful,
        ).format(count=doubtful)
    unordered = sum(queue.strategy == "ordered" and not queue.order for queue in draft.queues)
    if unordered:
        yield ngettext(
            "The order of the agents of {count} queue in queues.yaml.",
            "The orders of the agents of {count} queues in queues.yaml.",
            unordered,
        ).format(count=unordered)
    if draft.left_out:
        yield ngettext(
            "The phone of {count} member who could not be taken over (end of agents.yaml).",
            "The phones of {count} members who could not be taken over (end of agents.yaml).",
            len(draft.left_out),
        ).format(count=len(draft.left_out))
    if draft.agents:
        yield _("Hand out the passwords in {file}, then delete it.").format(file=PASSWORDS_FILE)


def contents(
    draft: Draft, files: Mapping[str, str], passwords: Mapping[str, str], country: str | None
) -> Mapping[str, Content]:
    """Return all files of the folder."""
    result = {
        name: Content(data=text.encode(), mode=HASHES_MODE if name == "agents.yaml" else MODE)
        for name, text in files.items()
    }
    result[GREETING_FILE] = Content(data=chime(), kept=True)
    result[REPORT_FILE] = Content(data=_lines(_markdown(draft, country)))
    if passwords:
        result[PASSWORDS_FILE] = Content(
            data=_lines(_passwords(draft, passwords)), mode=SECRET_MODE
        )
    return result


def written_names(folder: Path, files: Iterable[str]) -> Iterator[str]:
    """Yield a line for each file that was written."""
    for name in files:
        yield _("written  {path}").format(path=folder / name)


def _markdown(draft: Draft, country: str | None) -> Iterator[str]:
    yield f"<!-- {MARK} -->"
    yield ""
    yield "# " + _("What became of the app_queue set-up")
    yield ""
    yield _("Each line: file:line: what stood there: what became of it.")
    yield ""
    yield "## " + _("Still to be given by you")
    yield ""
    yield from (f"- {point}" for point in open_points(draft, country))
    yield ""
    yield "## " + _("Line by line")
    yield ""
    # indented: nothing that stands in the lines is Markdown
    yield from (f"    {line}" if line else "" for line in draft.findings.lines())


def _passwords(draft: Draft, passwords: Mapping[str, str]) -> Iterator[str]:
    yield f"# {MARK}"
    yield "# " + _("agent, first password, name; hand them out one by one, and delete this file")
    for agent in draft.agents:
        yield f"{agent.name}\t{passwords[agent.name]}\t{agent.spoken}"


def _lines(lines: Iterator[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
