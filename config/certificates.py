"""The web server's certificate and key: they must be there, belong together, and be of use."""

import ipaddress
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from config.errors import Problem, Severity, UnreadableFileError
from config.files import read_file
from config.nodes import KeyPath, Node, problem_at, texts
from config.secrets import open_file
from config.values import FILE_PATH
from cti.language import _, ngettext

PEM_BYTES_MAX = 1_048_576
EXPIRY_NEAR = timedelta(days=30)
_CERTIFICATE: KeyPath = ("web", "certificate")
_KEY: KeyPath = ("web", "key")
_LISTEN: KeyPath = ("web", "listen")


def unusable_certificate(file: str, tree: Node, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the certificate and the key, where both are given."""
    certificates, keys = (
        [one for one in texts(tree, path) if re.fullmatch(FILE_PATH, one[2])]
        for path in (_CERTIFICATE, _KEY)
    )
    if not certificates or not keys:
        return  # neither, or the model says that one is missing or no path
    contents: dict[KeyPath, bytes] = {}
    for path, position, name in (*certificates, *keys):
        try:
            content = read_file(folder / name, bytes_max=PEM_BYTES_MAX)
        except UnreadableFileError as error:
            message = _("the file {file} {fault}").format(file=folder / name, fault=error)
            yield problem_at(file, position, path, message)
        else:
            contents[path] = content.data
            if path == _KEY and (warning := open_file(content, name)) is not None:
                yield problem_at(file, position, path, warning, Severity.WARNING)
    if len(contents) == len((_CERTIFICATE, _KEY)):
        path, position, name = certificates[0]
        fault = _fault(folder / name, folder / keys[0][2])
        if fault is not None:
            yield problem_at(file, position, path, fault)
            return
        for doubt in certificate_doubts(
            contents[_CERTIFICATE], datetime.now(UTC), beyond_loopback=_is_beyond_loopback(tree)
        ):
            yield problem_at(file, position, path, doubt, Severity.WARNING)


def certificate_doubts(pem: bytes, now: datetime, *, beyond_loopback: bool) -> Iterator[str]:
    """Yield why browsers would refuse this certificate, now or soon; its chain may follow it."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except ValueError:
        return  # OpenSSL reads more than this; then there is nothing to say
    if now < begins:
        yield _("the certificate is not valid before {begins}").format(begins=f"{begins:%Y-%m-%d}")
    if now > ends:
        message = _("the certificate has expired on {ends}: browsers refuse it; renew it")
        yield message.format(ends=f"{ends:%Y-%m-%d}")
    elif ends - now < EXPIRY_NEAR:
        days = (ends - now).days
        yield ngettext(
            "the certificate expires in {count} day, on {ends}; renew it",
            "the certificate expires in {count} days, on {ends}; renew it",
            days,
        ).format(count=days, ends=f"{ends:%Y-%m-%d}")
    if not _names(certificate):
        yield _("the certificate has no name of a server (subjectAltName): browsers refuse it")
    if beyond_loopback and certificate.issuer == certificate.subject:
        yield _("the certificate is signed by itself: browsers refuse it until they are told")


def _names(certificate: x509.Certificate) -> list[str]:
    """Return the names and addresses that the certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]


def _is_beyond_loopback(tree: Node) -> bool:
    for _path, _position, text in texts(tree, _LISTEN):
        try:
            return not ipaddress.ip_address(text).is_loopback
        except ValueError:
            return False
    return False


def _fault(certificate: Path, key: Path) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # an empty password: without one OpenSSL would ask on the terminal, and wait
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or _("not PEM, or the key is encrypted")
        return _("certificate and key cannot be used together: {reason}").format(reason=reason)
    return None
