"""Warnings about who reaches whom: addresses of Asterisk, desks, trunks and the database."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from config.doubts import MAIN, Read
from config.durations import SECOND
from config.errors import Problem
from config.links import is_ip, is_loopback, is_open, open_database
from config.pbx import Agi, Pbx
from cti.instants import Duration
from cti.language import _

WATCHDOG_SHORT = Duration(2 * SECOND)
WIDE_PREFIXES = {4: 15, 6: 31}
"""A network with no more bits than these is no provider's."""
Doubt = tuple[tuple[str | int, ...], str]


def odd_pbx(read: Read) -> Iterator[Problem]:
    """Yield what keeps Asterisk and us apart, or lets others in."""
    for name, pbx in read.main.pbx.items() if read.main is not None else ():
        for path, message in (*_odd_agi(pbx), *_odd_trunks(pbx)):
            yield read.doubt(MAIN, ("pbx", name, *path), message)


def _odd_agi(pbx: Pbx) -> Iterator[Doubt]:
    agi = pbx.agi
    beyond = [peer for peer in agi.peers if not is_loopback(peer)]
    if is_loopback(agi.listen) and beyond:
        message = _("{peer} cannot reach {listen}, where calls are taken: listen at 0.0.0.0")
        yield ("agi", "peers"), message.format(peer=beyond[0], listen=agi.listen)
    elif not is_loopback(agi.listen) and not beyond:
        message = _("is open to the network, but only this machine is let in (peers)")
        yield ("agi", "listen"), message
    yield from _odd_address(agi, beyond)
    if is_ip(pbx.ami.host) and not is_loopback(pbx.ami.host) and not beyond:
        message = _("Asterisk is at {host}, but only this machine may hand calls in")
        yield ("agi", "peers"), message.format(host=pbx.ami.host)


def _odd_address(agi: Agi, beyond: list[str]) -> Iterator[Doubt]:
    """Yield a warning where another machine is told that we are on its own loopback."""
    if not beyond:
        return
    if agi.address is None:
        if ipaddress.ip_address(agi.listen).is_unspecified:
            message = _("give agi.address too: {peer} cannot know at which address we are")
            yield ("agi", "listen"), message.format(peer=beyond[0])
    elif is_loopback(agi.address.rpartition(":")[0].strip("[]")):
        message = _("{peer} would look for us on its own loopback")
        yield ("agi", "address"), message.format(peer=beyond[0])


def _odd_trunks(pbx: Pbx) -> Iterator[Doubt]:
    for name, trunk in pbx.trunks.items():
        for index, text in enumerate(trunk.addresses):
            network = ipaddress.ip_network(text)
            path = ("trunks", name, "addresses", index)
            if network.prefixlen <= WIDE_PREFIXES[network.version]:
                message = _("is very wide: {count} addresses may send calls in")
                yield path, message.format(count=f"{network.num_addresses:,}")


def odd_web(read: Read) -> Iterator[Problem]:
    """Yield what is wrong with who may connect to the desks' server."""
    if read.main is None:
        return
    web = read.main.web
    for index, origin in enumerate(web.origins):
        host = (urlsplit(origin).hostname or "").rstrip(".")
        if origin.startswith("http://") and not is_loopback(host):
            message = _("is not encrypted: whoever is between can take part; use https://")
            yield read.doubt(MAIN, ("web", "origins", index), message)
    beyond = [peer for peer in web.metrics_peers if not is_loopback(peer)]
    if beyond and is_loopback(web.listen):
        message = _("{peer} cannot reach {listen}, where the server listens")
        message = message.format(peer=beyond[0], listen=web.listen)
        yield read.doubt(MAIN, ("web", "metrics_peers"), message)


def odd_rest(read: Read) -> Iterator[Problem]:
    """Yield what is doubtful about the log, the watchdog and a database that is named openly."""
    if read.main is None:
        return
    if read.main.log.level == "debug":
        message = _("debug is for finding faults: it tells very much, of callers too")
        yield read.doubt(MAIN, ("log", "level"), message)
    if read.main.watchdog.limit < WATCHDOG_SHORT:
        message = _("is short: on a busy machine the daemon would end itself for nothing")
        yield read.doubt(MAIN, ("watchdog", "limit"), message)
    url = read.main.database.url
    if isinstance(url, str) and is_open(url):
        yield read.doubt(MAIN, ("database", "url"), open_database())
