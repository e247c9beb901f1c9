"""Plans to make files from."""

from dataclasses import replace
from typing import Any

from cti.asterisk_files.plan import FilesPlan, ManagerUser, Phone, SafetyNet, Trunk

FOLDER = "/etc/asterisk/cordboard"

NET = SafetyNet(
    services=("8000", "*99", "#1"), agi="127.0.0.1:4573", music="cordboard", fallback="PJSIP/night"
)
USER = ManagerUser(name="cordboard", secret="s3cret", peers=("127.0.0.1", "::1"))
DESK = Phone(name="a1", password="pass1")
WEB = Phone(name="w1", kind="web", password="pass2")
TRUNK = Trunk(name="carrier", addresses=("203.0.113.7", "203.0.113.8/29", "2001:db8::/32"))
PLAN = FilesPlan(net=NET, user=USER, phones=(DESK, WEB), trunks=(TRUNK,), folder=FOLDER)


def plan(**changes: Any) -> FilesPlan:  # noqa: ANN401 - a plan's fields
    """Return the usual plan, changed."""
    return replace(PLAN, **changes)


def as_read(text: str) -> list[tuple[str, str, str]]:
    """
    Return what Asterisk reads in a file: section, key and value of each line.

    A semicolon begins a comment wherever it stands, unless a backslash comes before it; a `#` at
    a line's beginning is a directive, and has `#` for a key.
    """
    found = []
    section = ""
    for line in text.splitlines():
        kept = line.replace("\\;", "\0").partition(";")[0].replace("\0", ";").strip()
        if kept.startswith("["):
            section = kept
        elif kept.startswith("#"):
            found.append((section, "#", kept))
        elif kept:
            key, equals, value = kept.partition("=")
            assert equals, f"Asterisk cannot read: {line}"
            found.append((section, key.strip(), value.removeprefix(">").strip()))
    return found


def values(text: str, section: str, key: str) -> list[str]:
    """Return all values of a key in all sections of that name."""
    return [
        value
        for (in_section, a_key, value) in as_read(text)
        if (in_section, a_key) == (section, key)
    ]
