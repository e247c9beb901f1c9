"""Who may read a file, as the kernel decides it."""

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config.load import load
from cti.asterisk_files.notes import EXTENSIONS, MANAGER
from cti.doctor.asterisk_folder import manager_reload
from cti.doctor.findings import Examination
from cti.doctor.readable import Account, account_of, unread_fault, unread_files
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES

STRANGER = Account(name="asterisk", group="asterisk", uid=54321, gids=frozenset({54321}))
BITS = (stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH)


@pytest.fixture
def etc() -> Iterator[Path]:
    """A folder of Asterisk's that everybody may enter, with two files of ours beside it."""
    with TemporaryDirectory(prefix="cordboard-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        for ours, his in ((MANAGER, "manager.conf"), (EXTENSIONS, "extensions.conf")):
            (folder / ours).write_text("")
            (folder / his).write_text(f'#tryinclude "{folder / ours}"\n')
            (folder / ours).chmod(0o644)
            (folder / his).chmod(0o644)
        yield folder


@pytest.mark.parametrize(
    ("mode", "owner", "group", "others"),
    [(0o400, True, False, False), (0o040, False, True, False), (0o004, False, False, True)],
)
def test_the_first_class_that_an_account_is_in_decides(
    mode: int, owner: bool, group: bool, others: bool
) -> None:
    status = os.stat_result((stat.S_IFREG | mode, 0, 0, 1, 111, 222, 0, 0, 0, 0))
    accounts = [
        replace(STRANGER, uid=111, gids=frozenset({222})),
        replace(STRANGER, gids=frozenset({7, 222})),
        STRANGER,
    ]

    assert [owner, group, others] == [one.may(status, *BITS) for one in accounts]
    assert replace(STRANGER, uid=0).may(status, *BITS)


def test_files_and_folders_that_are_closed_are_named_with_their_owner(etc: Path) -> None:
    well = unread_files(STRANGER, etc, (MANAGER, EXTENSIONS))
    (etc / MANAGER).chmod(0o600)
    (etc / EXTENSIONS).chmod(0o600)
    closed = unread_files(STRANGER, etc, (MANAGER, EXTENSIONS))
    asked_for_one = unread_files(STRANGER, etc, (MANAGER,))
    sentence, remedy = unread_fault(STRANGER, closed)
    etc.chmod(0o700)
    shut_out, step = unread_fault(STRANGER, unread_files(STRANGER, etc, (MANAGER,)))

    assert well == unread_files(replace(STRANGER, uid=0), etc, (MANAGER,)) == []
    assert [one.path.name for one in closed] == [MANAGER, EXTENSIONS]
    assert [one.path.name for one in asked_for_one] == [MANAGER]
    assert "account asterisk may not read 2 files: " in sentence
    assert f"{etc / MANAGER} ({etc.owner()}:{etc.group()}, 0600)" in sentence
    assert remedy.startswith(f"chown asterisk:asterisk {etc / MANAGER} {etc / EXTENSIONS}; touch ")
    assert f"may not enter the folder {etc} (" in shut_out
    assert step.startswith(f"chmod a+x {etc}; touch {etc / 'manager.conf'}; ")


def test_the_account_is_the_one_that_holds_the_port(etc: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = account_of(server.getsockname()[1], etc)

    assert found is not None
    assert (found.uid, os.getgid() in found.gids) == (os.getuid(), True)


@pytest.mark.parametrize(("name", "uid"), [("root", 0), ("nobody-of-that-name", None)])
def test_where_nothing_listens_asterisk_conf_names_the_account(
    etc: Path, name: str, uid: int | None
) -> None:
    (etc / "asterisk.conf").write_text(f"[options]\nrunuser = {name}\n")
    found = account_of(1, etc)

    assert uid == (found.uid if found else None)


def test_a_daemon_that_runs_has_to_log_in_anew() -> None:
    examination = Examination(configuration=load(EXAMPLES, ENVIRONMENT))
    before = manager_reload(examination)
    examination.daemon_runs = True

    assert before == "asterisk -rx 'manager reload'"
    assert manager_reload(examination).startswith(f"{before}; systemctl restart cordboard (")
