"""The web server's certificate and key: they must be there, and belong together."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from config.errors import Problem, Severity, UnreadableFileError
from config.files import read_file
from config.nodes import KeyPath, Node, problem_at, texts

PEM_BYTES_MAX = 1_048_576
_CERTIFICATE: KeyPath = ("web", "certificate")
_KEY: KeyPath = ("web", "key")


def unusable_certificate(file: str, tree: Node, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the certificate and the key, where both are given."""
    certificates, keys = list(texts(tree, _CERTIFICATE)), list(texts(tree, _KEY))
    if not certificates or not keys:
        return  # neither, or the model says that one is missing
    readable = True
    for path, position, name in (*certificates, *keys):
        try:
            content = read_file(folder / name, bytes_max=PEM_BYTES_MAX)
        except UnreadableFileError as error:
            readable = False
            yield problem_at(file, position, path, f"the file {folder / name} {error}")
        else:
            if path == _KEY and content.world_readable:
                warning = f"everybody on this machine may read it; do: chmod 600 {name}"
                yield problem_at(file, position, path, warning, Severity.WARNING)
    if readable:
        path, position, name = certificates[0]
        fault = _fault(folder / name, folder / keys[0][2])
        if fault is not None:
            yield problem_at(file, position, path, fault)


def _fault(certificate: Path, key: Path) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # an empty password: without one OpenSSL would ask on the terminal, and wait
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or "not PEM, or the key is encrypted"
        return f"certificate and key cannot be used together: {reason}"
    return None
