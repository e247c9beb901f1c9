"""From a configuration to a plan: whose addresses, whose passwords."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from config.load import load
from config.settings import Configuration, PbxSettings
from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.joining import files_plan, manager_peers, new_password, phone_passwords
from cti.asterisk_files.notes import PHONES
from cti.asterisk_files.values import UnfitValueError
from cti.instants import Duration
from tests.cti.asterisk_files.plans import FOLDER

EXAMPLES = Path(__file__).parents[3] / "config" / "examples"


def example() -> Configuration:
    return load(EXAMPLES, {"CORDBOARD_AMI_SECRET": "s3cret"})


def pbx_of(configuration: Configuration) -> PbxSettings:
    (pbx,) = configuration.pbxs.values()
    return pbx


def with_addresses(*, ami_host: str, agi_address: str) -> PbxSettings:
    pbx = pbx_of(example())
    return replace(
        pbx, ami=replace(pbx.ami, host=ami_host), agi=replace(pbx.agi, address=agi_address)
    )


def test_the_example_makes_a_plan() -> None:
    plan = files_plan(example(), {}, FOLDER)

    assert plan.net.services == ("8000",)
    assert (plan.net.agi, plan.net.music, plan.net.fallback) == ("127.0.0.1:4573", "cordboard", "")
    assert (plan.user.name, plan.user.secret) == ("cordboard", "s3cret")
    assert [phone.name for phone in plan.phones] == ["a1", "a2", "a3", "a4", "a5"]
    assert plan.trunks == ()


def test_the_safety_net_is_the_configured_one() -> None:
    configuration = example()
    pbx = pbx_of(configuration)
    net = replace(
        pbx.safety_net,
        fallback="a2",
        ring_time=Duration(7_400_000),
        rounds=4,
        tries=9,
        sorry="vm-goodbye",
    )
    changed = replace(configuration, pbxs=MappingProxyType({pbx.pbx: replace(pbx, safety_net=net)}))
    plan = files_plan(changed, {}, FOLDER)

    assert (plan.net.fallback, plan.net.fallback_ring_s, plan.net.fallbacks_max) == (
        "PJSIP/a2",
        7,
        4,
    )
    assert (plan.net.tries_max, plan.net.sorry) == (9, "vm-goodbye")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_a_daemon_beside_asterisk_comes_from_loopback(host: str) -> None:
    pbx = with_addresses(ami_host=host, agi_address="127.0.0.1:4573")

    assert manager_peers(pbx) == ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("address", "peer"),
    [("192.0.2.10:4573", "192.0.2.10"), ("[2001:db8::1]:4573", "2001:db8::1")],
)
def test_a_daemon_elsewhere_comes_from_where_asterisk_reaches_it(address: str, peer: str) -> None:
    assert manager_peers(with_addresses(ami_host="pbx.example.com", agi_address=address)) == (peer,)


@pytest.mark.parametrize("address", ["127.0.0.1:4573", "daemon.example.com:4573", "[::1]:4573"])
def test_a_daemon_that_comes_from_nobody_knows_where_is_refused(address: str) -> None:
    pbx = with_addresses(ami_host="192.0.2.20", agi_address=address)

    with pytest.raises(UnfitValueError, match="daemon's IP address and port, such as"):
        manager_peers(pbx)


def test_phones_keep_their_passwords_and_new_ones_get_one() -> None:
    first = files_plan(example(), {}, FOLDER)
    kept = phone_passwords(asterisk_files(first)[PHONES])
    del kept["a3"]
    second = files_plan(example(), kept, FOLDER)

    assert first.passwords.keys() == {"a1", "a2", "a3", "a4", "a5"}
    assert len(set(first.passwords.values())) == 5
    assert second.passwords["a3"] != first.passwords["a3"]
    assert {**second.passwords, "a3": ""} == {**first.passwords, "a3": ""}


def test_a_password_set_by_hand_that_asterisk_could_not_read_is_refused() -> None:
    with pytest.raises(UnfitValueError, match="the password of phone a1 must be"):
        files_plan(example(), {"a1": "x;y"}, FOLDER)


def test_passwords_are_read_from_sections_of_phones_alone() -> None:
    text = "password = a\n; password = b\n[a1]\n password=c \n[x y]\npassword = d\n[a2]\npass = e\n"

    assert phone_passwords(text) == {"a1": "c"}
    assert phone_passwords("") == {}


def test_a_new_password_is_long_and_has_no_letter_that_is_taken_for_another() -> None:
    passwords = {new_password() for _ in range(100)}

    assert len(passwords) == 100
    assert {len(password) for password in passwords} == {20}
    assert not set("".join(passwords)) & set("0O1lI")
