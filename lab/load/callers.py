"""The callers' side of a load: they dial, press a key in the menu, wait, talk, and are left."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lab.load.link import Link, silent_socket
from lab.load.times import CallTimes, PlannedCall
from lab.load.wire import (
    ALLOW,
    FIRST_SOUND,
    KEY_TYPE,
    SDP_TYPE,
    Request,
    address,
    header,
    key_press,
    response,
    session_description,
    sound_port,
    status,
)
from lab.ports import LOOPBACK

_FINAL: Final = 200
_REFUSED: Final = 300


@dataclass(slots=True)
class _Call:
    times: CallTimes
    call_id: str
    to: str = ""
    target: str = ""
    acknowledgement: bytes = b""


class Callers:
    """Many callers at one socket; `calls` holds what became of each."""

    def __init__(self, server: tuple[str, int], *, service: str, key_after_s: float) -> None:
        self.calls: list[CallTimes] = []
        self.late_s = 0.0
        self.repeated_to_us = 0
        self.link = Link(server, self._take)
        self._server = f"{server[0]}:{server[1]}"
        self._service = service
        self._key_after_s = key_after_s
        self._sink = silent_socket()
        self._description = session_description(self._sink.getsockname()[1])
        self._run = secrets.token_hex(6)
        self._open: dict[str, _Call] = {}
        self._over = asyncio.Event()
        self._over.set()

    def close(self) -> None:
        """Leave; calls that still run are left as they are."""
        self.link.close()
        self._sink.close()

    async def dial(self, plan: Sequence[PlannedCall]) -> None:
        """Make the calls of a plan, each at its time; returns when the last was begun."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for planned in plan:
            ahead = began + planned.at_s - loop.time()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self.late_s = max(self.late_s, loop.time() - began - planned.at_s)
            self._dial(planned)

    async def all_over(self, within_s: float) -> bool:
        """Wait until every call has ended; those that have not are hung up, and it is False."""
        try:
            async with asyncio.timeout(within_s):
                await self._over.wait()
        except TimeoutError:
            for call in tuple(self._open.values()):
                self._forget(call)
            return False
        return True

    def _dial(self, planned: PlannedCall) -> None:
        call = _Call(CallTimes(plan=planned), f"{self._run}-{planned.number}")
        self.calls.append(call.times)
        self._open[call.call_id] = call
        self._over.clear()
        call.to = f"<sip:{self._service}@{self._server}>"
        call.target = f"sip:{self._service}@{self._server}"
        invite = self._request(call, "INVITE", 1, SDP_TYPE, self._description)
        call.times.dialled_ns = self.link.send_until_answered(f"{call.call_id} 1 INVITE", invite)

    def _request(
        self, call: _Call, method: str, number: int, kind: str = "", body: str = ""
    ) -> bytes:
        caller = call.times.plan.number
        return Request(
            method=method,
            target=call.target,
            port=self.link.port,
            branch=f"{call.call_id}{method}",
            sender=f"<sip:{caller}@{LOOPBACK}:{self.link.port}>;tag={caller}",
            receiver=call.to,
            call_id=call.call_id,
            number=number,
            kind=kind,
            body=body,
            extra=ALLOW if method == "INVITE" else "",
        ).encode()

    def _take(self, message: bytes, at_ns: int) -> None:
        call_id = header(message, b"Call-ID").decode()
        call = self._open.get(call_id)
        code = status(message)
        if not code:
            if message.startswith(b"BYE "):
                self.link.send(response(message, "200 OK"))
                self._left(call, at_ns)
            elif not message.startswith(b"ACK "):
                self.link.send(response(message, "200 OK"))
            return
        sequence = header(message, b"CSeq").decode()
        first = self.link.answered(f"{call_id} {sequence}")
        if call is None or not sequence.endswith(" INVITE") or code < _FINAL:
            return
        if call.acknowledgement:
            self.repeated_to_us += not first
            self.link.send(call.acknowledgement)
            return
        self._answered(call, message, code, at_ns)

    def _answered(self, call: _Call, message: bytes, code: int, at_ns: int) -> None:
        call.to = header(message, b"To").decode()
        if code >= _REFUSED:
            call.times.refused = code
            self.link.send(self._request(call, "ACK", 1))
            self._end(call)
            return
        call.times.answered_ns = at_ns
        call.target = address(header(message, b"Contact"))
        call.acknowledgement = self._request(call, "ACK", 1)
        self.link.send(call.acknowledgement)
        # Asterisk's Answer() waits half a second for a caller's first sound.
        with contextlib.suppress(OSError):
            self._sink.sendto(FIRST_SOUND, (LOOPBACK, sound_port(message)))
        asyncio.get_running_loop().call_later(self._key_after_s, self._press, call)

    def _press(self, call: _Call) -> None:
        if call.call_id in self._open:
            info = self._request(call, "INFO", 2, KEY_TYPE, key_press(call.times.plan.key))
            pressed = self.link.send_until_answered(f"{call.call_id} 2 INFO", info)
            call.times.keyed_ns = pressed

    def _left(self, call: _Call | None, at_ns: int) -> None:
        if call is not None:
            call.times.ended_ns = at_ns
            self._end(call)

    def _forget(self, call: _Call) -> None:
        """Give a call up: hang up if it was answered, and count it as not ended."""
        if call.acknowledgement:
            bye = self._request(call, "BYE", 3)
            self.link.send_until_answered(f"{call.call_id} 3 BYE", bye)
        else:
            self.link.answered(f"{call.call_id} 1 INVITE")
        self._end(call)

    def _end(self, call: _Call) -> None:
        del self._open[call.call_id]
        if not self._open:
            self._over.set()
