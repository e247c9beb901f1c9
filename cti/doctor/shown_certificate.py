"""
The certificate that a running daemon shows, beside the one in the file.

The daemon takes a new one up by itself within some seconds, keeps the old one where the new one
cannot be used (expired, not good yet, half written), and starts with whatever the file holds.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from cti.doctor.findings import Finding, warning, wrong
from cti.language import _

SHOWN_S = 1.5
RELOAD = "systemctl reload cordboard"


async def shown_certificate(listen: str, port: int) -> x509.Certificate | None:
    """Return what the daemon's web server shows, or None where it shows nothing."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)  # noqa: S104 - is compared
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what is wrong with it is ours to say
    try:
        async with asyncio.timeout(SHOWN_S):
            _reader, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError):
        return None
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown) if shown else None
    except ValueError:
        return None
    finally:
        writer.transport.abort()


def differing(
    written: x509.Certificate, shown: x509.Certificate | None, path: Path
) -> list[Finding]:
    """Say which is which, where a daemon shows another certificate than the file holds."""
    if shown is None or shown == written:
        return []
    now = datetime.now(tz=UTC)
    if shown.not_valid_after_utc < now:
        return [_shows_an_expired_one(written, shown, path, now)]
    until = _day(shown.not_valid_after_utc)
    if written.not_valid_after_utc < now:
        sentence = _(
            "the file {path} expired on {day}; the running daemon goes on showing the certificate "
            "that it had before, good until {until}: desks connect until then, or until the daemon "
            "is restarted"
        ).format(path=path, day=_day(written.not_valid_after_utc), until=until)
        return [warning(sentence, _put_a_good_one())]
    if written.not_valid_before_utc > now:
        sentence = _(
            "the file {path} is good from {day} only; the running daemon goes on showing the "
            "certificate that it had before, good until {until}"
        ).format(path=path, day=_day(written.not_valid_before_utc), until=until)
        return [
            warning(
                sentence,
                _("on {day}: {reload}").format(
                    day=_day(written.not_valid_before_utc), reload=RELOAD
                ),
            )
        ]
    return [
        warning(
            _(
                "the file {path} is good until {day}, and the running daemon still shows another "
                "certificate, good until {until}"
            ).format(path=path, day=_day(written.not_valid_after_utc), until=until),
            _take_it_up(),
        )
    ]


def _shows_an_expired_one(
    written: x509.Certificate, shown: x509.Certificate, path: Path, now: datetime
) -> Finding:
    expired = _day(shown.not_valid_after_utc)
    if written.not_valid_before_utc <= now < written.not_valid_after_utc:
        return wrong(
            _(
                "the running daemon shows a certificate that expired on {expired}: desks cannot "
                "connect; the file {path} holds another, good until {day}"
            ).format(expired=expired, path=path, day=_day(written.not_valid_after_utc)),
            _take_it_up(),
        )
    return wrong(
        _(
            "the running daemon shows a certificate that expired on {expired}: desks cannot "
            "connect; the file {path} holds another, good from {begins} until {day} only"
        ).format(
            expired=expired,
            path=path,
            begins=_day(written.not_valid_before_utc),
            day=_day(written.not_valid_after_utc),
        ),
        _put_a_good_one(),
    )


def _take_it_up() -> str:
    return _(
        "have the daemon take it up now: {reload} (SIGHUP; no call and no desk is disturbed); if "
        "it does not, its log says why: journalctl -u cordboard -g certificate_refused"
    ).format(reload=RELOAD)


def _put_a_good_one() -> str:
    return _(
        "have it renewed (certbot renew) and put there; the daemon takes it up within seconds, or "
        "at once by: {reload}"
    ).format(reload=RELOAD)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
