"""
All other options: those of [general], of a member's line, of agents.conf, queuerules.conf, Queue().

Also those that Asterisk 22 knows no longer, or that FreePBX keeps for itself: they still stand in
many files.
"""

from typing import Final

from config.asterisk_import.arguments import truth
from config.asterisk_import.option import Fate, OptionRule, empty, off, zero
from cti.language import _

_LOG = _("there is no queue_log; the call log names agents, callers and reasons")
_GONE = _("Asterisk 22 does not know it any more either")
_FREEPBX = _("a note of FreePBX to itself, unknown to Asterisk 22")

GENERAL_OPTIONS: Final = (
    OptionRule(
        name="persistentmembers",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_(
            "members added while Asterisk runs stand in its database, not in this file: see "
            "the console's queue show, and write them into agents.yaml"
        ),
    ),
    OptionRule(
        name="autofill",
        default="no",
        fate=Fate.DIFFERS,
        idle=lambda value: truth(value) is True,
        words=_("always: every waiting caller is offered at once when an agent is free"),
    ),
    OptionRule(
        name="shared_lastcall",
        default="no",
        fate=Fate.DIFFERS,
        idle=lambda value: truth(value) is True,
        words=_("always: wrap-up and idle time count over all queues of an agent"),
    ),
    OptionRule(
        name="force_longest_waiting_caller",
        default="no",
        fate=Fate.DIFFERS,
        idle=lambda value: truth(value) is True,
        words=_("always: an agent gets the caller who has waited longest in any of his queues"),
    ),
    OptionRule(
        name="negative_penalty_invalid",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("a member of a negative penalty is rung here as one without any"),
    ),
    OptionRule(
        name="monitor-type",
        default="",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("calls are not recorded"),
    ),
    OptionRule(name="log_membername_as_agent", default="no", fate=Fate.NOT_NEEDED, words=_LOG),
    OptionRule(name="log-restricted-caller-id", default="yes", fate=Fate.NOT_NEEDED, words=_LOG),
    OptionRule(name="log-caller-id-name", default="no", fate=Fate.NOT_NEEDED, words=_LOG),
    OptionRule(name="log_unpause_on_reason_change", default="no", fate=Fate.NOT_NEEDED, words=_LOG),
)

MEMBER_FIELDS: Final = (
    OptionRule(
        name="interface",
        fate=Fate.TAKEN,
        becomes="agents.yaml: phones",
        words=_(
            "PJSIP/x and SIP/x become the phone x; Local/x by its state interface, its hint or the "
            "dialplan; Agent/x by agents.conf; other channels are named and left out"
        ),
    ),
    OptionRule(
        name="penalty",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_(
            "he is rung like all others of the queue from the start; write rings and the steps "
            "that open them in queues.yaml (docs/skills.md); but in a linear queue penalties "
            "become his place in the order, in wrandom his weight"
        ),
    ),
    OptionRule(
        name="membername",
        fate=Fate.TAKEN,
        becomes="agents.yaml: name",
        words=_("the name that people read; without one the phone's"),
    ),
    OptionRule(
        name="state_interface",
        fate=Fate.TAKEN,
        becomes="agents.yaml: phones",
        words=_("tells the phone behind a Local channel; Cordboard watches the phone itself"),
    ),
    OptionRule(
        name="ringinuse",
        default=_("the queue's"),
        fate=Fate.DIFFERS,
        idle=off,
        words=_("never: an agent who talks, or whose phone is in use, is not rung"),
    ),
    OptionRule(
        name="wrapuptime",
        default=_("the queue's"),
        fate=Fate.TAKEN,
        becomes="agents.yaml: wrap_up",
        words=_("seconds, after calls of this queue; an hour at most"),
    ),
    OptionRule(
        name="paused",
        default="no",
        fate=Fate.NOT_NEEDED,
        words=_("agents sign in at their desk, and are ready when they say so"),
    ),
)

AGENT_OPTIONS: Final = (
    OptionRule(
        name="fullname",
        fate=Fate.TAKEN,
        becomes="agents.yaml: name",
        words=_("where no member's line names him"),
    ),
    OptionRule(
        name="ackcall",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("to answer the phone is to take the call"),
    ),
    OptionRule(
        name="acceptdtmf",
        default="#",
        fate=Fate.NOT_NEEDED,
        words=_("to answer the phone is to take the call"),
    ),
    OptionRule(
        name="autologoff",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_("see misses_max in queues.yaml: unanswered calls make an agent not ready"),
    ),
    OptionRule(
        name="wrapuptime",
        default="0",
        fate=Fate.DIFFERS,
        idle=zero,
        words=_("milliseconds; write it as wrap_up of the agent into agents.yaml"),
    ),
    OptionRule(
        name="musiconhold",
        default="default",
        fate=Fate.NOT_NEEDED,
        words=_("agents do not wait on the line: their phone rings"),
    ),
    OptionRule(
        name="recordagentcalls",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("calls are not recorded"),
    ),
    OptionRule(
        name="custom_beep",
        default="beep",
        fate=Fate.NOT_NEEDED,
        words=_("agents do not wait on the line: their phone rings"),
    ),
    OptionRule(
        name="agent",
        fate=Fate.TAKEN,
        becomes="agents.yaml: name",
        words=_(
            "id,password,name of Asterisk 11 and older: the name is taken; the password is not, a "
            "new one is made"
        ),
    ),
)

RULE_OPTIONS: Final = (
    OptionRule(
        name="penaltychange",
        fate=Fate.KEPT_IN_MIND,
        words=_(
            "all agents of a queue are rung from the start; for a second line of agents write "
            "rings and the steps that open them in queues.yaml (docs/skills.md)"
        ),
    ),
    OptionRule(
        name="realtime_rules",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("rules in a database are not read, and have no counterpart"),
    ),
)

APPLICATION_ARGUMENTS: Final = (
    OptionRule(
        name="queuename",
        fate=Fate.TAKEN,
        becomes="services.yaml: number",
        words=_("the extension that it stands in becomes a service number"),
    ),
    OptionRule(
        name="options",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("no options: agents cannot transfer, park or record by keys of the PBX"),
    ),
    OptionRule(
        name="URL", fate=Fate.KEPT_IN_MIND, idle=empty, words=_("desks show the customer's record")
    ),
    OptionRule(
        name="announceoverride",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("not played to the agent: his screen says which queue calls"),
    ),
    OptionRule(
        name="timeout",
        fate=Fate.TAKEN,
        idle=zero,
        becomes="queues.yaml: overflow.after",
        words=_("with a Queue() right behind it, an overflow; else callers keep waiting"),
    ),
    OptionRule(
        name="AGI", fate=Fate.KEPT_IN_MIND, idle=empty, words=_("no script of yours is run")
    ),
    OptionRule(
        name="gosub",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("no dialplan of yours runs on the agent's leg"),
    ),
    OptionRule(
        name="rule",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("penalties that change are rings that steps open here (docs/skills.md)"),
    ),
    OptionRule(
        name="position",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("callers join at the end; a call keeps its age through an overflow"),
    ),
)

OLD_OPTIONS: Final = (
    *(
        OptionRule(name=name, fate=Fate.NOT_NEEDED, words=_GONE)
        for name in (
            "eventwhencalled",
            "eventmemberstatus",
            "keepstats",
            "membermacro",
            "monitor-join",
            "queue-lessthan",
            "updatecdr",
        )
    ),
    *(
        OptionRule(name=name, fate=Fate.NOT_NEEDED, words=_FREEPBX)
        for name in (
            "answered_elsewhere",
            "cron_random",
            "cron_schedule",
            "monitor_heard",
            "monitor_spoken",
            "monitor_type",
            "recording",
            "rtone",
            "skip_joinannounce",
        )
    ),
)
"""In [general] and in queues."""
