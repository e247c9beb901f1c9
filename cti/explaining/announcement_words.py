"""What a waiting caller was to hear, and whether the waits that he was told were right."""

from acd.commands import Announce, EstimateOutcome, JudgeEstimate
from cti.language import _

_JUDGED = {
    EstimateOutcome.ANSWERED: _("He was answered {actual} after that."),
    EstimateOutcome.LEFT: _("He left {actual} after that."),
    EstimateOutcome.MOVED: _("He was moved on {actual} after that."),
}


def of_announcement(body: object) -> str | None:
    """Return what an announcement says."""
    if not isinstance(body, Announce):
        return None
    said = []
    if body.position is not None:
        said.append(
            _("He was to hear that his position was beyond {position}.")
            if body.position_is_more
            else _("He was to hear that his position was {position}.")
        )
    if body.estimate is not None:
        said.append(
            _("He was to hear that it would take more than {estimate}.")
            if body.estimate_is_more
            else _("He was to hear that it would take {estimate} at most.")
        )
    if body.message is not None:
        said.append(_("He was to hear the prompt {message}."))
    return " ".join(said) or None


def of_judgement(body: object) -> str | None:
    """Return what became of an estimate."""
    if not isinstance(body, JudgeEstimate):
        return None
    if not body.aloud:
        said = _("His wait was estimated, and not told him: estimates of {queue} had proved wrong.")
    elif body.is_more:
        said = _("He had been told that it would take more than {said}.")
    else:
        said = _("He had been told that it would take {said} at most.")
    return f"{said} {_JUDGED[body.outcome]}"
