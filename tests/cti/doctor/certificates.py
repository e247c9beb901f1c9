"""Certificates for tests, as an authority would sign them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def new_certificate(
    folder: Path,
    *,
    begins: timedelta = timedelta(days=-30),
    ends: timedelta = timedelta(days=60),
    names: tuple[str, ...] = ("desk.example.com",),
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None,
    called: str = "web",
) -> tuple[Path, Path]:
    """Write a certificate and its key, signed by an issuer or by itself; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(called)
    by, signing = issuer or (subject, key)
    now = datetime.now(tz=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    certificate_file, key_file = folder / f"{called}.pem", folder / f"{called}.key"
    certificate = builder.sign(signing, hashes.SHA256())
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def authority() -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    """Return an authority that nobody knows."""
    return _name("an authority"), ec.generate_private_key(ec.SECP256R1())
