"""What a check finds, and what all checks share while they look."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from config.settings import Configuration, PbxSettings
from cti.doctor.asterisk_conf import AsteriskFolder
from cti.doctor.link import Manager
from cti.doctor.trial_call import Trial


class Verdict(Enum):
    """How it stands with one thing."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that was looked at: a sentence, and the remedy where one is needed.

    `check` is the name of the check that found it.
    """

    verdict: Verdict
    sentence: str
    remedy: str = ""
    check: str = ""


def ok(sentence: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(verdict=Verdict.OK, sentence=sentence)


def warning(sentence: str, remedy: str) -> Finding:
    """Return that calls can be taken, and that something is worth a look."""
    return Finding(verdict=Verdict.WARNING, sentence=sentence, remedy=remedy)


def wrong(sentence: str, remedy: str) -> Finding:
    """Return that something keeps calls from being taken as they should."""
    return Finding(verdict=Verdict.WRONG, sentence=sentence, remedy=remedy)


def not_checked(sentence: str) -> Finding:
    """Return that it cannot be known how something stands."""
    return Finding(verdict=Verdict.NOT_CHECKED, sentence=sentence)


@dataclass(slots=True, kw_only=True)
class Examination:
    """
    What is examined, and what is known so far.

    `lacking` holds what later checks cannot count on, with the reason in words that follow
    "because". Checks of one group write it one after the other; groups share only what is set
    before they begin.
    """

    configuration: Configuration
    etc_option: Path | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    daemon_runs: bool = False
    manager: Manager | None = None
    asterisk_folder: AsteriskFolder | None = None
    standby_agi: str = ""
    trial: Trial | None = None

    @property
    def pbx(self) -> PbxSettings:
        """The one PBX of the configuration."""
        (pbx,) = self.configuration.pbxs.values()
        return pbx

    @property
    def link(self) -> Manager:
        """The manager link, for checks that need one."""
        if self.manager is None:
            raise RuntimeError("a check that needs the manager link was run without one")
        return self.manager

    def lacks(self, what: str, because: str) -> None:
        """Note that later checks cannot count on something; the first reason stays."""
        self.lacking.setdefault(what, because)
