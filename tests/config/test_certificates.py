"""The web server's certificate and key."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from config.certificates import certificate_doubts
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


def test_a_name_that_no_file_can_have_is_told_once(secure: Folder) -> None:
    secure.replace("cordboard.yaml", "tls/desk.pem", '"a\\0b"')

    assert secure.complaints() == [
        r"cordboard.yaml:11:16: web.certificate: must be a file's path in text, not 'a\x00b'"
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


NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def issued(
    begins: datetime, ends: datetime, *, named: bool = True, by_itself: bool = False
) -> tuple[str, str]:
    """Return a certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example.com")])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by_itself else issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if named:
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("desk.example.com"),
                x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
            ]
        )
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    return (
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def doubts(certificate: str, *, beyond_loopback: bool = False) -> list[str]:
    """Return what is doubtful about a certificate at NOW."""
    return list(certificate_doubts(certificate.encode(), NOW, beyond_loopback=beyond_loopback))


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (-60 * DAY, 30 * DAY, []),
        (
            -60 * DAY,
            30 * DAY - timedelta(seconds=1),
            ["the certificate expires in 29 days, on 2026-05-31; renew it"],
        ),
        (-60 * DAY, DAY, ["the certificate expires in 1 day, on 2026-05-02; renew it"]),
        (
            -60 * DAY,
            -DAY,
            ["the certificate has expired on 2026-04-30: browsers refuse it; renew it"],
        ),
        (DAY, 90 * DAY, ["the certificate is not valid before 2026-05-02"]),
    ],
)
def test_a_certificate_is_told_that_browsers_refuse_now_or_soon(
    begins: timedelta, ends: timedelta, expected: list[str]
) -> None:
    certificate, _key = issued(NOW + begins, NOW + ends)

    assert doubts(certificate) == expected


def test_a_certificate_without_a_servers_name_is_told() -> None:
    certificate, _key = issued(NOW - DAY, NOW + 90 * DAY, named=False)

    assert doubts(certificate) == [
        "the certificate has no name of a server (subjectAltName): browsers refuse it"
    ]


def test_a_certificate_signed_by_itself_is_told_where_others_connect() -> None:
    certificate, _key = issued(NOW - DAY, NOW + 90 * DAY, by_itself=True)

    assert doubts(certificate) == []
    assert doubts(certificate, beyond_loopback=True) == [
        "the certificate is signed by itself: browsers refuse it until they are told"
    ]


def test_an_expired_certificate_is_a_warning_at_its_place(secure: Folder) -> None:
    certificate, key = issued(NOW - 400 * DAY, NOW - 200 * DAY)
    secure.write("tls/desk.pem", certificate)
    secure.write("tls/desk.key", key).chmod(0o600)

    assert secure.complaints() == [
        (
            "cordboard.yaml:11:16: warning: web.certificate: "
            "the certificate has expired on 2025-10-13: browsers refuse it; renew it"
        )
    ]


def test_a_key_that_others_may_change_is_worth_a_warning(secure: Folder) -> None:
    (secure.path / "tls/desk.key").chmod(0o620)

    assert secure.complaints() == [
        (
            "cordboard.yaml:12:8: warning: web.key: "
            "others than its owner may change it; do: chmod 600 tls/desk.key"
        )
    ]
