"""
The certificate that the server shows, and how it changes while connections live.

The files are looked at now and then. A pair that has changed is put into a context of its own, and
only one that a client could be shown becomes the context of the handshakes from then on. The old
context is never changed: connections that stand keep what they have, and a new key of another kind
leaves no old certificate beside it. A pair that cannot be used (half written, certificate and key
of two minds, expired) is named in the log, and the old one stays; it is tried again at each look
until it is whole.
"""

import asyncio
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from agents.errors import CertificateError

FILE_BYTES_MAX: Final = 1024 * 1024
"""A chain of certificates has some kilobytes."""
WRITING_S: Final = 0.5
"""Two files cannot be replaced at one instant: so long a pair may not fit."""
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else."""

log = structlog.get_logger(__name__)

_Signature = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateState:
    """
    How the certificate stands that is shown now.

    `refused` says why the pair that lies on the disk cannot take its place, and is None where it
    has. `loads` and `refusals` count changes since the start, taken over or not.
    """

    expires: datetime
    refused: str | None
    loads: int
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    signature: _Signature
    context: ssl.SSLContext
    begins: datetime
    expires: datetime


class Certificates:
    """One pair of files, and the `context` by which the next handshake shows its certificate."""

    def __init__(
        self, certificate: Path, key: Path, *, now: Callable[[], datetime] | None = None
    ) -> None:
        """
        Read the pair.

        Raises:
            CertificateError: certificate or key cannot be used.
        """
        self._certificate = certificate
        self._key = key
        self._now = now or _wall_clock
        self._looking = asyncio.Lock()
        pair = self._read()
        self._seen = pair.signature
        self.context = pair.context
        self.state = CertificateState(expires=pair.expires, refused=None, loads=1, refusals=0)
        if pair.expires <= self._now():
            # Not to start would take the calls down with the desks.
            log.error("certificate_expired", path=str(certificate), expires=_iso(pair.expires))

    async def look(self) -> None:
        """Take a changed pair over, if it can be used; returns when that is decided."""
        async with self._looking:
            signature = await asyncio.to_thread(self._signature)
            if signature == self._seen and self.state.refused is None:
                return
            try:
                pair = await self._changed(signature)
            except CertificateError as error:
                self._refuse(await asyncio.to_thread(self._signature), error.why)
                return
            self._seen = pair.signature
            self.context = pair.context
            self.state = replace(
                self.state, expires=pair.expires, refused=None, loads=self.state.loads + 1
            )
            log.info("certificate_loaded", path=str(self._certificate), expires=_iso(pair.expires))

    async def _changed(self, signature: _Signature) -> _Pair:
        """Read a pair that has changed; one that may be half written is given a moment."""
        try:
            return await asyncio.to_thread(self._read_valid)
        except CertificateError:
            if signature == self._seen:
                raise  # It had its moment when it was new.
            await asyncio.sleep(WRITING_S)
            return await asyncio.to_thread(self._read_valid)

    async def look_now_and_then(self, every_s: float) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.look()
            except Exception:  # a defect here must not end the looking, nor anything else
                log.exception("certificate_look_failed", path=str(self._certificate))

    def _refuse(self, signature: _Signature, why: str) -> None:
        if signature == self._seen and why == self.state.refused:
            return  # Said already.
        self._seen = signature
        self.state = replace(self.state, refused=why, refusals=self.state.refusals + 1)
        log.error(
            "certificate_refused",
            path=str(self._certificate),
            reason=why,
            kept_expires=_iso(self.state.expires),
        )

    def _signature(self) -> _Signature:
        """Return what changes with the files, also where a link is turned to another one."""
        found = []
        for path in (self._certificate, self._key):
            try:
                status = path.stat()
            except OSError as error:
                found.append((error.errno or 0, 0, 0, 0))
            else:
                found.append((status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(found)

    def _read_valid(self) -> _Pair:
        """Read the pair, and see that it is valid just now."""
        pair, now = self._read(), self._now()
        if pair.expires <= now:
            raise CertificateError(self._certificate, f"it expired at {_iso(pair.expires)}")
        if pair.begins > now:
            raise CertificateError(self._certificate, f"it is not valid before {_iso(pair.begins)}")
        return pair

    def _read(self) -> _Pair:
        """Read the pair; files that change meanwhile are seen to have changed by the next look."""
        context, signature = _context(), self._signature()
        try:
            for path in (self._certificate, self._key):
                _check_file(path)
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
            first, *_ = x509.load_pem_x509_certificates(self._certificate.read_bytes())
        except (OSError, ValueError, x509.InvalidVersion, _KeyEncryptedError) as error:
            raise CertificateError(self._certificate, _explained(error)) from error
        return _Pair(
            signature=signature,
            context=context,
            begins=first.not_valid_before_utc,
            expires=first.not_valid_after_utc,
        )


class _KeyEncryptedError(Exception):
    """The key has a password; OpenSSL would ask for it on the terminal."""


def _no_password() -> str:
    raise _KeyEncryptedError


def _check_file(path: Path) -> None:
    """Raise ValueError for what would hold the reader up, or is too much for it."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path} is no file")
    if status.st_size > FILE_BYTES_MAX:
        raise ValueError(f"{path} is longer than {FILE_BYTES_MAX} bytes")


def _explained(error: Exception) -> str:
    """Return what is wrong, for the operator; OpenSSL's own words tell of its source's lines."""
    match error:
        case _KeyEncryptedError():
            return "the key is encrypted: the daemon needs one without a password"
        case ssl.SSLError(reason="KEY_VALUES_MISMATCH"):
            return "the key belongs to another certificate"
        case ssl.SSLError():
            return f"certificate or key is no whole PEM file ({error.reason or 'unreadable'})"
        case OSError():
            return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        case _:
            return str(error).splitlines()[0]


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # A resumed session would not be shown a new certificate; desks stay connected for hours anyway.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    return context


def _wall_clock() -> datetime:
    return datetime.now(UTC)


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
