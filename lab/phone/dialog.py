"""
A dialog: what two parties of a call remember so that their requests belong together.

RFC 3261, section 12. Decides how a request inside a call is addressed and numbered, and where it
is sent; knows no sockets, no audio and no state of the call.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lab.phone import sip
from lab.phone.datagrams import Address
from lab.phone.sip import Headers, Message, Request

SIP_PORT = 5060
PORT_MAX = 65_535
_NUMERIC_HOST = re.compile(r"sips?:(?:[^@]*@)?([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::([0-9]{1,5}))?")

Fields = Iterable[tuple[str, str]]


def address_of(uri: str, otherwise: Address) -> Address:
    """Return where a URI with a numeric host points; names are not looked up, `otherwise` is it."""
    match = _NUMERIC_HOST.match(uri)
    if match is None or int(match[2] or SIP_PORT) > PORT_MAX:
        return otherwise
    return match[1], int(match[2] or SIP_PORT)


@dataclass(slots=True, kw_only=True)
class Dialog:
    """
    One side of a dialog.

    Attributes:
        local: our From value in requests, with our tag.
        local_tag: that tag; hostile From values hide it from every parser.
        remote: our To value in requests, with the peer's tag once it is known.
        target: the peer's Contact, the request URI of what we send.
        routes: what stands between, nearest first.
        fallback: where to send when the target names no address; the peer's own as a rule.
        sequence: the number of our last request.
    """

    call_id: str
    local: str
    local_tag: str
    remote: str
    target: str
    fallback: Address
    routes: tuple[str, ...] = ()
    sequence: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag, by which the peer's requests find this dialog."""
        return self.call_id, self.local_tag

    @property
    def destination(self) -> Address:
        """Where requests are sent."""
        first = sip.parse_name_address(self.routes[0]).uri if self.routes else self.target
        return address_of(first, self.fallback)

    def learn(self, message: Message, *, reverse_routes: bool) -> None:
        """Take the peer's Contact, and the route it lays, from what establishes the dialog."""
        self.retarget(message)
        routes = [
            route
            for value in message.headers.all("Record-Route")
            for route in sip.split_list(value)
        ]
        self.routes = tuple(reversed(routes) if reverse_routes else routes)

    def retarget(self, message: Message) -> None:
        """Take the peer's Contact from a message within the dialog (section 12.2)."""
        contact = sip.parse_name_address(message.headers.get("Contact")).uri
        if contact:
            self.target = contact

    def request(
        self,
        method: str,
        via: tuple[str, str],
        *,
        extra: Fields = (),
        body: bytes = b"",
        sequence: int | None = None,
    ) -> Request:
        """Return the next request of the dialog; an ACK takes the `sequence` of its INVITE."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        fields = [
            via,
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{sequence} {method}"),
            *extra,
        ]
        return Request(method=method, uri=self.target, headers=Headers(tuple(fields)), body=body)
