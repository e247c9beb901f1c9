"""
`/metrics`: who may read the daemon's figures, and what he gets.

The figures name no caller and no agent, but they tell how busy a business is: only the addresses
that the administrator lists may read them. It makes no figures; the daemon passes in who does.
"""

import ipaddress
from collections.abc import Collection
from typing import Final, Protocol

import structlog
from aiohttp import hdrs, web

PROXY_HEADERS: Final = (
    hdrs.FORWARDED,
    hdrs.X_FORWARDED_FOR,
    hdrs.X_FORWARDED_HOST,
    hdrs.X_FORWARDED_PROTO,
    "X-Real-IP",
    hdrs.VIA,
)
"""By these a proxy says that it asks for somebody else, whose address nobody can vouch for."""

log = structlog.get_logger(__name__)


class Figures(Protocol):
    """Who makes the figures."""

    async def page(self, accept: str) -> tuple[str, bytes]:
        """Return content type and text, in the form that `accept` (HTTP's header) asks for."""


async def answer(
    request: web.Request, figures: Figures | None, peers: Collection[str]
) -> web.Response:
    """
    Return the page.

    Raises:
        HTTPForbidden: the client is not one of `peers`, or asks for somebody else.
        HTTPNotFound: nobody makes figures.
    """
    if not may_read(request.remote, request.headers, peers):
        log.warning("metrics_refused", address=request.remote)
        raise web.HTTPForbidden(
            text="only the addresses in web.metrics_peers may read this, and not through a proxy"
        )
    if figures is None:
        raise web.HTTPNotFound(text="there are no figures")
    content_type, text = await figures.page(request.headers.get(hdrs.ACCEPT, ""))
    return web.Response(body=text, headers={hdrs.CONTENT_TYPE: content_type})


def may_read(remote: str | None, headers: Collection[str], peers: Collection[str]) -> bool:
    """
    Tell whether a client may read the figures.

    A request that names somebody behind it is refused whoever sends it: a proxy on this machine
    would lend its own address to the whole internet.
    """
    if remote is None or any(name in headers for name in PROXY_HEADERS):
        return False
    address = _address(remote)
    return address is not None and any(address == _address(peer) for peer in peers)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # a link-local peer has a zone
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
