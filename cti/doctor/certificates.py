"""The web server's certificate: its time, its names, its chain. The key is looked at by `check`."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from cti.doctor.findings import Examination, Finding, ok, warning, wrong
from cti.doctor.shown_certificate import differing, shown_certificate
from cti.language import _

SOON = timedelta(days=21)
"""Let's Encrypt renews thirty days before the end: by now something is amiss."""
NAMES_SHOWN_MAX = 5


async def look_at_certificate(examination: Examination) -> list[Finding]:
    """Look at the certificate that desks are shown."""
    path = examination.configuration.web.certificate
    if path is None:
        return [ok(_("none is configured: desks connect without TLS"))]
    try:
        chain = await asyncio.to_thread(_read_chain, path)
    except (OSError, ValueError) as error:
        return [
            wrong(
                _("{path} holds no certificate: {error}").format(path=path, error=error),
                _("put the certificate and its intermediates there, as PEM"),
            )
        ]
    leaf = chain[0]
    web = examination.configuration.web
    shown = await shown_certificate(web.listen, web.port) if examination.daemon_runs else None
    # one fault, one line: where the two differ, both are told of together
    found = differing(leaf, shown, path) or _time(leaf, path)
    names = _names(leaf)
    if not names:
        found.append(
            wrong(
                _("{path} names no host (subjectAltName): browsers refuse it").format(path=path),
                _("have it made for the names that desks connect to"),
            )
        )
    found += _chain(chain, path)
    until = f"{leaf.not_valid_after_utc:%Y-%m-%d}"
    return found or [
        ok(
            _("good until {until}, for {names}").format(
                until=until, names=", ".join(names[:NAMES_SHOWN_MAX])
            )
        )
    ]


def _read_chain(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def _time(leaf: x509.Certificate, path: Path) -> list[Finding]:
    now = datetime.now(tz=UTC)
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    remedy = _(
        "have it renewed and put it there; a running daemon takes it up without a restart, and "
        "with certbot it is: certbot renew"
    )
    if now > ends:
        return [
            wrong(
                _("{path} expired on {day}: desks cannot connect").format(
                    path=path, day=f"{ends:%Y-%m-%d}"
                ),
                remedy,
            )
        ]
    if now < begins:
        return [
            wrong(
                _("{path} is good from {day} only").format(path=path, day=f"{begins:%Y-%m-%d}"),
                _("look at this machine's clock, or wait"),
            )
        ]
    if ends - now < SOON:
        return [
            warning(
                _("{path} expires on {day}, in {count} days").format(
                    path=path, day=f"{ends:%Y-%m-%d}", count=(ends - now).days
                ),
                remedy,
            )
        ]
    return []


def _chain(chain: Sequence[x509.Certificate], path: Path) -> list[Finding]:
    leaf = chain[0]
    if leaf.issuer == leaf.subject:
        return [
            warning(
                _("{path} is signed by itself: browsers ask before they trust it").format(
                    path=path
                ),
                _("have it signed by an authority, or make it known to every desk"),
            )
        ]
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            return [
                warning(
                    _("in {path} a certificate is not followed by its issuer's").format(path=path),
                    _("put the certificate first, then each intermediate in its order"),
                )
            ]
    if _values(chain[-1].issuer) not in _known_authorities():
        return [
            warning(
                _("{path} does not lead to an authority that this machine knows").format(path=path),
                _(
                    "take the file with the whole chain (certbot: fullchain.pem); an authority of "
                    "your own must be known to every desk"
                ),
            )
        ]
    return []


def _known_authorities() -> set[frozenset[str]]:
    """Return the names of the authorities in this machine's store."""
    return {
        # as ssl parses them: some old ones are not to the taste of stricter parsers
        frozenset(str(pair[-1]) for parts in authority["subject"] for pair in parts)
        for authority in ssl.create_default_context().get_ca_certs()
    }


def _values(name: x509.Name) -> frozenset[str]:
    return frozenset(str(attribute.value) for attribute in name)


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]
