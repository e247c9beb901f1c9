"""
What may stand in a file of Asterisk's.

Everything that comes from YAML is data. In a configuration file of Asterisk's a semicolon begins a
comment, a bracket a section, a `#` at a line's beginning a directive (`#exec` runs a program), and
in the dialplan a comma, a brace or a dollar sign means something. No value that could hold one is
escaped: it is refused, with what to write instead.
"""

import ipaddress
import re
from collections.abc import Mapping

from config.secrets import AMI_SECRET
from cti.language import _

PORT_MAX = 65_535
NETWORKS_MAX = 200
"""Addresses of one trunk, or of the daemon."""


class UnfitValueError(ValueError):
    """A value that cannot stand in a file of Asterisk's; the message says what to do about it."""


NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
SERVICE = re.compile(r"\+?[0-9*#]{1,20}")
USER = re.compile(r"[A-Za-z0-9_.@-]{1,80}")
SOUND = re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9_./-]{0,99}")
SECRET = AMI_SECRET
FOLDER = re.compile(r"/[A-Za-z0-9_.,@+=~/ -]{0,399}")
DEVICE = re.compile(r"(PJSIP/[A-Za-z0-9_-]{1,40})?")
ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9][A-Za-z0-9._-]{0,252}):(?P<port>[0-9]{1,5})"
)

_WORDS: Mapping[re.Pattern[str], str] = {
    NAME: _("1 to 40 letters, digits, - or _"),
    SERVICE: _("1 to 20 digits, * or #, perhaps after a +"),
    USER: _("1 to 80 letters, digits, - _ . or @"),
    SOUND: _("the name of a sound of Asterisk's, without its ending"),
    SECRET: _("1 to 200 visible characters of ASCII, no blank and no semicolon"),
    FOLDER: _("an absolute path of letters, digits, blanks and - _ . , @ + = ~"),
    DEVICE: _("a phone such as PJSIP/a1"),
}


def fit(what: str, value: str, pattern: re.Pattern[str]) -> str:
    """
    Return the value, which matches the pattern from end to end.

    Raises:
        UnfitValueError: it does not. A secret is never shown.
    """
    if pattern.fullmatch(value):
        return value
    shown = _("this one is not shown") if pattern is SECRET else ascii(value[:80])
    raise UnfitValueError(
        _("{what} must be {allowed}: {value}").format(
            what=what, allowed=_WORDS[pattern], value=shown
        )
    )


def daemon_address(what: str, value: str) -> str:
    """
    Return `host:port` of the daemon, as the dialplan may have it.

    Raises:
        UnfitValueError: it is none, or none that anybody can connect to.
    """
    found = ADDRESS.fullmatch(value)
    if found is None or not 0 < int(found["port"]) <= PORT_MAX or _is_wildcard(found["host"]):
        raise UnfitValueError(
            _(
                "{what}: Asterisk cannot reach the daemon at {value}; write host:port, as "
                "Asterisk has to call it, as `address` under `agi` in cordboard.yaml"
            ).format(what=what, value=ascii(value[:80]))
        )
    return value


def network(what: str, value: str) -> str:
    """
    Return an IP address or network in its usual form, such as 203.0.113.7 or 203.0.113.8/29.

    Raises:
        UnfitValueError: it is none, or it holds the whole world.
    """
    try:
        parsed = ipaddress.ip_network(value, strict=False)
    except ValueError:
        parsed = None
    if parsed is None or "%" in value or parsed.prefixlen == 0:
        raise UnfitValueError(
            _("{what} must be an IP address or network such as 203.0.113.8/29: {value}").format(
                what=what, value=ascii(value[:80])
            )
        )
    return str(parsed.network_address) if parsed.prefixlen == parsed.max_prefixlen else str(parsed)


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return host.startswith("[") or re.fullmatch(r"[0-9.]+", host) is not None
