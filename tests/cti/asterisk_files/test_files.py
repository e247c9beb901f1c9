"""What stands in each file, as far as it can be said without an Asterisk."""

import re
from dataclasses import replace

import pytest

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import (
    EXTENSIONS,
    FREEPBX_FILES,
    HIS_FILES,
    HTTP,
    MANAGER,
    MUSIC,
    PHONES,
    README,
    RELOADS,
    RTP,
    TRUNKS,
    include_line,
)
from cti.asterisk_files.plan import Phone, Trunk
from cti.asterisk_files.values import UnfitValueError
from cti.switch.dialplan import WANTED_EVENTS
from tests.cti.asterisk_files.plans import DESK, FOLDER, NET, PLAN, USER, WEB, as_read, plan, values

CARRIER = "[cordboard-carrier]"


def test_there_are_always_all_files() -> None:
    assert {*HIS_FILES, README} == set(asterisk_files(PLAN))
    assert set(asterisk_files(plan(phones=(), trunks=()))) == set(asterisk_files(PLAN))


@pytest.mark.parametrize("name", HIS_FILES)
def test_each_file_says_where_it_goes_and_how_it_is_read_again(name: str) -> None:
    head, _, _ = asterisk_files(PLAN)[name].partition("\n\n")

    assert all(line.startswith(";") for line in head.splitlines())
    assert not re.search("^;--", head, re.MULTILINE)  # begins a block in which nothing counts
    for told in (HIS_FILES[name], FREEPBX_FILES[name], include_line(name, FOLDER), RELOADS[name]):
        assert told in head


def test_the_readme_has_every_line_and_every_command() -> None:
    text = asterisk_files(PLAN)[README]

    for name in HIS_FILES:
        assert include_line(name, FOLDER) in text
        assert f"asterisk -rx '{RELOADS[name]}'" in text


def test_a_missing_file_of_ours_costs_the_administrator_none_of_his() -> None:
    assert include_line(EXTENSIONS, "/a b") == '#tryinclude "/a b/cordboard-extensions.conf"'


def test_the_ami_user_has_no_right_to_commands_configuration_modules_or_programs() -> None:
    text = asterisk_files(PLAN)[MANAGER]

    assert values(text, "[cordboard]", "read") == ["system,call"]
    assert values(text, "[cordboard]", "write") == ["call,reporting,originate"]


def test_the_ami_user_comes_from_the_daemons_addresses_and_no_others() -> None:
    text = asterisk_files(plan(user=replace(USER, peers=("192.0.2.10", "2001:DB8::0/64"))))[MANAGER]

    assert values(text, "[cordboard]", "deny") == ["0.0.0.0/0", "::/0"]
    assert values(text, "[cordboard]", "permit") == ["192.0.2.10", "2001:db8::/64"]


def test_the_filters_name_the_wanted_events_and_devices_that_are_phones() -> None:
    filters = [
        (key, value) for _, key, value in as_read(asterisk_files(PLAN)[MANAGER]) if "filter" in key
    ]

    assert [re.findall(r"name\((\w+)\)", key)[0] for key, _ in filters] == list(WANTED_EVENTS)
    assert [value for key, value in filters if "DeviceStateChange" in key] == ["PJSIP/"]


def test_channelvars_are_added_to_those_of_the_administrator() -> None:
    assert "[general](+)\nchannelvars+=,CORD_CALL," in asterisk_files(PLAN)[MANAGER]


@pytest.mark.parametrize("name", ["general", "General"])
def test_an_ami_user_by_the_name_of_a_section_is_refused(name: str) -> None:
    with pytest.raises(UnfitValueError, match="cannot be called"):
        replace(USER, name=name)


def test_a_trunk_believes_no_number_no_name_and_no_transfer() -> None:
    text = asterisk_files(PLAN)[TRUNKS]

    for key, value in {
        "context": "cordboard-in",
        "identify_by": "ip",
        "callerid": "unknown <0>",
        "trust_id_inbound": "no",
        "allow_transfer": "no",
        "direct_media": "no",
    }.items():
        assert values(text, CARRIER, key) == [value]
    assert values(text, CARRIER, "match") == ["203.0.113.7", "203.0.113.8/29", "2001:db8::/32"]
    assert values(text, CARRIER, "type") == ["endpoint", "identify"]


def test_without_trunks_nobody_calls_in() -> None:
    assert as_read(asterisk_files(plan(trunks=()))[TRUNKS]) == []


@pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0", "carrier.example.com", "fe80::1%lo", ""])
def test_a_trunk_is_known_by_addresses_and_never_by_all_of_them(address: str) -> None:
    with pytest.raises(UnfitValueError, match="trunk x must be an IP address"):
        Trunk(name="x", addresses=(address,))


def test_a_desk_phone_registers_and_a_phone_in_a_browser_is_encrypted() -> None:
    text = asterisk_files(PLAN)[PHONES]

    assert values(text, "[a1]", "password") == ["pass1"]
    assert values(text, "[a1]", "allow") == ["alaw,ulaw"]
    assert values(text, "[a1]", "webrtc") == []
    assert values(text, "[w1]", "webrtc") == ["yes"]
    assert values(text, "[w1]", "allow") == ["opus,ulaw"]
    for phone in ("[a1]", "[w1]"):
        assert values(text, phone, "type") == ["endpoint", "auth", "aor"]
        assert values(text, phone, "context") == ["cordboard-phones"]
        assert values(text, phone, "device_state_busy_at") == ["1"]
        assert values(text, phone, "max_contacts") == ["1"]
        assert values(text, phone, "allow_transfer") == ["no"]


def test_web_server_ice_and_websockets_are_for_phones_in_browsers_alone() -> None:
    with_web, without = asterisk_files(PLAN), asterisk_files(plan(phones=(DESK,)))

    assert as_read(with_web[HTTP]) == [("[general](+)", "enabled", "yes")]
    assert as_read(with_web[RTP]) == [("[general](+)", "icesupport", "yes")]
    assert values(with_web[PHONES], "[cordboard-wss]", "protocol") == ["wss"]
    assert as_read(without[HTTP]) == as_read(without[RTP]) == []
    assert "transport" not in {value for _, _, value in as_read(without[PHONES])}


def test_music_of_our_name_is_ours_and_of_another_name_the_administrators() -> None:
    ours = asterisk_files(PLAN)[MUSIC]
    his = asterisk_files(plan(net=replace(NET, music="default")))[MUSIC]

    assert values(ours, "[cordboard]", "directory") == [f"{FOLDER}/cordboard-music"]
    assert as_read(his) == []
    assert "`default`, which is yours" in his


@pytest.mark.parametrize(
    ("phones", "trunks"),
    [
        ((DESK, replace(DESK, name="A1")), ()),
        ((DESK, DESK), ()),
        ((Phone(name="cordboard-x", password="p"),), (Trunk(name="x", addresses=("1.2.3.4",)),)),
    ],
)
def test_two_of_one_name_would_stop_all_phones_and_are_refused(
    phones: tuple[Phone, ...], trunks: tuple[Trunk, ...]
) -> None:
    with pytest.raises(UnfitValueError, match="give one of them another name"):
        plan(phones=phones, trunks=trunks)


@pytest.mark.parametrize(
    "agi", ["0.0.0.0:4573", "[::]:4573", "host:0", "host:65536", "host", "[::1:4573", "999.1:4573"]
)
def test_a_daemon_that_asterisk_cannot_call_is_refused_with_what_to_write(agi: str) -> None:
    with pytest.raises(UnfitValueError, match="as `address` under `agi` in"):
        replace(NET, agi=agi)


@pytest.mark.parametrize("agi", ["[::1]:4573", "pbx.example.com:4573", "192.0.2.10:65535"])
def test_a_daemon_is_called_by_name_or_address(agi: str) -> None:
    assert f"Set(CORD_AT1={agi})" in asterisk_files(plan(net=replace(NET, agi=agi)))[EXTENSIONS]


def test_a_web_phone_is_told_from_a_desk_phone() -> None:
    assert PLAN.has_web_phones
    assert not plan(phones=(DESK,)).has_web_phones
    assert plan(phones=(WEB,)).has_web_phones
