"""The options of a queue in queues.conf that shape how calls are distributed (Asterisk 22)."""

from typing import Final

from config.asterisk_import.arguments import truth
from config.asterisk_import.option import Fate, OptionRule, empty, none, off, zero
from cti.language import _

QUEUE_OPTIONS: Final = (
    OptionRule(
        name="member",
        fate=Fate.TAKEN,
        becomes="agents.yaml",
        words=_("an agent with his phone and his queues"),
    ),
    OptionRule(
        name="timeout",
        default="15",
        fate=Fate.TAKEN,
        becomes="ring_time",
        words=_("seconds; 0, which rings without end, becomes 15s; 10 minutes at most"),
    ),
    OptionRule(
        name="wrapuptime",
        default="0",
        fate=Fate.TAKEN,
        becomes="wrap_up",
        words=_("seconds; an hour at most; it counts for all queues of the agent"),
    ),
    OptionRule(
        name="maxlen",
        default="0",
        fate=Fate.TAKEN,
        becomes="waiting_max",
        words=_("callers; 0, which is without limit, becomes 10000, the most there can be"),
    ),
    OptionRule(
        name="autopause",
        default="no",
        fate=Fate.TAKEN,
        becomes="misses_max",
        words=_("no becomes 0; yes and all become 1: not ready in all his queues"),
    ),
    OptionRule(
        name="musicclass",
        aliases=("music", "musiconhold"),
        fate=Fate.TAKEN,
        becomes="pbx.main.music",
        words=_("one class for all queues: the one that most of them have"),
    ),
    OptionRule(
        name="strategy",
        default="ringall",
        fate=Fate.TAKEN,
        becomes="strategy",
        words=_(
            "leastrecent becomes longest_idle; fewestcalls fewest_calls; rrmemory, roundrobin and "
            "rrordered round_robin, rrordered with order; linear ordered, with order; random and "
            "wrandom weighted_random, wrandom with weights; ringall longest_idle too: phones are "
            "not rung all at once yet"
        ),
    ),
    OptionRule(
        name="ringinuse",
        default="yes",
        fate=Fate.DIFFERS,
        idle=lambda value: truth(value) is not True,
        words=_("never: an agent who talks, or whose phone is in use, is not rung"),
    ),
    OptionRule(
        name="autofill",
        default="no",
        fate=Fate.DIFFERS,
        idle=lambda value: truth(value) is True,
        words=_("always: every waiting caller is offered at once when an agent is free"),
    ),
    OptionRule(
        name="retry",
        default="5",
        fate=Fate.NOT_NEEDED,
        words=_("there is no pause: the next agent is rung at once"),
    ),
    OptionRule(
        name="timeoutpriority",
        default="app",
        fate=Fate.NOT_NEEDED,
        words=_("a caller's longest wait is the queue's overflow, apart from ring_time"),
    ),
    OptionRule(
        name="timeoutrestart",
        default="no",
        fate=Fate.NOT_NEEDED,
        words=_("each agent's phone rings for the whole ring_time"),
    ),
    OptionRule(
        name="joinempty",
        default="yes",
        fate=Fate.DIFFERS,
        idle=lambda value: not value or truth(value) is True,
        words=_(
            "callers may always join, whether or not agents are there; where they shall go "
            "instead, write join in queues.yaml (docs/ways-out.md)"
        ),
    ),
    OptionRule(
        name="leavewhenempty",
        default="no",
        fate=Fate.DIFFERS,
        idle=none,
        words=_(
            "callers keep waiting; where they shall go instead, write leave in queues.yaml "
            "(docs/ways-out.md)"
        ),
    ),
    OptionRule(
        name="context",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("a key leads nowhere while a caller waits; the menu before it takes keys"),
    ),
    OptionRule(
        name="weight",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_(
            "a queue's weight is no rank here but a head start of its callers in time: write one "
            "in queues.yaml (docs/skills.md)"
        ),
    ),
    OptionRule(
        name="servicelevel",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_("the call log holds each caller's wait, from which it can be worked out"),
    ),
    OptionRule(
        name="penaltymemberslimit",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_("counts where penalties of linear become an order; there are no others"),
    ),
    OptionRule(
        name="defaultrule",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("penalties that change are rings that steps open here (docs/skills.md)"),
    ),
    OptionRule(
        name="autopausedelay",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_("a missed call counts whenever the last one was; misses_max can be raised"),
    ),
    OptionRule(
        name="autopausebusy",
        default="no",
        fate=Fate.TAKEN,
        becomes="misses.busy.limit",
        words=_("1 where autopause is on, else without effect; the phone rests for some seconds"),
    ),
    OptionRule(
        name="autopauseunavail",
        default="no",
        fate=Fate.TAKEN,
        becomes="misses.unreachable.limit",
        words=_("1 where autopause is on, else without effect; the phone rests for half a minute"),
    ),
    OptionRule(
        name="memberdelay",
        default="0",
        fate=Fate.KEPT_IN_MIND,
        idle=zero,
        words=_("caller and agent are connected at once"),
    ),
    OptionRule(
        name="membergosub",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("no dialplan of yours runs on the agent's leg"),
    ),
    OptionRule(
        name="monitor-format",
        fate=Fate.KEPT_IN_MIND,
        idle=empty,
        words=_("calls are not recorded"),
    ),
    OptionRule(
        name="setinterfacevar",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("no channel variables; the call log and the desk know agent and phone"),
    ),
    OptionRule(
        name="setqueueentryvar",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("no channel variables; the call log holds wait and path"),
    ),
    OptionRule(
        name="setqueuevar",
        default="no",
        fate=Fate.KEPT_IN_MIND,
        idle=off,
        words=_("no channel variables; /metrics holds the queue's figures"),
    ),
    OptionRule(
        name="log-restricted-caller-id",
        default="yes",
        fate=Fate.NOT_NEEDED,
        words=_("there is no queue_log; numbers stand in a table that can be erased"),
    ),
)
