"""
Whose web pages may connect. Pure.

Browsers let any page open a websocket to any server and say in `Origin` whose page it is (RFC 6455
section 10.2); other programs send no such header. Origins are compared whole, as text: everything
that is clever about prefixes, suffixes or parsing is somebody's way in.
"""

import re
from collections.abc import Collection, Sequence

# The server's own host is believed only where it is an address or `localhost`: under a name of his
# own, anybody can have his pages loaded "from" this server (DNS rebinding). A server that is known
# by a name has it in `origins`.
_OWN_HOST = re.compile(r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?")


def origin_allowed(
    origins: Sequence[str], *, host: str, secure: bool, allowed: Collection[str]
) -> bool:
    """
    Return whether a request with these `Origin` headers may open a websocket.

    `host` is its `Host` header, `secure` whether it came by TLS, `allowed` the configured origins.
    """
    if not origins:
        return True
    if len(origins) > 1:
        return False
    origin = origins[0]
    if origin in allowed:
        return True
    own = host.lower()
    scheme = "https" if secure else "http"
    return _OWN_HOST.fullmatch(own) is not None and origin == f"{scheme}://{own}"
