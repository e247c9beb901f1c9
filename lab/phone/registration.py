"""
REGISTER at a server, with digest authentication (RFC 3261, sections 10 and 22).

Decides what is asked for and reads what was granted; knows no calls.
"""

import re
import secrets

from lab.phone import sip
from lab.phone.call import USER_AGENT, Line
from lab.phone.datagrams import Address
from lab.phone.dialog import Dialog
from lab.phone.digest import authorization
from lab.phone.errors import RegistrationFailedError
from lab.phone.sip import Response

_EXPIRES = re.compile(r";\s*expires\s*=\s*([0-9]{1,9})", re.IGNORECASE)


class Registration:
    """A phone's place in a server's register; nothing renews it by itself."""

    def __init__(self, line: Line, *, name: str, server: Address) -> None:
        self._line = line
        self._server = server
        host, port = server
        tag = secrets.token_hex(8)
        us = f"<sip:{name}@{host}:{port}>"
        self._sequence = Dialog(
            call_id=f"{secrets.token_hex(12)}@{line.endpoint.host}",
            local=f"{us};tag={tag}",
            local_tag=tag,
            remote=us,
            target=f"sip:{host}:{port}",
            fallback=server,
        )

    async def register(self, expires_s: int) -> int:
        """
        Ask for a registration of `expires_s` (0 takes it back); return what was granted.

        Raises:
            RegistrationFailedError: the server refused or did not reply.
            SipSyntaxError: its challenge is none that we can answer.
        """
        final = await self._ask(expires_s)
        credentials = self._line.credentials
        if final.status == 401 and credentials is not None:  # noqa: PLR2004 - Unauthorized
            value = authorization(
                final.headers.get("WWW-Authenticate"),
                credentials,
                method="REGISTER",
                uri=self._sequence.target,
                client_nonce=secrets.token_hex(8),
            )
            final = await self._ask(expires_s, ("Authorization", value))
        if final.status >= 300:  # noqa: PLR2004 - refused
            raise RegistrationFailedError(final.status, final.reason)
        return self._granted(final, expires_s)

    async def _ask(self, expires_s: int, *extra: tuple[str, str]) -> Response:
        request = self._sequence.request(
            "REGISTER",
            self._line.endpoint.new_via(),
            extra=[self._line.contact, ("Expires", str(expires_s)), USER_AGENT, *extra],
        )
        return await self._line.endpoint.request(request, self._server).outcome()

    def _granted(self, final: Response, asked_s: int) -> int:
        ours = sip.parse_name_address(self._line.contact[1]).uri
        for value in final.headers.all("Contact"):
            for contact in sip.split_list(value):
                parsed = sip.parse_name_address(contact)
                if parsed.uri == ours and (match := _EXPIRES.search(parsed.parameters)):
                    return int(match[1])
        expires = final.headers.get("Expires")
        return int(expires) if expires.isdecimal() else asked_s
