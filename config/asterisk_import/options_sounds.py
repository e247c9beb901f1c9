"""The options of a queue in queues.conf that let it speak (Asterisk 22)."""

from typing import Final

from config.asterisk_import.arguments import truth
from config.asterisk_import.option import Fate, OptionRule, empty, off, zero
from cti.language import _

_SILENT = _("callers hear music and no announcements while they wait")
_SOUND = _("not played: callers hear no announcements while they wait")


def _sound(name: str, *, default: str | None = None) -> OptionRule:
    return OptionRule(
        name=name,
        default=name if default is None else default,
        fate=Fate.KEPT_IN_MIND,
        idle=lambda value: not value or value.startswith("silence/"),
        words=_SOUND,
    )


SOUND_OPTIONS: Final = (
    OptionRule(
        name="announce",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("not played to the agent: his screen says which queue calls"),
    ),
    OptionRule(
        name="queue-callerannounce",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("not played to the caller: he is connected at once"),
    ),
    OptionRule(
        name="reportholdtime",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("not spoken to the agent: his screen shows the caller's wait"),
    ),
    OptionRule(
        name="announce-frequency",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_SILENT,
    ),
    OptionRule(name="min-announce-frequency", default="15", fate=Fate.NOT_NEEDED, words=_SILENT),
    OptionRule(
        name="announce-to-first-user",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_SILENT,
    ),
    OptionRule(
        name="announce-holdtime",
        default="yes",
        fate=Fate.KEPT_IN_MIND,
        idle=lambda value: truth(value) is not True and value.lower() != "once",
        words=_SILENT,
    ),
    OptionRule(
        name="announce-position",
        default="yes",
        fate=Fate.KEPT_IN_MIND,
        idle=lambda value: truth(value) is not True and value.lower() not in {"limit", "more"},
        words=_SILENT,
    ),
    OptionRule(name="announce-position-limit", default="10", fate=Fate.NOT_NEEDED, words=_SILENT),
    OptionRule(name="announce-position-only-up", default="no", fate=Fate.NOT_NEEDED, words=_SILENT),
    OptionRule(name="announce-round-seconds", default="0", fate=Fate.NOT_NEEDED, words=_SILENT),
    OptionRule(
        name="periodic-announce",
        default="queue-periodic-announce",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_SOUND,
    ),
    OptionRule(
        name="periodic-announce-frequency",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_SILENT,
    ),
    OptionRule(
        name="periodic-announce-startdelay", default="-1", fate=Fate.NOT_NEEDED, words=_SILENT
    ),
    OptionRule(name="random-periodic-announce", default="no", fate=Fate.NOT_NEEDED, words=_SILENT),
    OptionRule(
        name="relative-periodic-announce", default="no", fate=Fate.NOT_NEEDED, words=_SILENT
    ),
    *(
        _sound(name)
        for name in (
            "queue-youarenext",
            "queue-thereare",
            "queue-callswaiting",
            "queue-quantity1",
            "queue-quantity2",
            "queue-holdtime",
            "queue-minute",
            "queue-minutes",
            "queue-seconds",
            "queue-thankyou",
            "queue-reporthold",
        )
    ),
)
