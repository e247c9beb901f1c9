"""
Digest authentication of SIP requests (RFC 2617, as RFC 3261 uses it): MD5, with and without qop.

Pure; knows neither the transaction nor the user's other secrets.
"""

import hashlib
import re
from dataclasses import dataclass, field

from lab.phone.errors import SipSyntaxError

_PARAMETER = re.compile(r'([A-Za-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_NONCE_COUNT = "00000001"
"""Each challenge is used for one request, so its count is always the first."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to the server; the password is not shown."""

    user: str
    password: str = field(repr=False)


def authorization(
    challenge: str, credentials: Credentials, *, method: str, uri: str, client_nonce: str
) -> str:
    """
    Return the value of Authorization (or Proxy-Authorization) that answers a challenge.

    Raises:
        SipSyntaxError: the challenge is not Digest, or wants an algorithm other than MD5.
    """
    scheme, _, rest = challenge.strip().partition(" ")
    asked = {match[1].lower(): match[2] or match[3] or "" for match in _PARAMETER.finditer(rest)}
    if scheme.lower() != "digest" or not {"realm", "nonce"} <= asked.keys():
        raise SipSyntaxError(f"not a digest challenge: {challenge[:80]!r}")
    if asked.get("algorithm", "MD5").upper() != "MD5":
        raise SipSyntaxError(f"not MD5: {asked['algorithm']!r}")
    with_qop = "auth" in [choice.strip() for choice in asked.get("qop", "").split(",")]
    secret = _md5(f"{credentials.user}:{asked['realm']}:{credentials.password}")
    parts = [secret, asked["nonce"]]
    if with_qop:
        parts += [_NONCE_COUNT, client_nonce, "auth"]
    parts.append(_md5(f"{method}:{uri}"))
    answer = [
        f'username="{credentials.user}"',
        f'realm="{asked["realm"]}"',
        f'nonce="{asked["nonce"]}"',
        f'uri="{uri}"',
        f'response="{_md5(":".join(parts))}"',
        "algorithm=MD5",
    ]
    if with_qop:
        answer += ["qop=auth", f"nc={_NONCE_COUNT}", f'cnonce="{client_nonce}"']
    if "opaque" in asked:
        answer.append(f'opaque="{asked["opaque"]}"')
    return "Digest " + ", ".join(answer)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
