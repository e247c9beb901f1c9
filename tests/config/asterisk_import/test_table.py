"""The table of options is complete, and the guide has it word by word."""

from pathlib import Path

from config.asterisk_import.table import (
    AGENT,
    APPLICATION,
    GENERAL,
    MEMBER,
    QUEUE,
    option_tables,
)

GUIDE = Path(__file__).parents[3] / "docs" / "from-app-queue.md"
BEGIN, END = "<!-- options -->\n", "\n<!-- end -->"

OF_ASTERISK_22 = """
announce announce-frequency announce-holdtime announce-position announce-position-limit
announce-position-only-up announce-round-seconds announce-to-first-user autofill autopause
autopausebusy autopausedelay autopauseunavail context defaultrule joinempty leavewhenempty
log-restricted-caller-id maxlen memberdelay membergosub min-announce-frequency monitor-format music
musicclass musiconhold penaltymemberslimit periodic-announce periodic-announce-frequency
periodic-announce-startdelay queue-callerannounce queue-callswaiting queue-holdtime queue-minute
queue-minutes queue-quantity1 queue-quantity2 queue-reporthold queue-seconds queue-thankyou
queue-thereare queue-youarenext random-periodic-announce relative-periodic-announce reportholdtime
retry ringinuse servicelevel setinterfacevar setqueueentryvar setqueuevar strategy timeout
timeoutpriority timeoutrestart weight wrapuptime member
"""
"""What app_queue.c of Asterisk 22 compares the options of a queue with."""


def test_every_option_of_asterisk_22_is_in_the_table() -> None:
    assert set(OF_ASTERISK_22.split()) - set(QUEUE) == set()
    assert set(GENERAL) >= {
        "persistentmembers",
        "autofill",
        "monitor-type",
        "shared_lastcall",
        "negative_penalty_invalid",
        "log_membername_as_agent",
        "force_longest_waiting_caller",
        "log_unpause_on_reason_change",
        "log-caller-id-name",
    }
    assert list(MEMBER) == [
        "interface",
        "penalty",
        "membername",
        "state_interface",
        "ringinuse",
        "wrapuptime",
        "paused",
    ]
    assert set(AGENT) == {
        "fullname",
        "ackcall",
        "acceptdtmf",
        "autologoff",
        "wrapuptime",
        "musiconhold",
        "recordagentcalls",
        "custom_beep",
        "agent",
    }
    assert list(APPLICATION)[:5] == ["queuename", "options", "URL", "announceoverride", "timeout"]


def test_the_guide_has_the_table_word_by_word() -> None:
    written = GUIDE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]

    assert written.strip() == option_tables().strip()
