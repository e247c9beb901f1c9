"""A real Asterisk 22 reads the same queues and members out of a file as we do."""

import re
from pathlib import Path

import pytest

from config.asterisk_import.arguments import truth, whole
from config.asterisk_import.members import member
from config.asterisk_import.reader import Budget, read_asterisk_file
from config.asterisk_import.report import Findings
from config.asterisk_import.sections import plain_sections
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_fetch import find_or_fetch

pytestmark = pytest.mark.scenario

QUEUES = r"""; written to be misread
[general]
[base](!)
strategy = leastrecent
member => PJSIP/9,3,Template Member
[one](base)
strategy = linear   ; comes too late: the template's is looked up first
member => PJSIP/1001,0,Ann Archer
member => PJSIP/1002,5,"Baker, Ben"   ; a comment
member => Local/1003@agents/n,-1,May \"x\" Flowers,hint:1003@ext-local,no,12,yes
[two]
strategy=rrmemory
;-- [three]
member => PJSIP/7
--; member => PJSIP/8 ;-- and more
 nested ;-- comment --; still
--;
;--- no block comment
member = PJSIP/10, 2 , Spaces Around ,PJSIP/11
[ONE](+)
member => DAHDI/1,a,Semi\;colon
member => PJSIP/1001,7,Ann Again
[one]
member => PJSIP/99
#include "more.conf"
#tryinclude not-there.conf
[five](two,base)
member += ,1
x = y --; hides all that follows
[six]
member => PJSIP/66
"""
MORE = "member => PJSIP/55\n[four]\nMEMBER=>PJSIP/4,,Four\n"

_QUEUE = re.compile(r"^(?P<name>\S+) has .* in '(?P<strategy>\w+)' strategy")
_MEMBER = re.compile(
    r"^ {6}(?P<name>.*?)(?: \((?P<interface>[^()]*?)(?: from (?P<state>[^()]*))?\))?"
    r"(?: with penalty (?P<penalty>\d+))? \(ringinuse (?P<ringinuse>\w+)\)(?P<rest>.*)"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Told = dict[str, tuple[str, set[tuple[str, str, str, int, bool, bool]]]]
"""By queue: its strategy, and interface, name, state, penalty, ringinuse, paused of its members."""


def shown_by_asterisk(output: str) -> Told:
    told: Told = {}
    members: set[tuple[str, str, str, int, bool, bool]] = set()
    for line in _COLOUR.sub("", output).splitlines():
        if queue := _QUEUE.match(line):
            members = set()
            told[queue["name"]] = (queue["strategy"], members)
        elif one := _MEMBER.match(line):
            interface = one["interface"] or one["name"]
            members.add(
                (
                    interface,
                    one["name"].strip(),  # app_queue takes off the blanks behind it alone
                    one["state"] or interface,
                    int(one["penalty"] or 0),
                    one["ringinuse"] == "enabled",
                    "paused" in one["rest"],
                )
            )
    return told


def read_by_us(path: Path) -> Told:
    told: Told = {}
    sections = read_asterisk_file(path, Budget()).sections
    for section in plain_sections(Findings(), sections, "general"):
        strategies = [one.value for one in section.options if one.name.lower() == "strategy"]
        lines = {
            line.interface: line
            for line in (
                member(one.value) for one in section.options if one.name.lower() == "member"
            )
        }
        told[section.name] = (
            strategies[0] if strategies else "ringall",
            {
                (
                    line.interface,
                    line.membername or line.interface,
                    line.state_interface or line.interface,
                    max(0, whole(line.penalty)),
                    truth(line.ringinuse) is not False,
                    truth(line.paused) is True,
                )
                for line in lines.values()
            },
        )
    return told


async def test_asterisk_and_we_read_the_same_queues_and_members(tmp_path: Path) -> None:
    settings = AsteriskSettings(folder=tmp_path, extensions="[x]\nexten => 1,1,Answer()\n")
    async with AsteriskInstance(find_or_fetch(), settings) as asterisk:
        folder = tmp_path / "etc"
        (folder / "queues.conf").write_text(QUEUES)
        (folder / "more.conf").write_text(MORE)
        await asterisk.console("module load app_queue")
        shown = shown_by_asterisk(await asterisk.console("queue show"))

    assert set(shown) == {"one", "two", "four", "five"}
    assert shown["one"][0] == "leastrecent"
    assert ("PJSIP/1002", "Baker, Ben", "PJSIP/1002", 5, True, False) in shown["one"][1]
    assert shown == read_by_us(folder / "queues.conf")
