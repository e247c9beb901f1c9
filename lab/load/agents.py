"""The agents' side of a load: phones that register, ring, answer, and hang up after their talk."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from lab.load.link import Link, silent_socket
from lab.load.times import Visit
from lab.load.wire import (
    Request,
    address,
    header,
    response,
    session_description,
    status,
    user,
)
from lab.phone.digest import Credentials, authorization
from lab.ports import LOOPBACK

EXPIRES_S: Final = 7_200
REGISTER_S_MAX: Final = 20.0
_OK: Final = 200
_UNAUTHORIZED: Final = 401


class AgentsError(Exception):
    """The agents' phones cannot be registered."""


@dataclass(slots=True)
class _Ringing:
    """A call at a phone, by its Call-ID, until it is over."""

    invite: bytes
    visit: Visit
    said: bytes = b""
    talking: bool = False


class Agents:
    """
    Many phones at one socket; `visits` holds every call that rang one of them.

    Each rings at once, answers after `answer_s`, and hangs up when `talk_s` of the caller's number
    is over.
    """

    def __init__(
        self, server: tuple[str, int], *, answer_s: float, talk_s: Callable[[str], float]
    ) -> None:
        self.visits: list[Visit] = []
        self.repeated_to_us = 0
        self.link = Link(server, self._take)
        self._server = f"{server[0]}:{server[1]}"
        self._sink = silent_socket()
        self._description = session_description(self._sink.getsockname()[1])
        self._answer_s = answer_s
        self._talk_s = talk_s
        self._ringing: dict[str, _Ringing] = {}
        self._registering: dict[str, asyncio.Future[bytes]] = {}

    def close(self) -> None:
        """Leave; calls that still run are left as they are."""
        self.link.close()
        self._sink.close()

    async def register(self, passwords: Mapping[str, str]) -> None:
        """
        Register every phone by its password.

        Raises:
            AgentsError: one of them was refused, or Asterisk did not answer.
        """
        try:
            async with asyncio.timeout(REGISTER_S_MAX):
                for name, password in passwords.items():
                    await self._register(name, Credentials(name, password))
        except TimeoutError:
            raise AgentsError("Asterisk does not answer REGISTER") from None

    async def _register(self, name: str, credentials: Credentials) -> None:
        call_id, uri = secrets.token_hex(8), f"sip:{self._server}"
        answer = await self._ask_register(name, call_id, 1, "")
        if status(answer) == _UNAUTHORIZED:
            challenge = header(answer, b"WWW-Authenticate").decode()
            value = authorization(
                challenge,
                credentials,
                method="REGISTER",
                uri=uri,
                client_nonce=secrets.token_hex(8),
            )
            answer = await self._ask_register(name, call_id, 2, f"Authorization: {value}\r\n")
        if status(answer) != _OK:
            raise AgentsError(f"{name} may not register: {answer[:40]!r}")

    async def _ask_register(self, name: str, call_id: str, number: int, extra: str) -> bytes:
        us = f"<sip:{name}@{self._server}>"
        contact = f"<sip:{name}@{LOOPBACK}:{self.link.port}>"
        request = Request(
            method="REGISTER",
            target=f"sip:{self._server}",
            port=self.link.port,
            branch=f"{call_id}{number}",
            sender=f"{us};tag={call_id}",
            receiver=us,
            call_id=call_id,
            number=number,
            extra=f"Expires: {EXPIRES_S}\r\n{extra}",
        )
        # A phone is rung by the name in its contact, which a request elsewhere does not need.
        message = request.encode().replace(
            f"<sip:load@{LOOPBACK}:{self.link.port}>".encode(), contact.encode()
        )
        transaction = f"{call_id} {number} REGISTER"
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._registering[transaction] = answered
        self.link.send_until_answered(transaction, message)
        try:
            return await answered
        finally:
            del self._registering[transaction]
            self.link.answered(transaction)

    def _take(self, message: bytes, at_ns: int) -> None:
        call_id = header(message, b"Call-ID").decode()
        if status(message):
            transaction = f"{call_id} {header(message, b'CSeq').decode()}"
            self.link.answered(transaction)
            registering = self._registering.get(transaction)
            if registering is not None and not registering.done():
                registering.set_result(message)
            return
        match message[: message.index(b" ")]:
            case b"INVITE":
                self._invited(message, call_id, at_ns)
            case b"ACK":
                self._acknowledged(call_id)
            case b"BYE":
                self._left(message, call_id, at_ns)
            case b"CANCEL":
                self._cancelled(message, call_id, at_ns)
            case _:
                self.link.send(response(message, "200 OK"))

    def _invited(self, message: bytes, call_id: str, at_ns: int) -> None:
        known = self._ringing.get(call_id)
        if known is not None:
            self.repeated_to_us += 1
            self.link.send(known.said)
            return
        agent = user(message[7 : message.index(b" SIP/2.0")].decode())
        number = user(address(header(message, b"From")))
        visit = Visit(agent=agent, number=number, rung_ns=at_ns)
        self.visits.append(visit)
        ringing = self._ringing[call_id] = _Ringing(message, visit)
        contact = f"sip:{agent}@{LOOPBACK}:{self.link.port}"
        ringing.said = response(message, "180 Ringing", tag=call_id, contact=contact)
        self.link.send(ringing.said)
        asyncio.get_running_loop().call_later(self._answer_s, self._answer, call_id, contact)

    def _answer(self, call_id: str, contact: str) -> None:
        ringing = self._ringing.get(call_id)
        if ringing is None:
            return
        ringing.said = response(
            ringing.invite, "200 OK", tag=call_id, contact=contact, body=self._description
        )
        ringing.visit.answered_ns = self.link.send_until_answered(f"{call_id} 200", ringing.said)
        talk_s = self._talk_s(ringing.visit.number)
        asyncio.get_running_loop().call_later(talk_s, self._hang_up, call_id)

    def _acknowledged(self, call_id: str) -> None:
        self.link.answered(f"{call_id} 200")
        if call_id in self._ringing:
            self._ringing[call_id].talking = True

    def _hang_up(self, call_id: str) -> None:
        ringing = self._ringing.pop(call_id, None)
        if ringing is None:
            return
        self.link.answered(f"{call_id} 200")
        invite = ringing.invite
        request = Request(
            method="BYE",
            target=address(header(invite, b"Contact")),
            port=self.link.port,
            branch=f"{call_id}b",
            sender=f"{header(invite, b'To').decode()};tag={call_id}",
            receiver=header(invite, b"From").decode(),
            call_id=call_id,
            number=1,
        )
        ringing.visit.left_ns = self.link.send_until_answered(f"{call_id} 1 BYE", request.encode())

    def _left(self, message: bytes, call_id: str, at_ns: int) -> None:
        self.link.send(response(message, "200 OK"))
        ringing = self._ringing.pop(call_id, None)
        if ringing is not None:
            self.link.answered(f"{call_id} 200")
            ringing.visit.left_ns = at_ns

    def _cancelled(self, message: bytes, call_id: str, at_ns: int) -> None:
        self.link.send(response(message, "200 OK"))
        ringing = self._ringing.pop(call_id, None)
        if ringing is not None:
            ringing.visit.left_ns = at_ns
            self.link.send(response(ringing.invite, "487 Request Terminated", tag=call_id))
