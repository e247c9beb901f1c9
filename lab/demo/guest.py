"""
A seat and a phone for whoever watches: an agent more in the configuration, with known passwords.

Nobody of the show works there. The phone stands in the files that `cordboard asterisk-config`
writes, like every other; it keeps the password that it is given here before they are written.
"""

import shutil
from pathlib import Path
from typing import Final

import yaml

from cti.asterisk_files.notes import PHONES, first_words
from cti.language import _
from lab.site import PASSWORD

GUEST: Final = "guest"
SPOKEN_NAME: Final = _("Guest")
QUEUES: Final = ("sales", "support")

_PASSWORD_KEPT: Final = f"""\
{first_words(PHONES)}
[{GUEST}]
type = auth
auth_type = userpass
username = {GUEST}
password = {PASSWORD}
"""


def with_guest(examples: Path, folder: Path) -> Path:
    """Copy a configuration into a folder, with the guest's seat in it, and return the folder."""
    shutil.copytree(examples, folder)
    file = folder / "agents.yaml"
    content = yaml.safe_load(file.read_bytes())
    some_agent = next(iter(content["agents"].values()))
    content["agents"][GUEST] = {
        "name": SPOKEN_NAME,
        "password_hash": some_agent["password_hash"],
        "phones": [GUEST],
        "queues": list(QUEUES),
    }
    file.write_bytes(yaml.safe_dump(content, allow_unicode=True, encoding="utf-8"))
    return folder


def give_phone_password(asterisk_files: Path) -> None:
    """Have the guest's phone keep a password that everybody may know."""
    asterisk_files.mkdir(parents=True)
    (asterisk_files / PHONES).write_text(_PASSWORD_KEPT)
