"""The web server's certificate and key."""

import pytest

from config.errors import Severity
from tests.config.folders import Folder
from tests.config.pem import CERTIFICATE, KEY, LOCKED_KEY, OTHER_KEY


@pytest.fixture
def secure(folder: Folder) -> Folder:
    """Return a folder with a certificate and its key."""
    folder.replace(
        "cordboard.yaml", "origins: []", "certificate: tls/desk.pem\n  key: tls/desk.key"
    )
    folder.write("tls/desk.pem", CERTIFICATE)
    folder.write("tls/desk.key", KEY).chmod(0o600)
    return folder


def test_a_certificate_and_its_key_are_taken(secure: Folder) -> None:
    web = secure.load().web

    assert web.certificate == secure.path.resolve() / "tls/desk.pem"
    assert web.key == secure.path.resolve() / "tls/desk.key"
    assert secure.complaints() == []


def test_with_a_certificate_the_server_may_listen_anywhere(secure: Folder) -> None:
    secure.replace("cordboard.yaml", "listen: 127.0.0.1\n  port", "listen: 0.0.0.0\n  port")

    assert secure.load().web.listen == "0.0.0.0"


@pytest.mark.parametrize("address", ["::1", "127.0.0.2"])
def test_without_one_it_may_listen_on_loopback(folder: Folder, address: str) -> None:
    folder.replace("cordboard.yaml", "127.0.0.1\n  port", f"'{address}'\n  port")

    assert folder.load().web.listen == address


def test_without_one_it_listens_beyond_loopback_only_when_told_so(folder: Folder) -> None:
    folder.replace(
        "cordboard.yaml",
        "listen: 127.0.0.1\n  port",
        "listen: 0.0.0.0\n  allow_plain_beyond_loopback: true\n  port",
    )

    assert folder.load().web.allow_plain_beyond_loopback


def test_a_key_that_everybody_may_read_is_worth_a_warning(secure: Folder) -> None:
    (secure.path / "tls/desk.key").chmod(0o644)
    (warning,) = secure.problems()

    assert warning.severity is Severity.WARNING
    assert (warning.path, warning.line) == ("web.key", 12)
    assert warning.message == "everybody on this machine may read it; do: chmod 600 tls/desk.key"


def test_missing_files_are_told_both_at_once(secure: Folder) -> None:
    (secure.path / "tls/desk.pem").unlink()
    (secure.path / "tls/desk.key").unlink()
    tls = secure.path.resolve() / "tls"

    assert secure.complaints() == [
        f"cordboard.yaml:11:16: web.certificate: the file {tls}/desk.pem is missing",
        f"cordboard.yaml:12:8: web.key: the file {tls}/desk.key is missing",
    ]


@pytest.mark.parametrize(
    "key",
    [OTHER_KEY, LOCKED_KEY, "not a key", ""],
    ids=["of another certificate", "locked by a password", "no key", "empty"],
)
def test_a_key_that_does_not_fit_is_told_and_no_password_is_asked_for(
    secure: Folder, key: str
) -> None:
    secure.write("tls/desk.key", key).chmod(0o600)
    (problem,) = secure.problems()

    assert problem.path == "web.certificate"
    assert problem.message.startswith("certificate and key cannot be used together: ")
