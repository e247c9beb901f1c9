"""
Recognises a file that was given in another one's place, before anything is made of it.

By the options that only one of the files has; where they do not tell, by the file's own name.
"""

from collections.abc import Mapping
from typing import Final, Literal

from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.reader import AsteriskFile
from config.asterisk_import.table import AGENT, GENERAL, QUEUE, RULE
from cti.language import _

Kind = Literal["queues.conf", "agents.conf", "queuerules.conf", "extensions.conf"]

_OWN: Final[Mapping[str, frozenset[str]]] = {
    "queues.conf": frozenset({"member", "strategy"}),
    "agents.conf": frozenset(AGENT) - frozenset(QUEUE) - frozenset(GENERAL),
    "queuerules.conf": frozenset(RULE),
    "extensions.conf": frozenset({"exten", "same"}),
    "pjsip.conf": frozenset({"type"}),
}
"""Options that no other of these files has; phones' files are no source at all."""


def refuse_misplaced(file: AsteriskFile, kind: Kind) -> None:
    """
    Refuse a file that is another one than it was given as.

    Raises:
        ImportRefusedError: it is; the message says which and how it is named.
    """
    said = {option.name.lower() for section in file.sections for option in section.options}
    if said & _OWN[kind]:
        return
    others = [name for name in _OWN if name != kind]
    looks = next((name for name in others if said & _OWN[name]), None)
    if looks is None and file.name in others:
        looks = file.name
    if looks is None:
        return
    raise ImportRefusedError(
        _(
            "{file} was given as {kind} and looks like {other}: name queues.conf first, and the "
            "others with --agents, --queuerules and --extensions"
        ).format(file=file.name, kind=kind, other=looks)
    )
