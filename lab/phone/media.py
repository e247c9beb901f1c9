"""
The audio of one call: a tone going out every 20 ms, keys as telephone events, and what comes in.

Packets leave by absolute deadlines, so a late wake-up does not shift those that follow. Received
windows go to the call's `Timeline`. This module knows nothing of SIP.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lab.phone import rtp
from lab.phone.datagrams import Address, DatagramSocket
from lab.phone.errors import CallOverError, DigitsNotAgreedError
from lab.phone.g711 import SAMPLES_PER_SECOND
from lab.phone.moments import NANOSECONDS_PER_SECOND, Moment
from lab.phone.timeline import Timeline
from lab.phone.tones import WINDOW_SAMPLES, ToneDetector, tone_packets

PACKET_S = WINDOW_SAMPLES / SAMPLES_PER_SECOND
BEHIND_S_MAX = 0.2
"""Up to this far behind, missed packets are sent in a burst; beyond, they are left out."""
DIGIT_S = 0.1
DIGIT_PAUSE_S = 0.06
END_PACKETS = 3
"""RFC 4733, section 2.5.1.4: the end of an event is sent three times."""
RTP_BYTES_MAX = 2_048


@dataclass(frozen=True, slots=True)
class Digit:
    """A key that the peer pressed: when its report first came, and how long it was held."""

    digit: str
    at: Moment
    duration_s: float


@dataclass(slots=True, eq=False)
class _KeyPress:
    digit: str
    event_type: int
    packets: int
    pause: int
    sent: asyncio.Future[None]
    done: int = 0
    timestamp: int = 0


class Media:
    """
    One RTP socket on an even port, receiving from the start and sending once told where to.

    Args:
        host: the local address.
        detector: which tones to listen for.
        tone_hz: what to send; None is silence.
        on_digit: called for each key the peer pressed, when it is let go.
    """

    def __init__(
        self,
        host: str,
        *,
        detector: ToneDetector,
        tone_hz: int | None,
        on_digit: Callable[[Digit], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listen = detector.listen
        self._on_digit = on_digit
        self._socket = DatagramSocket(
            host, 0, self._received, even_port=True, datagram_bytes_max=RTP_BYTES_MAX
        )
        self.port = self._socket.port
        self.heard = Timeline(detector.tones_hz)
        self.reception = rtp.Reception()
        self.sent = 0
        self.left_out = 0
        """Packets not sent because this process was too late for them."""
        self.muted = False
        self.paused = False
        """Whether nothing is sent at all, as the session's direction may ask."""
        self._tone = tone_packets(tone_hz)
        self._remote: Address | None = None
        self._event_type: int | None = None
        self._presses: deque[_KeyPress] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._ticks = secrets.randbelow(1 << 16)
        self._sequence = secrets.randbelow(1 << 16)
        self._source = secrets.randbits(32)
        self._marker = True
        self._event_began: tuple[int, int] | None = None
        self._event_began_at: Moment | None = None
        self._event_ended: tuple[int, int] | None = None

    def send_to(self, remote: Address, event_type: int | None) -> None:
        """Send to `remote` from now on; `event_type` is its payload type for keys, if any."""
        if self._socket.closed:
            return
        self._remote = remote
        self._event_type = event_type
        if self._timer is None:
            self._deadline = self._loop.time()
            # In the next turn of the loop: the message that agreed to this goes first.
            self._timer = self._loop.call_at(self._deadline, self._tick)

    def send_tone(self, hz: int | None) -> None:
        """Send another tone from the next packet on; None is silence."""
        self._tone = tone_packets(hz)

    async def press(self, digit: str, *, duration_s: float, pause_s: float) -> None:
        """
        Send a key after those already waiting, and then `pause_s` of audio; return when sent.

        Raises:
            ValueError: there is no such key.
            DigitsNotAgreedError: the peer announced no telephone-event.
            CallOverError: the call ended first.
        """
        rtp.build_event(digit, 0, ended=False)
        if self._event_type is None:
            raise DigitsNotAgreedError("the peer takes no telephone events")
        if self._timer is None:
            raise CallOverError("no audio is being sent")
        sent: asyncio.Future[None] = self._loop.create_future()
        packets = max(1, round(duration_s / PACKET_S))
        self._presses.append(
            _KeyPress(digit, self._event_type, packets, round(pause_s / PACKET_S), sent)
        )
        await sent

    def close(self) -> None:
        """Stop sending and receiving, and give the port back; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._socket.close()
        for press in self._presses:
            if not press.sent.done():
                press.sent.set_exception(CallOverError("the call ended before the key was sent"))
        self._presses.clear()

    def _tick(self) -> None:
        now = self._loop.time()
        if now - self._deadline > BEHIND_S_MAX:
            missed = int((now - self._deadline) / PACKET_S)
            self.left_out += missed
            self._ticks += missed
            self._deadline += missed * PACKET_S
        while self._deadline <= now:
            if not self.paused:
                self._send_packet()
            self._ticks += 1
            self._deadline += PACKET_S
        self._timer = self._loop.call_at(self._deadline, self._tick)

    def _send_packet(self) -> None:
        if self._presses and self._send_key(self._presses[0]):
            return
        payload = tone_packets(None)[0] if self.muted else self._tone[self._ticks % len(self._tone)]
        self._emit(rtp.PCMU, self._ticks * WINDOW_SAMPLES, payload, marker=self._marker)
        self._marker = False

    def _send_key(self, press: _KeyPress) -> bool:
        """Send this tick's report of a key; False when the tick belongs to the audio."""
        if press.done == 0:
            press.timestamp = self._ticks * WINDOW_SAMPLES
        press.done += 1
        if press.done > press.packets:
            if press.done >= press.packets + press.pause:
                self._presses.popleft()
                if not press.sent.done():
                    press.sent.set_result(None)
            return False
        ended = press.done == press.packets
        payload = rtp.build_event(press.digit, press.done * WINDOW_SAMPLES, ended=ended)
        for _ in range(END_PACKETS if ended else 1):
            self._emit(press.event_type, press.timestamp, payload, marker=press.done == 1)
        return True

    def _emit(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        if self._remote is None:
            return
        packet = rtp.build_packet(
            payload_type, self._sequence, timestamp, self._source, payload, marker=marker
        )
        self._socket.send(packet, self._remote)
        self._sequence += 1
        self.sent += 1

    def _received(self, data: bytes, _sender: Address, arrived_ns: int) -> None:
        packet = rtp.parse_packet(data)
        if packet is None:
            return
        self.reception.count(packet)
        if packet.payload_type == rtp.PCMU:
            self._received_audio(packet.payload, arrived_ns / NANOSECONDS_PER_SECOND)
        elif packet.payload_type == rtp.TELEPHONE_EVENT:
            self._received_event(packet, arrived_ns)

    def _received_audio(self, payload: bytes, at: float) -> None:
        for start in range(0, len(payload), WINDOW_SAMPLES):
            window = payload[start : start + WINDOW_SAMPLES]
            self.heard.add(
                at + start / SAMPLES_PER_SECOND,
                len(window) / SAMPLES_PER_SECOND,
                self._listen(window),
            )

    def _received_event(self, packet: rtp.RtpPacket, arrived_ns: int) -> None:
        event = rtp.parse_event(packet.payload)
        if event is None:
            return
        # All reports of one key carry the timestamp of its beginning; the end comes three times.
        key = (packet.source, packet.timestamp)
        if key != self._event_began:
            self._event_began = key
            self._event_began_at = Moment.at(arrived_ns)
        if event.ended and key != self._event_ended:
            self._event_ended = key
            began_at = self._event_began_at or Moment.at(arrived_ns)
            self._on_digit(Digit(event.digit, began_at, event.duration / SAMPLES_PER_SECOND))
