"""
Messages that follow from another one: the response to a request, an INVITE's ACK and CANCEL. Pure.

Decides what is copied from where (RFC 3261, sections 8.2.6, 9.1, 17.1.1.3).
"""

from collections.abc import Iterable
from dataclasses import replace

from lab.phone.sip import Headers, Request, Response, tag_of

REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


def respond(
    request: Request,
    status: int,
    *,
    to_tag: str | None = None,
    extra: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Return the response to a request, with what section 8.2.6.2 has it copy."""
    fields = [("Via", via) for via in request.headers.all("Via")]
    if status < 300:  # noqa: PLR2004 - only these establish a dialog, which the route is for
        fields += [("Record-Route", route) for route in request.headers.all("Record-Route")]
    to = request.headers.get("To")
    if to_tag is not None and not tag_of(to):
        to = f"{to};tag={to_tag}"
    fields += [
        ("From", request.headers.get("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.headers.get("CSeq")),
        *extra,
    ]
    return Response(
        status=status,
        reason=REASONS.get(status, "Status"),
        headers=Headers(tuple(fields)),
        body=body,
    )


def ack_of_refusal(invite: Request, response: Response) -> Request:
    """Return the ACK of a refused INVITE: same Via and CSeq number (section 17.1.1.3)."""
    number, _ = invite.cseq
    fields = [("Via", invite.headers.get("Via"))]
    fields += [("Max-Forwards", "70")]
    fields += [("Route", route) for route in invite.headers.all("Route")]
    fields += [
        ("From", invite.headers.get("From")),
        ("To", response.headers.get("To")),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{number} ACK"),
    ]
    return replace(invite, method="ACK", headers=Headers(tuple(fields)), body=b"")


def cancel_of(invite: Request) -> Request:
    """Return the CANCEL of an INVITE: same Via and CSeq number (section 9.1)."""
    number, _ = invite.cseq
    fields = [("Via", invite.headers.get("Via")), ("Max-Forwards", "70")]
    fields += [("Route", route) for route in invite.headers.all("Route")]
    fields += [(name, invite.headers.get(name)) for name in ("From", "To", "Call-ID")]
    fields.append(("CSeq", f"{number} CANCEL"))
    return replace(invite, method="CANCEL", headers=Headers(tuple(fields)), body=b"")
