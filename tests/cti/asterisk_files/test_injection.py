"""Nothing that a configuration holds gets out of its place in a file of Asterisk's."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import HIS_FILES
from cti.asterisk_files.plan import FilesPlan
from cti.asterisk_files.values import UnfitValueError
from tests.cti.asterisk_files.plans import DESK, NET, TRUNK, USER, as_read, plan

Change = Callable[[str], FilesPlan]

IN_DIALPLAN: dict[str, tuple[str, Change]] = {
    "a service": ("4711", lambda v: plan(net=replace(NET, services=("8000", v)))),
    "the daemon": ("192.0.2.77:4711", lambda v: plan(net=replace(NET, agi=v))),
    "the standby": ("192.0.2.77:4711", lambda v: plan(net=replace(NET, standby_agi=v))),
    "the fallback": ("PJSIP/tame", lambda v: plan(net=replace(NET, fallback=v))),
    "the last words": ("tame", lambda v: plan(net=replace(NET, sorry=v))),
    "music": ("tame", lambda v: plan(net=replace(NET, music=v))),
}
ELSEWHERE: dict[str, tuple[str, Change]] = {
    "AMI user": ("tame", lambda v: plan(user=replace(USER, name=v))),
    "AMI secret": ("tame", lambda v: plan(user=replace(USER, secret=v))),
    "AMI peer": ("192.0.2.77", lambda v: plan(user=replace(USER, peers=(v,)))),
    "a phone": ("tame", lambda v: plan(phones=(replace(DESK, name=v),))),
    "a phone's password": ("tame", lambda v: plan(phones=(replace(DESK, password=v),))),
    "a trunk": ("tame", lambda v: plan(trunks=(replace(TRUNK, name=v),))),
    "a trunk's address": ("192.0.2.77", lambda v: plan(trunks=(replace(TRUNK, addresses=(v,)),))),
    "the folder": ("/tame", lambda v: plan(folder=v)),
}
FIELDS = IN_DIALPLAN | ELSEWHERE

TOKENS = [
    "a", "7", "*", "#", "/", ".", ":", "-", "_", "@", "=", "+", ">", "<", "~", "%", "1.2.3.4",
    "8000", "PJSIP/", ":4573", "\n", "\r", "\0", "\t", " ", ";", "\\;", ";--", "--;", "[", "]",
    "[general]", "\n[globals]\n", "\n#exec touch x\n", "#include", "(+)", "(!)", ",", "&", "|", "^",
    "$", "{", "}", "${SHELL(id)}", "$[1/0]", "(", ")", '"', "'", "`", "\u2028", "\x85", "é", "陈",
    "\udcff", "::1", "[::1]", "/0", "/32", "0.0.0.0", "..",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(TOKENS), max_size=6).map("".join) | st.text(max_size=40)


def read_back(change: Change, value: str) -> str | None:
    """Return all that Asterisk reads of all files, or None where the value was refused."""
    try:
        files = asterisk_files(change(value))
    except UnfitValueError:
        return None
    return "\n".join("\t".join(line) for name in HIS_FILES for line in as_read(files[name]))


@pytest.mark.parametrize("what", FIELDS)
@given(value=TEXTS)
def test_a_value_stands_in_its_place_and_nowhere_else_or_is_refused(what: str, value: str) -> None:
    tame, change = FIELDS[what]
    expected, found = read_back(change, tame), read_back(change, value)

    assert expected is not None
    assert tame in expected
    if found is None or value == "" or what == "music":  # a class of music has one meaning more
        return
    assert len(expected.splitlines()) == len(found.splitlines())
    if what not in {"AMI peer", "a trunk's address"}:  # written as everybody writes them
        assert expected.replace(tame, value) == found


@pytest.mark.parametrize("what", IN_DIALPLAN)
@given(value=TEXTS)
def test_what_stands_in_the_dialplan_has_nothing_that_the_dialplan_reads(
    what: str, value: str
) -> None:
    _, change = FIELDS[what]
    if read_back(change, value) is not None:
        assert not set(value) & set(",;$(){}\"'\\&|^`%@~<> \t\r\n\0")
        assert value.isascii()


@pytest.mark.parametrize("what", FIELDS)
@pytest.mark.parametrize("value", ["x\n[general]", "x\n#exec id", "x;y", "x\r", "a\0", "x]", " "])
def test_what_would_break_out_is_refused_by_name(what: str, value: str) -> None:
    if value == "x]" and what in {"AMI secret", "a phone's password"}:
        return  # in a value a bracket is a character
    with pytest.raises(UnfitValueError, match=r".+: |.+must be"):
        asterisk_files(FIELDS[what][1](value))


@pytest.mark.parametrize("what", ["AMI secret", "a phone's password"])
def test_a_refused_secret_is_not_shown(what: str) -> None:
    with pytest.raises(UnfitValueError) as refused:
        FIELDS[what][1]("hunter2;x")

    assert "hunter2" not in str(refused.value)


def test_secrets_are_in_no_plans_own_words() -> None:
    assert "s3cret" not in repr(plan())
    assert "pass1" not in repr(plan())
