"""What Asterisk's own files are made of: our address, trunks, phones, the safety net."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import time

import pytest
from pydantic import TypeAdapter

from config.addresses import TrunkAddress
from config.settings import (
    PbxSettings,
    PhoneSettings,
    SafetyNetSettings,
    TrunkSettings,
)
from cti.ids import PbxId
from cti.instants import seconds
from tests.config.folders import Folder

MUSIC = "    music: default\n"


def pbx(folder: Folder) -> PbxSettings:
    """Return the only PBX."""
    return folder.load().pbxs[PbxId("main")]


def add(folder: Folder, lines: str) -> None:
    """Add lines to the PBX; the first of them is line 8."""
    folder.replace("cordboard.yaml", MUSIC, MUSIC + lines)


def test_all_of_it_may_be_left_out(folder: Folder) -> None:
    found = pbx(folder)

    assert found.agi.address == "127.0.0.1:4573"
    assert found.trunks == {}
    assert found.phones == {
        "a1": PhoneSettings(name="a1", kind="desk"),
        "a2": PhoneSettings(name="a2", kind="desk"),
    }
    assert found.safety_net == SafetyNetSettings(
        fallback=None, ring_time=seconds(20), rounds=2, tries=30, sorry=None
    )
    assert folder.load().web.metrics_peers == ("127.0.0.1", "::1")


def test_all_of_it_may_be_said(folder: Folder) -> None:
    add(
        folder,
        """\
    trunks:
      carrier: {addresses: [203.0.113.7, 203.0.113.8/29, "2001:DB8::/64"]}
    phones:
      a2: {kind: web}
      lobby: {kind: desk}
      spare: {}
    safety_net: {fallback: lobby, ring_time: 30s, rounds: 3, tries: 10, sorry: custom/sorry}
""",
    )
    folder.replace("cordboard.yaml", "peers: [127.0.0.1]", "address: 192.0.2.10:4000")
    folder.replace("cordboard.yaml", "origins: []", "metrics_peers: [127.0.0.9]")
    found = pbx(folder)

    assert folder.complaints() == []
    assert found.agi.address == "192.0.2.10:4000"
    assert found.trunks == {
        "carrier": TrunkSettings(
            name="carrier", addresses=("203.0.113.7", "203.0.113.8/29", "2001:db8::/64")
        )
    }
    assert {name: phone.kind for name, phone in found.phones.items()} == {
        "a1": "desk",
        "a2": "web",
        "lobby": "desk",
        "spare": "desk",
    }
    assert found.safety_net == SafetyNetSettings(
        fallback="lobby", ring_time=seconds(30), rounds=3, tries=10, sorry="custom/sorry"
    )
    assert folder.load().web.metrics_peers == ("127.0.0.9",)


@pytest.mark.parametrize(
    ("listen", "reached"),
    [
        ("192.0.2.10", "192.0.2.10:4573"),
        ("2001:db8::1", "[2001:db8::1]:4573"),
        ("0.0.0.0", "127.0.0.1:4573"),
        ("::", "[::1]:4573"),
    ],
)
def test_asterisk_reaches_us_where_we_listen_and_on_loopback_where_that_is_everywhere(
    folder: Folder, listen: str, reached: str
) -> None:
    folder.replace("cordboard.yaml", "listen: 127.0.0.1", f'listen: "{listen}"')

    assert pbx(folder).agi.address == reached


@pytest.mark.parametrize(
    "address", ["192.0.2.10:1", "pbx.example.com:65535", "'[2001:db8::1]:4573'", "cti:4573"]
)
def test_an_address_for_asterisk_is_a_host_and_a_port(folder: Folder, address: str) -> None:
    folder.replace("cordboard.yaml", "peers: [127.0.0.1]", f"address: {address}")

    assert pbx(folder).agi.address == address.strip("'")


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.10",
        "192.0.2.10:0",
        "192.0.2.10:65536",
        "192.0.2.10:99999999",
        "':4573'",
        "'::1:4573'",
        "'[::1]'",
        "'[::g]:4573'",
        "'[1.2.3.4]:4573'",
        "a b:4573",
        "'a,b:4573'",
        "agi://a:4573",
        "a:4573/doctor",
        '"a:4573\\n"',
        "'${SHELL(id)}:4573'",
    ],
)
def test_nothing_else_is(folder: Folder, address: str) -> None:
    folder.replace("cordboard.yaml", "peers: [127.0.0.1]", f"address: {address}")

    assert folder.complaints() == [
        "cordboard.yaml:6:51: pbx.main.agi.address: must be a host and a port, such as 192.0.2.10:4573, pbx.example.com:4573 or [::1]:4573"
    ]


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        (
            "203.0.113.9/29",
            "is an address within a network; write the network, 203.0.113.8/29, or the address",
        ),
        ("0.0.0.0/0", "is everybody's address; name the provider's own"),
        ("'::/0'", "is everybody's address; name the provider's own"),
        (
            "0.0.0.0/1",
            (
                "holds a large part of all addresses there are; name the provider's own, "
                "/8 at the widest"
            ),
        ),
        (
            "'2000::/3'",
            (
                "holds a large part of all addresses there are; name the provider's own, "
                "/16 at the widest"
            ),
        ),
        ("255.255.255.255", "is nobody's address; name the provider's own"),
        ("'::ffff:0.0.0.0/96'", "is everybody's address; name the provider's own"),
        ("0.0.0.0", "is nobody's address; name the provider's own"),
        ("239.1.2.3", "is nobody's address; name the provider's own"),
        (
            "sip.example.com",
            "must be an IP address or a network such as 203.0.113.7 or 203.0.113.8/29",
        ),
        (
            "'fe80::1%eth0'",
            "must be an IP address or a network such as 203.0.113.7 or 203.0.113.8/29",
        ),
        (
            "1.2.3.4/33",
            "must be an IP address or a network such as 203.0.113.7 or 203.0.113.8/29",
        ),
        (
            "5",
            "must be an IP address, or a network of /8 (IPv6: /16) at the widest, in text, not 5",
        ),
    ],
)
def test_what_is_no_providers_address_is_refused(
    folder: Folder, address: str, complaint: str
) -> None:
    add(folder, f"    trunks:\n      t: {{addresses: [{address}]}}\n")

    assert folder.complaints() == [
        f"cordboard.yaml:9:23: pbx.main.trunks.t.addresses.0: {complaint}"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.0/24", "203.0.113.7"),
        ("203.0.113.0/24", "203.0.113.128/25"),
        ("'2001:db8::/32'", "'2001:db8::1'"),
    ],
)
def test_no_address_belongs_to_two_trunks(folder: Folder, first: str, second: str) -> None:
    add(
        folder,
        f"    trunks:\n      a: {{addresses: [198.51.100.1, {first}]}}\n"
        f"      b: {{addresses: [192.0.2.1, {second}]}}\n",
    )

    assert folder.complaints() == [
        "cordboard.yaml:10:34: pbx.main.trunks.b.addresses.1: belongs to the trunk 'a' already, in line 9"
    ]


def test_networks_of_one_trunk_may_lie_within_one_another(folder: Folder) -> None:
    add(folder, "    trunks: {a: {addresses: [203.0.113.0/24, 203.0.113.7]}}\n")

    assert folder.complaints() == []


def test_the_same_address_twice_in_one_trunk_is_a_slip(folder: Folder) -> None:
    add(folder, "    trunks: {a: {addresses: [203.0.113.7, 203.0.113.7]}}\n")

    assert folder.complaints() == [
        "cordboard.yaml:8:29: pbx.main.trunks.a.addresses: '203.0.113.7' stands in this list twice"
    ]


def test_very_many_addresses_are_compared_quickly(folder: Folder) -> None:
    trunks = "".join(
        f"      t{trunk}: {{addresses: [{', '.join(f'10.{trunk}.{one}.0/24' for one in range(100))}]}}\n"
        for trunk in range(100)
    )
    add(folder, f"    trunks:\n{trunks}")

    assert folder.complaints() == []


@pytest.mark.parametrize("spread", [1, 12_000])
def test_the_same_address_very_often_is_refused_quickly(
    folder: Folder, patience: float, spread: int
) -> None:
    trunks = "".join(
        f"      t{trunk}: {{addresses: [{'192.0.2.1, ' * (12_000 // spread)}]}}\n"
        for trunk in range(spread)
    )
    add(folder, f"    trunks:\n{trunks}")
    started = time.process_time()
    complaints = folder.complaints()

    assert time.process_time() - started < patience
    assert any("addresses" in complaint for complaint in complaints)


def test_the_fallback_is_a_phone_that_is_known(folder: Folder) -> None:
    add(folder, "    safety_net: {fallback: a11}\n")

    assert folder.complaints() == [
        "cordboard.yaml:8:28: pbx.main.safety_net.fallback: there is no phone 'a11'; did you mean a1?"
    ]


def test_where_no_phone_is_like_the_fallback_all_are_told(folder: Folder) -> None:
    add(folder, "    safety_net: {fallback: reception}\n")

    assert folder.complaints() == [
        "cordboard.yaml:8:28: pbx.main.safety_net.fallback: there is no phone 'reception'; there are: a1, a2"
    ]


def test_while_the_agents_cannot_be_read_no_fallback_is_doubted(folder: Folder) -> None:
    add(folder, "    safety_net: {fallback: reception}\n")
    folder.write("agents.yaml", "agents: [")

    assert [problem.file for problem in folder.problems()] == ["agents.yaml"]


@pytest.mark.parametrize("name", ["global", "SYSTEM", "anonymous", "transport-udp", "Cordboard-x"])
def test_asterisks_own_sections_are_no_phones_names(folder: Folder, name: str) -> None:
    folder.replace("agents.yaml", "[a1]", f"[{name}]")
    add(folder, f"    phones: {{{name}: {{}}}}\n")
    complaint = f"{name} is a section of Asterisk's own in pjsip.conf; take another name"

    assert folder.complaints() == [
        f"agents.yaml:5:14: agents.ann.phones.0: {complaint}",
        f"cordboard.yaml:8:14: pbx.main.phones.{name}: {complaint}",
    ]


@pytest.mark.parametrize("name", ["global", "system", "anonymous", "transport-udp", "cordboard-x"])
def test_nor_are_they_trunks_names(folder: Folder, name: str) -> None:
    add(folder, f"    trunks: {{{name}: {{addresses: [192.0.2.1]}}}}\n")

    assert folder.complaints() == [
        f"cordboard.yaml:8:14: pbx.main.trunks.{name}: {name} is a section of Asterisk's own in pjsip.conf; take another name"
    ]


@pytest.mark.parametrize("trunk", ["a1", "a2", "lobby"])
def test_a_trunk_and_a_phone_cannot_have_one_name(folder: Folder, trunk: str) -> None:
    add(
        folder,
        f"    phones: {{Lobby: {{}}}}\n    trunks: {{{trunk}: {{addresses: [192.0.2.1]}}}}\n",
    )

    assert folder.complaints() == [
        f"cordboard.yaml:9:14: pbx.main.trunks.{trunk}: a phone is called '{trunk}' too; both would be one section of pjsip.conf"
    ]


@pytest.mark.parametrize(
    ("net", "complaint"),
    [
        ("{rounds: 0}", "8:26: pbx.main.safety_net.rounds: must be 1 to 100, not 0"),
        ("{tries: 601}", "8:25: pbx.main.safety_net.tries: must be 1 to 600, not 601"),
        (
            "{ring_time: 500ms}",
            "8:29: pbx.main.safety_net.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '500ms'",
        ),
        (
            "{sorry: ../../etc/passwd}",
            "8:25: pbx.main.safety_net.sorry: must be the name of one of Asterisk's sounds such as vm-goodbye or custom/sorry, not '../../etc/passwd'",
        ),
        (
            "{sorry: 'a&b'}",
            "8:25: pbx.main.safety_net.sorry: must be the name of one of Asterisk's sounds such as vm-goodbye or custom/sorry, not 'a&b'",
        ),
        (
            "{fallback: a1&a2}",
            "8:28: pbx.main.safety_net.fallback: must be a phone's name on the PBX: 1 to 40 of A-Z a-z 0-9 _ -, not 'a1&a2'",
        ),
    ],
)
def test_a_wrong_safety_net_is_refused(folder: Folder, net: str, complaint: str) -> None:
    add(folder, f"    safety_net: {net}\n")

    assert f"cordboard.yaml:{complaint}" in folder.complaints()


def test_a_phone_is_of_one_of_two_kinds(folder: Folder) -> None:
    add(folder, "    phones: {a1: {kind: fax}}\n")

    assert folder.complaints() == [
        "cordboard.yaml:8:25: pbx.main.phones.a1.kind: must be desk or web, not 'fax'"
    ]


@pytest.mark.parametrize("zone", ["a b", "x\\ny", "1234567890123456", "${x}"])
def test_an_address_carries_nothing_but_an_address(folder: Folder, zone: str) -> None:
    folder.replace("cordboard.yaml", "peers: [127.0.0.1]", f'peers: ["fe80::1%{zone}"]')

    assert folder.complaints() == [
        "cordboard.yaml:6:50: pbx.main.agi.peers.0: must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1"
    ]


def test_an_address_of_ipv4_in_ipv6_is_the_same_address() -> None:
    trunk = TypeAdapter(TrunkAddress)

    assert [trunk.validate_python(one) for one in ("::ffff:198.51.100.4", "198.51.100.4")] == [
        "198.51.100.4",
        "198.51.100.4",
    ]
