"""A rehearsal in plain sentences: what was assumed, and how calls fare otherwise."""

from collections.abc import Iterator

from cti.explaining.moments import as_length
from cti.language import _, ngettext
from cti.rehearsing.chances import Chances
from cti.rehearsing.fates import WAITING, Fate, Kind
from cti.rehearsing.rehearsal import RETURN_PAUSE
from cti.rehearsing.run import Rehearsed
from cti.rehearsing.stays import ABANDONED, ANSWERED, DIVERTED, TURNED_AWAY

_KINDS = {
    Kind.ANSWERED_INSTEAD: _("answered, and were not then"),
    Kind.NOT_ANSWERED_INSTEAD: _("not answered, and were then"),
    Kind.LOST_OTHERWISE: _("not answered either, but ended otherwise"),
    Kind.ANOTHER_AGENT: _("answered by another agent"),
    Kind.ANOTHER_QUEUE: _("ended in another queue"),
    Kind.SHORTER_WAIT: _("waited less"),
    Kind.LONGER_WAIT: _("waited longer"),
    Kind.NOT_COME: _("queued again in one of the two only"),
}


def kind_in_words(kind: Kind) -> str:
    """Return what changes."""
    return _KINDS[kind]


def fate_in_words(fate: Fate | None) -> str:
    """Return what became of a call."""
    if fate is None:
        return _("did not come")
    template = {
        ANSWERED: _("{agent} after {wait}"),
        ABANDONED: _("left after {wait}"),
        TURNED_AWAY: _("turned away"),
        DIVERTED: _("sent elsewhere after {wait}"),
        WAITING: _("still waits, for {wait}"),
    }.get(fate.outcome, _("{outcome} after {wait}"))
    return template.format(agent=fate.agent, wait=as_length(fate.wait), outcome=fate.outcome)


def assumptions(done: Rehearsed, *, changed: bool) -> list[str]:
    """Return what was taken from the record, and what was assumed; each in one sentence or two."""
    return list(_assumptions(done, changed=changed))


def _assumptions(done: Rehearsed, *, changed: bool) -> Iterator[str]:
    chances = done.chances
    if changed:
        yield _("The configuration is in force from the beginning to the end of that time.")
        yield _(
            "Queues open and close by its hours; what a person said of a queue stands as it was"
            " said then."
        )
    else:
        yield _("The rules are those of the journal: no configuration was given.")
    yield _(
        "Calls came when and where they came then, with the same head start; agents logged on, took"
        " breaks and used their phones when they did then."
    )
    yield _(
        "An agent who is offered the same call does with it what he did then, after the same"
        " ringing, as far as the ring time lets him."
    )
    yield _(
        "A talk and its paperwork last as long as they did with this call, whoever answers; the"
        " wrap-up time of the configuration limits the paperwork."
    )
    yield _("A caller who hung up while he waited waits as long as he did then.")
    yield from _drawn(chances)
    if done.returned:
        yield ngettext(
            "{count} time the system made an agent not ready who worked on then: he was ready again"
            " after {pause}.",
            "{count} times the system made an agent not ready who worked on then: he was ready"
            " again after {pause}.",
            done.returned,
        ).format(count=done.returned, pause=as_length(RETURN_PAUSE))
    yield from _strangers(done)


def _drawn(chances: Chances) -> Iterator[str]:
    """Yield what was drawn by chance, and from what."""
    yield _(
        "Of a caller who was answered it is known only that he would have waited so long. How much"
        " longer is drawn from all callers of his queue (Kaplan and Meier, seed {seed}); where"
        " nobody was seen to leave later, he waits as long as it takes."
    ).format(seed=chances.seed)
    yield ngettext(
        "{count} caller left by such a draw.",
        "{count} callers left by such a draw.",
        chances.patience_drawn,
    ).format(count=chances.patience_drawn)
    yield ngettext(
        "{count} call was answered here that was not then: it lasts as long as another of its"
        " queue, drawn by chance.",
        "{count} calls were answered here that were not then: each lasts as long as another of its"
        " queue, drawn by chance.",
        chances.talks_drawn,
    ).format(count=chances.talks_drawn)
    yield ngettext(
        "{count} offer was made here that was not made then: the agent does with it what he did"
        " with another, drawn by chance.",
        "{count} offers were made here that were not made then: the agent does with each what he"
        " did with another, drawn by chance.",
        chances.offers_drawn,
    ).format(count=chances.offers_drawn)


def _strangers(done: Rehearsed) -> Iterator[str]:
    """Yield who worked then and is unknown here, and who is known here and did not work then."""
    worked = {
        agent for agent, wishes in done.recording.wishes.items() if any(w for _at, w in wishes)
    }
    here = {shown.agent for shown in done.core.picture(done.recording.ended).agents}
    gone, idle = sorted(worked - here), sorted(here - worked)
    if gone:
        yield ngettext(
            "{count} agent who worked then is not in the configuration and takes no calls:"
            " {agents}.",
            "{count} agents who worked then are not in the configuration and take no calls:"
            " {agents}.",
            len(gone),
        ).format(count=len(gone), agents=", ".join(gone))
    if idle:
        yield ngettext(
            "{count} agent of the configuration was never ready in that time, so he is not here"
            " either: {agents}.",
            "{count} agents of the configuration were never ready in that time, so they are not"
            " here either: {agents}.",
            len(idle),
        ).format(count=len(idle), agents=", ".join(idle))
