"""A call's story in plain sentences."""

from acd.commands import OfferCall, PlaceCall
from acd.explaining import Stay
from acd.facts import CallerLeft, CallQueued, OfferAnswered, OfferEnded, SaidBy
from acd.tables.opening import Opening
from acd.tables.waiting import CallState
from config.errors import harmless
from cti.call_facts import CallArrived, CallCleared
from cti.explaining.agents_words import (
    became_free,
    candidate_lines,
    figure_in_words,
    rule_in_words,
)
from cti.explaining.call_back_words import promise_lines
from cti.explaining.happenings_words import sentence
from cti.explaining.moments import as_clock, as_length, as_typed
from cti.explaining.story import Happening, NotRebuilt, Offered, Story
from cti.ids import AgentId, OfferId
from cti.instants import Duration, Time
from cti.language import _, ngettext

MARGIN = " " * 14
"""Below a time of day."""
_INDENT = MARGIN + "  "


def story_lines(story: Story) -> list[str]:
    """Return a story, a sentence a line, each with its time."""
    if not story.happenings:
        return [_("Nothing is known of call {call} in that time.").format(call=story.call)]
    first = story.happenings[0]
    lines = [_("Call {call}, {day}").format(call=story.call, day=as_typed(first.at))]
    if not isinstance(first.body, CallArrived):
        lines.append(_("Its beginning is no longer in the journal."))
    agents: dict[OfferId, AgentId] = {}
    for happening in story.happenings:
        if isinstance(happening.body, OfferCall):
            agents[happening.body.offer] = happening.body.agent
        said = sentence(happening.body, agents)
        if said is not None:
            lines.append(f"{as_clock(happening.at)}  {said}")
        if happening.opening is not None:
            lines += [MARGIN + line for line in opening_lines(happening.opening)]
        if happening.offered is not None and isinstance(happening.body, OfferCall):
            lines += _offer_lines(happening.body, happening.offered, happening)
        if happening.stay is not None:
            lines += [MARGIN + line for line in stay_lines(happening.stay, happening.at)]
    lines += _sums(story)
    if story.not_rebuilt is not None:
        lines.append(not_rebuilt(story.not_rebuilt))
    return lines


def opening_lines(opening: Opening) -> list[str]:
    """Return who closed a queue, and since when it was closed."""
    word = opening.word
    if word is None or word.is_open:
        return []
    if opening.said_by is SaidBy.CALENDAR:
        said = _("It was closed since {since} by its opening hours: {note}.")
    elif word.note:
        said = _("It was closed since {since} by a person: {note}.")
    else:
        said = _("It was closed since {since} by a person.")
    return [said.format(since=as_typed(word.since), note=harmless(word.note))]


def stay_lines(stay: Stay, now: Time) -> list[str]:
    """Return why a caller waits."""
    if stay.is_asked:
        return [_("He is being asked for the number at which to call him back.")]
    if stay.promise is not None and stay.state in (CallState.PROMISED, CallState.DIALLING):
        return promise_lines(stay.promise)
    if stay.state is CallState.HELD:
        return [_("He is kept for a moment: he is said to have left, but not surely.")]
    ahead = ngettext(
        "{count} call is ahead of him in queue {queue}.",
        "{count} calls are ahead of him in queue {queue}.",
        stay.ahead,
    ).format(count=stay.ahead, queue=stay.queue)
    if not stay.ahead:
        ahead = _("He is the first in queue {queue}.").format(queue=stay.queue)
    if stay.promise is not None:
        ahead = " ".join([*promise_lines(stay.promise), ahead])
    agents = stay.competitors.agents
    if not agents:
        return [ahead, _("He waits because no agent serves this queue.")]
    count = len(agents)
    why = ngettext(
        "He waits because its {count} agent cannot take him now:",
        "He waits because none of its {count} agents can take him now:",
        count,
    ).format(count=count)
    return [ahead, why, *(f"  {line}" for line in candidate_lines(stay.competitors, now))]


def not_rebuilt(why: NotRebuilt) -> str:
    """Return why it is not told how every agent stood."""
    return {
        NotRebuilt.PRUNED: _(
            "How each agent stood cannot be rebuilt: the journal no longer holds what came before,"
            " and no snapshot that this version can read lies between."
        ),
        NotRebuilt.UNREADABLE: _(
            "How each agent stood cannot be rebuilt: another version of Cordboard wrote a record on"
            " the way that this one cannot read."
        ),
        NotRebuilt.DIFFERENT: _(
            "How each agent stood cannot be rebuilt from here on: this version of Cordboard decides"
            " otherwise than the one that wrote the journal (see cordboard replay)."
        ),
    }[why]


def _offer_lines(offer: OfferCall, offered: Offered, happening: Happening) -> list[str]:
    reason = offer.reason
    lines = [
        _("Why then: {cause}.").format(cause=_cause(offer, offered)),
        _("Why {agent}: rule {rule}, {words}; {figure}.").format(
            agent=offer.agent,
            rule=reason.rule,
            words=rule_in_words(reason.rule),
            figure=figure_in_words(reason.rule, reason.sort_key[0], happening.at),
        ),
        _("{agent} would have been next.").format(agent=reason.next_best)
        if reason.next_best is not None
        else _("Nobody else could have taken the call."),
        _("Journal position {position}, policy version {version}.").format(
            position=happening.position, version=reason.policy_version
        ),
    ]
    if offered.decision is None:
        counts = ", ".join(f"{cause}: {count}" for cause, count in reason.excluded)
        if counts:
            lines.append(_("Ruled out, as counted then: {counts}.").format(counts=counts))
        return [MARGIN + line for line in lines]
    found = offered.decision.competitors
    if found.agents:
        lines.append(_("The other agents of queue {queue}:").format(queue=found.queue))
    lines += [f"  {line}" for line in candidate_lines(found, happening.at)]
    if found.others:
        lines.append(
            ngettext(
                "{count} agent does not serve this queue: {agents}",
                "{count} agents do not serve this queue: {agents}",
                len(found.others),
            ).format(count=len(found.others), agents=", ".join(found.others))
        )
    return [MARGIN + line for line in lines]


def _cause(offer: OfferCall, offered: Offered) -> str:
    freed = became_free(offered.before, offer.agent)
    if freed is not None:
        return freed
    if isinstance(offered.cause, CallQueued) and offered.cause.call == offer.call:
        return _("the caller had come into the queue, and an agent was ready")
    if isinstance(offered.cause, OfferEnded):
        return _("the offer before had ended, and the next agent was ready")
    return _("a pause was over, or something had changed ({fact})").format(
        fact=type(offered.cause).__name__
    )


def _sums(story: Story) -> list[str]:
    """Return how long he waited in all, if he ever did."""
    placed = [h for h in story.happenings if isinstance(h.body, PlaceCall)]
    if not placed:
        return []
    body = placed[0].body
    since = body.entered_at if isinstance(body, PlaceCall) else placed[0].at
    answered = [h.at for h in story.happenings if isinstance(h.body, OfferAnswered)]
    ended = [h.at for h in story.happenings if isinstance(h.body, CallerLeft | CallCleared)]
    if answered:
        length = as_length(Duration(answered[0] - since))
        return [_("He waited {length} until an agent answered.").format(length=length)]
    if ended:
        length = as_length(Duration(ended[0] - since))
        return [_("He waited {length} and was not answered.").format(length=length)]
    return [_("He is still waiting, or the journal ends here.")]
