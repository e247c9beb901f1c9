"""All checks, in the order in which they are told."""

from cti.doctor.agi_path import AGI_S, look_at_agi
from cti.doctor.ami import LINK_S, look_at_link, look_at_rights, look_at_version
from cti.doctor.certificates import look_at_certificate
from cti.doctor.clock import look_at_asterisks_clock, look_at_own_clock
from cti.doctor.daemon_state import look_for_daemon, look_whether_calls_are_taken
from cti.doctor.database import look_at_database
from cti.doctor.dialplan import look_at_dialplan
from cti.doctor.events import look_at_events
from cti.doctor.files import (
    look_at_configuration,
    look_at_data_folder,
    look_at_journal,
    look_at_permissions,
)
from cti.doctor.his_files import look_for_folder
from cti.doctor.modules import look_at_modules
from cti.doctor.music import MUSIC_S, look_at_music
from cti.doctor.phones import look_at_contexts, look_at_phones
from cti.doctor.prompts import look_at_prompts
from cti.doctor.runner import Check
from cti.language import _

CALLS = ("manager", "call", "originate", "calls", "dialplan")
"""What a test call stands on."""

FIRST = (
    Check(
        name="configuration",
        title=_("configuration"),
        about=_("what `cordboard check` warns of; its errors end doctor here"),
        look=look_at_configuration,
    ),
    Check(
        name="permissions",
        title=_("permissions"),
        about=_("whether others may change the configuration, or read the certificate's key"),
        look=look_at_permissions,
    ),
    Check(
        name="daemon",
        title=_("daemon"),
        about=_("whether the daemon runs, and its web port answers or is free"),
        look=look_for_daemon,
    ),
)
"""What the others build on."""

MACHINE = (
    Check(
        name="data",
        title=_("data folder"),
        about=_("whether it can be written, belongs to the daemon's account, and has room"),
        look=look_at_data_folder,
    ),
    Check(
        name="journal",
        title=_("journal"),
        about=_("whether this version can read it, and how old its last record is"),
        look=look_at_journal,
    ),
    Check(
        name="certificate",
        title=_("certificate"),
        about=_("its time, its names, its chain"),
        look=look_at_certificate,
    ),
    Check(
        name="clock",
        title=_("clock"),
        about=_("whether something keeps this machine's clock right, and time zones are there"),
        look=look_at_own_clock,
    ),
)
DATABASE = (
    Check(
        name="database",
        title=_("database"),
        about=_("reachable, Postgres 15 or newer, UTF8, rights, migrations, speed, clock"),
        look=look_at_database,
        deadline_s=6.0,
    ),
)
PBX = (
    Check(
        name="ami",
        title=_("AMI"),
        about=_("whether Asterisk's manager is at its port and lets the daemon's user in"),
        look=look_at_link,
        gives=("manager",),
        deadline_s=LINK_S,
    ),
    Check(
        name="ready",
        title=_("readiness"),
        about=_("whether a daemon that runs is logged in to Asterisk, and can write its journal"),
        look=look_whether_calls_are_taken,
        needs=("manager",),
    ),
    Check(
        name="files",
        title=_("Asterisk's files"),
        about=_("whether Asterisk may read them; filters for rare events; writetimeout"),
        look=look_for_folder,
    ),
    Check(
        name="rights",
        title=_("AMI rights"),
        about=_("whether the user may do what the daemon does, and no more"),
        look=look_at_rights,
        needs=("manager",),
    ),
    Check(
        name="version",
        title=_("version"),
        about=_("Asterisk 22 is tested; 18 to 21 may do; older will not"),
        look=look_at_version,
        needs=("manager", "reporting"),
    ),
    Check(
        name="modules",
        title=_("modules"),
        about=_("whether all that calls need are loaded"),
        look=look_at_modules,
        needs=("manager",),
    ),
    Check(
        name="dialplan",
        title=_("dialplan"),
        about=_("whether Asterisk runs what the configuration amounts to, line by line"),
        look=look_at_dialplan,
        needs=("manager", "reporting", "dialplan_file"),
        gives=("dialplan",),
    ),
    Check(
        name="agi",
        title=_("FastAGI"),
        about=_("a test call: Asterisk reaches the daemon's address, and hears the answer"),
        look=look_at_agi,
        needs=(*CALLS, "agi"),
        gives=("agi_answer",),
        deadline_s=AGI_S,
    ),
    Check(
        name="prompts",
        title=_("prompts"),
        about=_("whether Asterisk can play them, in the same test call"),
        look=look_at_prompts,
        needs=(*CALLS, "agi", "agi_answer", "sounds"),
    ),
    Check(
        name="music",
        title=_("music"),
        about=_("a second test call listens to what waiting callers hear"),
        look=look_at_music,
        needs=(*CALLS, "music", "music_file", "sounds"),
        deadline_s=MUSIC_S,
    ),
    Check(
        name="events",
        title=_("AMI events"),
        about=_("whether those of the test calls arrived, with the calls' ids, and no others"),
        look=look_at_events,
        needs=CALLS,
    ),
    Check(
        name="phones",
        title=_("phones"),
        about=_("known to Asterisk, registered, reachable"),
        look=look_at_phones,
        needs=("manager", "pjsip", "phones_file"),
    ),
    Check(
        name="trunks",
        title=_("trunks"),
        about=_("known to Asterisk, their calls led to cordboard-in"),
        look=look_at_contexts,
        needs=("manager", "pjsip", "trunks_file"),
    ),
    Check(
        name="pbx_clock",
        title=_("Asterisk's clock"),
        about=_("whether it has the same time as this machine"),
        look=look_at_asterisks_clock,
        needs=("manager",),
    ),
)
GROUPS = (MACHINE, DATABASE, PBX)
CHECKS = (*FIRST, *MACHINE, *DATABASE, *PBX)
TITLES = {check.name: check.title for check in CHECKS}
