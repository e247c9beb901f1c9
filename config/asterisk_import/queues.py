"""Makes queues out of the sections of queues.conf."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from config.asterisk_import.arguments import truth, whole
from config.asterisk_import.draft import QueueDraft
from config.asterisk_import.option import Fate
from config.asterisk_import.reader import Option, Section
from config.asterisk_import.report import Findings
from config.asterisk_import.sections import overruled, tell, what
from config.asterisk_import.strategies import no_strategy, take_strategy
from config.asterisk_import.table import QUEUE
from config.ways import WAITING_MAX
from cti.language import _

RING_TIME_S = 15
RING_TIME_S_MAX = 600
WRAP_UP_S_MAX = 3_600
NO_CLASS = "default"
"""What app_queue plays where neither queue nor channel names a class."""

_MUSIC: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SINGLE: Final = frozenset(
    {
        "timeout",
        "wrapuptime",
        "maxlen",
        "autopause",
        "autopausebusy",
        "autopauseunavail",
        "musicclass",
        "strategy",
    }
)
"""Options that are taken over by value: one line of them counts."""


def draft_queue(findings: Findings, section: Section, name: str) -> QueueDraft:
    """Return the queue of a section, and note what became of its options, members apart."""
    draft = QueueDraft(
        name=name, original=section.name, place=section.place, waiting_max=WAITING_MAX
    )
    if name != section.name:
        words = _("the queue is called {name} here").format(name=name)
        findings.add(Fate.DIFFERS, section.place, f"[{section.name}]", words)
    counting: dict[str, Option] = {}
    others: list[Option] = []
    for option in section.options:
        rule = QUEUE.get(option.name.lower())
        known = "" if rule is None else rule.name
        if known in _SINGLE:
            _choose(findings, section, counting, known, option)
        elif known != "member":
            others.append(option)
    for known, option in sorted(counting.items()):  # autopause before what hangs on it
        fate, words = _TAKE[known](draft, option.value)
        findings.add(fate, option.place, what(section, option), words)
    _tell_defaults(findings, section, counting)
    tell(findings, section, others, QUEUE)
    return draft


def common_music(findings: Findings, queues: Sequence[QueueDraft]) -> str:
    """Return the class of music that most queues have; note those that hear another one then."""
    heard = Counter(queue.music or NO_CLASS for queue in queues)
    music = max(heard, key=lambda one: (heard[one], one != NO_CLASS))
    for queue in queues:
        if (queue.music or NO_CLASS) != music:
            words = _("its callers hear the class {music} like all others").format(music=music)
            findings.add(Fate.DIFFERS, queue.place, f"[{queue.original}]", words)
    return music


def _choose(
    findings: Findings, section: Section, counting: dict[str, Option], known: str, option: Option
) -> None:
    """Let the last line count; of strategy the first, which app_queue looks up by itself."""
    before = counting.get(known)
    if before is None:
        counting[known] = option
    elif known == "strategy":
        overruled(findings, section, option, before)
    else:
        overruled(findings, section, before, option)
        counting[known] = option


def _tell_defaults(findings: Findings, section: Section, counting: dict[str, Option]) -> None:
    """Note what was not said, where Asterisk's default differs from ours."""
    header = f"[{section.name}]"
    if "strategy" not in counting:
        findings.add(Fate.DIFFERS, section.place, header, no_strategy())
    if "maxlen" not in counting:
        words = _("no maxlen, which is no limit: waiting_max: {most}").format(most=WAITING_MAX)
        findings.add(Fate.DIFFERS, section.place, header, words)


def _timeout(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    seconds = whole(value)
    if seconds == 0:
        draft.ring_time_s = RING_TIME_S
        words = _("ring_time: {seconds}s; a phone cannot ring without end here")
        return Fate.DIFFERS, words.format(seconds=RING_TIME_S)
    draft.ring_time_s = RING_TIME_S if seconds < 0 else min(seconds, RING_TIME_S_MAX)
    fate = Fate.DIFFERS if seconds > RING_TIME_S_MAX else Fate.TAKEN
    return fate, f"ring_time: {draft.ring_time_s}s"


def _wrapuptime(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    seconds = max(0, whole(value))
    draft.wrap_up_s = min(seconds, WRAP_UP_S_MAX)
    return (
        Fate.DIFFERS if seconds > WRAP_UP_S_MAX else Fate.TAKEN,
        f"wrap_up: {draft.wrap_up_s}s",
    )


def _maxlen(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    callers = whole(value)
    if 0 < callers <= WAITING_MAX:
        draft.waiting_max = callers
        return Fate.TAKEN, f"waiting_max: {callers}"
    draft.waiting_max = WAITING_MAX
    words = _("waiting_max: {most}, the most there can be; there is no queue without a limit")
    return Fate.DIFFERS, words.format(most=WAITING_MAX)


def _autopause(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    everywhere = value.lower() == "all"
    draft.misses_max = int(everywhere or truth(value) is True)
    words = f"misses_max: {draft.misses_max}"
    if draft.misses_max and not everywhere:
        more = _("{words}; he is not ready in all his queues then")
        return Fate.DIFFERS, more.format(words=words)
    return Fate.TAKEN, words


def _refusals(cause: str) -> Callable[[QueueDraft, str], tuple[Fate, str]]:
    def take(draft: QueueDraft, value: str) -> tuple[Fate, str]:
        pauses = truth(value) is True
        if pauses and not draft.misses_max:
            return Fate.TAKEN, _("no effect without autopause")
        if pauses:
            draft.refusals.append(cause)
        return Fate.TAKEN, f"misses.{cause}.limit: {int(pauses)}"

    return take


def _musicclass(draft: QueueDraft, value: str) -> tuple[Fate, str]:
    if not value:
        return Fate.TAKEN, _("the class {music}").format(music=NO_CLASS)
    if not _MUSIC.fullmatch(value):
        return Fate.DIFFERS, _("no name that a class of music can have here; left out")
    draft.music = value
    return Fate.TAKEN, "pbx.main.music"


_TAKE: Final = {
    "timeout": _timeout,
    "wrapuptime": _wrapuptime,
    "maxlen": _maxlen,
    "autopause": _autopause,
    "autopausebusy": _refusals("busy"),
    "autopauseunavail": _refusals("unreachable"),
    "musicclass": _musicclass,
    "strategy": take_strategy,
}
