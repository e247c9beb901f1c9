"""The dialplan that keeps callers: for these numbers alone, and nothing of theirs in our words."""

import re
from dataclasses import replace

from cti.asterisk_files.extensions import extensions_conf
from cti.asterisk_files.plan import SafetyNet
from cti.switch.attach import SESSION_ARGUMENTS
from cti.switch.dialplan import (
    AGENT_CONTEXT,
    CALL_CONTEXT,
    DOCTOR_CONTEXT,
    ENTRY_CONTEXT,
    PHONE_CONTEXT,
)

NET = SafetyNet(
    services=("8000", "*99", "#1", "+49308000"), agi="127.0.0.1:4573", fallback="PJSIP/desk"
)
OURS = frozenset(SESSION_ARGUMENTS) | {"CORD_AT1", "CORD_AT2", "CORD_DOCTOR"}
FIRST = '${IF($["${GLOBAL(CORD_AGI1)}" = ""]?"127.0.0.1:4573":"${GLOBAL(CORD_AGI1)}")}'
FILTERED = "CALLERID(num)=${FILTER(0-9A-Za-z+*._\\x2d,"


def safety_net(net: SafetyNet) -> str:
    """Return the file's text as it is made."""
    return extensions_conf(net, "/etc/asterisk/cordboard")


def section(text: str, name: str) -> list[str]:
    """Return the lines of one context, without comments."""
    _, _, rest = text.partition(f"[{name}]\n")
    body, _, _ = rest.partition("\n[")
    return [line for line in body.splitlines() if line and not line.startswith(";")]


def test_equal_nets_have_equal_texts() -> None:
    assert safety_net(NET) == safety_net(replace(NET))


def test_callers_reach_the_service_numbers_and_no_others() -> None:
    extensions = re.findall(
        r"exten => ([^,]+),", "\n".join(section(safety_net(NET), ENTRY_CONTEXT))
    )

    assert extensions == ["8000", "*99", "#1", "+49308000"]


def test_no_extension_is_a_pattern() -> None:
    assert not [name for name in re.findall(r"exten => ([^,]+),", safety_net(NET)) if "_" in name]


def test_without_services_nobody_comes_in() -> None:
    assert section(safety_net(SafetyNet(services=(), agi="127.0.0.1:4573")), ENTRY_CONTEXT) == []


def test_what_sessions_are_told_holds_only_variables_of_ours() -> None:
    calls = re.findall(r"AGI\(agi://.*", safety_net(NET))

    assert len(calls) == 6
    assert [call for call in calls if FIRST in call] == [calls[0]]
    for call in (call.replace(FIRST, "") for call in calls):
        assert set(re.findall(r"\$\{([^}]*)\}", call)) <= OURS


def test_sessions_are_told_their_arguments_in_the_order_in_which_they_are_read() -> None:
    told = ",".join(f"${{{name}}}" for name in SESSION_ARGUMENTS)

    assert len(re.findall(re.escape(f"/call,{told})"), safety_net(NET))) == 3
    assert len(re.findall(re.escape(f"/post,{told})"), safety_net(NET))) == 2


def test_what_a_caller_says_is_filtered_before_anything_else_and_where_he_is_shown() -> None:
    text = safety_net(NET)
    lines = {
        name: [line for line in section(text, name) if "CORD_FROM" in line or "CALLERID" in line]
        for name in re.findall(r"^\[(.*)\]$", text, re.MULTILINE)
    }

    assert section(text, CALL_CONTEXT)[0].startswith(f"exten => s,1,MSet({FILTERED}")
    assert lines.pop(CALL_CONTEXT) == section(text, CALL_CONTEXT)[:1]
    numbers = [line for line in lines.pop("cordboard-from") if "CALLERID" in line]
    assert numbers == [f" same => n,Set({FILTERED}${{CORD_FROM:0:40}})}})"]
    assert not any(lines.values())
    assert text.count("CHANNEL(pjsip,remote_uri)") == 1


def test_every_way_into_the_net_clears_the_status_of_an_earlier_dial() -> None:
    lines = section(safety_net(NET), CALL_CONTEXT)
    entry = next(line for line in lines if "n(loop)" in line)

    assert ",DIALSTATUS=," in entry
    # from outside there has been no Dial before the first session
    assert not any("Dial(" in line for line in lines[: lines.index(entry)])


def test_each_session_knows_of_no_diversion() -> None:
    """What a Diversion header says reaches AGI's opening block decoded."""
    lines = [line for line in section(safety_net(NET), CALL_CONTEXT) if "ExecIf" not in line]
    for place, line in enumerate(lines):
        if "AGI(agi://" in line and "CORD_AT2" not in line:
            assert any(
                "REDIRECTING(from-num,i)=" in one for one in lines[max(0, place - 4) : place]
            )


def test_a_net_without_a_fallback_rings_nobody() -> None:
    text = safety_net(SafetyNet(services=("8000",), agi="127.0.0.1:4573"))

    assert "Dial(" not in text
    assert "same => n(fallback),TryExec(StopMusicOnHold())\n same => n,Hangup(34)\n" in text


def test_a_fallback_is_rung_as_often_and_as_long_as_configured() -> None:
    text = safety_net(replace(NET, fallback_ring_s=7, fallbacks_max=3, music="jazz"))

    assert "same => n(fallback),GotoIf($[0${CORD_FBN} >= 3]?sorry)" in text
    assert "same => n,Dial(PJSIP/desk,7,m(jazz)g)" in text


def test_a_caller_whom_nobody_serves_is_told_so_only_where_words_are_configured() -> None:
    assert "Playback" not in safety_net(NET)
    told = " same => n,Playback(vm-goodbye)\n same => n,Hangup(34)\n"
    assert told in safety_net(replace(NET, sorry="vm-goodbye"))


def test_globals_come_before_what_is_configured_and_none_is_set() -> None:
    text = safety_net(NET)

    assert "[globals]" not in text
    assert section(text, "cordboard-daemon")[:3] == [
        "exten => s,1,Set(CORD_AT1=127.0.0.1:4573)",
        " same => n,Set(CORD_AT2=)",
        ' same => n,ExecIf($["${GLOBAL(CORD_AGI1)}" != ""]?Set(CORD_AT1=${GLOBAL(CORD_AGI1)}))',
    ]


def test_every_session_asks_anew_where_the_daemon_is() -> None:
    lines = safety_net(NET).splitlines()
    sessions = [place for place, line in enumerate(lines) if ",AGI(agi://${CORD_AT1}" in line]

    assert len(sessions) == 3
    for place in sessions:
        assert " same => n,Gosub(cordboard-daemon,s,1)" in lines[place - 5 : place]


def test_phones_reach_an_echo_and_the_services_and_have_no_way_out() -> None:
    lines = section(safety_net(NET), PHONE_CONTEXT)

    assert [line for line in lines if "exten" in line] == ["exten => *43,1,Answer()"]
    assert [line for line in lines if "include" in line] == ["include => cordboard-in"]
    assert not [line for line in lines if "Dial" in line]


def test_the_doctors_call_is_led_from_nowhere_else() -> None:
    text = safety_net(NET)

    assert "AGI(agi://${CORD_AT1}/doctor,${CORD_DOCTOR})" in "".join(section(text, DOCTOR_CONTEXT))
    assert text.count(DOCTOR_CONTEXT) == 1


def test_the_agents_leg_learns_its_offer() -> None:
    leg = section(safety_net(NET), AGENT_CONTEXT)[0]

    assert leg.startswith("exten => leg,1,MSet(CORD_OFFER=${ARG1},")


def test_callers_transfers_lead_nowhere() -> None:
    text = safety_net(NET)

    entries = [line for line in section(text, ENTRY_CONTEXT) if "exten =>" in line]
    assert all("TRANSFER_CONTEXT=cordboard-nowhere" in line for line in entries)
    assert section(text, "cordboard-nowhere") == []


def test_braces_are_balanced_so_that_no_placeholder_was_left() -> None:
    text = safety_net(NET)

    assert text.count("{") == text.count("}")
    assert "{{" not in text
    assert not re.search(r"(?<!\$)\{", text)
