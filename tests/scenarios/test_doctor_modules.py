"""The modules that `cordboard doctor` asks for are those that bring what the dialplan uses."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cti.asterisk_files.extensions import extensions_conf
from cti.doctor.modules import MODULES, SORRY_MODULES, USEFUL_MODULES
from lab.asterisk_installation import Installation
from tests.cti.asterisk_files.plans import PLAN

pytestmark = pytest.mark.scenario

SYSTEM_DATA = Path("/usr/share/asterisk")
BUILT_IN = "builtin"
BETTER_WITH = {"CDR_PROP"}
"""Without these a line of Asterisk's log says so, and nothing else happens."""


def brought_by(installation: Installation) -> dict[str, str]:
    """Return the module that brings each application and function, as Asterisk documents it."""
    file = (installation.data or SYSTEM_DATA) / "documentation" / "core-en_US.xml"
    return {
        str(entry.get("name")): str(entry.get("module"))
        for entry in ET.parse(file).getroot()  # noqa: S314 - Asterisk's own
        if entry.tag in {"application", "function"}
    }


def test_all_that_the_dialplan_uses_comes_from_modules_that_are_asked_for(
    asterisk_installation: Installation,
) -> None:
    modules = brought_by(asterisk_installation)
    lines = extensions_conf(PLAN.net, PLAN.folder).splitlines()
    text = "\n".join(line for line in lines if not line.startswith(";"))
    used = {name for name in re.findall(r"\b([A-Za-z_]+)\(", text) if name in modules}
    asked = {*MODULES, *USEFUL_MODULES, *SORRY_MODULES, BUILT_IN}

    assert {"AGI", "Dial", "FILTER", "GLOBAL", "Gosub"} <= used
    assert {name: modules[name] for name in used - BETTER_WITH if modules[name] not in asked} == {}
