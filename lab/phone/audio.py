"""
Offer and answer of one call: which way its audio flows, and who holds whom (RFC 3264).

Steers the call's `Media` by what both sides said; knows no SIP.
"""

import asyncio
import secrets

from lab.phone import sdp
from lab.phone.errors import SdpSyntaxError
from lab.phone.media import Media
from lab.phone.sdp import Direction, SessionDescription

_NOWHERE = "0.0.0.0"  # noqa: S104 - no address to bind: the old way to say hold (RFC 2543)


class Audio:
    """What was agreed on the audio of a call, and what is now."""

    def __init__(self, media: Media, host: str) -> None:
        self.direction = Direction.SENDRECV
        """What we said last."""
        self.held_by_peer = asyncio.Event()
        self.retrieved_by_peer = asyncio.Event()
        self.retrieved_by_peer.set()
        self._media = media
        self._host = host
        self._session_id = secrets.randbelow(1 << 31)
        self._version = 1
        self._holding = False

    def hold(self, *, holding: bool) -> None:
        """Hold the peer, or take it back: a held one gets silence from us."""
        self._holding = self._media.muted = holding

    def describe(self, direction: Direction) -> bytes:
        """Return our description, with a new version if it says something new."""
        if direction is not self.direction:
            self.direction = direction
            self._version += 1
        ours = sdp.ours(self._host, self._media.port, direction)
        return sdp.build(ours, session_id=self._session_id, version=self._version)

    def answer_to(self, offer: bytes) -> Direction:
        """
        Follow the peer's offer and return the direction to answer with.

        Without an offer that is what we would say first.

        Raises:
            SdpSyntaxError: we cannot talk by that offer; nothing changes.
        """
        if not offer:
            return Direction.SENDONLY if self._holding else Direction.SENDRECV
        peer = sdp.parse(offer)
        self.follow(peer)
        mirrored = peer.direction.mirrored
        if not self._holding:
            return mirrored
        return Direction.SENDONLY if mirrored.sends else Direction.INACTIVE

    def take(self, answer: bytes) -> None:
        """Follow the peer's answer; one that we cannot use changes nothing."""
        try:
            self.follow(sdp.parse(answer))
        except SdpSyntaxError:
            return

    def follow(self, peer: SessionDescription) -> None:
        """Send where the peer wants it, or nothing while it does not listen."""
        held = peer.address == _NOWHERE or not peer.direction.receives
        self._media.paused = held
        if not held and peer.port:
            self._media.send_to((peer.address, peer.port), peer.telephone_event)
        if held:
            self.retrieved_by_peer.clear()
            self.held_by_peer.set()
        else:
            self.held_by_peer.clear()
            self.retrieved_by_peer.set()
