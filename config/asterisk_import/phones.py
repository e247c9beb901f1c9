"""Finds the phone behind a member: a PJSIP endpoint, which is all that Cordboard rings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.asterisk_import.dialplan import Dialplan
from config.asterisk_import.place import shown
from config.values import RESERVED_PREFIXES, RESERVED_SECTIONS
from cti.language import _

_PHONE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FREEPBX_CONTEXTS: Final = ("from-queue", "from-internal", "ext-local", "from-did-direct")
"""Where FreePBX has its extensions; each is a PJSIP endpoint of the same name there."""
EXTENSION_DIGITS_MAX = 6
"""A longer number in FreePBX's own contexts is taken for one outside the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    A member's phone.

    `agent` is his section in agents.conf, if that is how he was found; `remark` says what must be
    looked at, and `old` that the member still is one of chan_sip.
    """

    phone: str
    agent: str = ""
    remark: str = ""
    old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No phone; why, and what to do."""

    why: str


class Phones:
    """Finds phones by members' lines, by agents.conf and by the dialplan if there is one."""

    def __init__(self, agents: Mapping[str, str], dialplan: Dialplan | None) -> None:
        self._agents = agents
        self._dialplan = dialplan

    def find(self, interface: str, state: str, *, named: bool) -> Found | Unknown:
        """Return a member's phone, by his interface and his state interface."""
        technology, _slash, rest = interface.partition("/")
        match technology.lower():
            case "pjsip" | "sip":
                return _endpoint(interface)
            case "agent":
                return self._agent(rest)
            case "local":
                return self._local(rest, state, named=named)
        return Unknown(
            why=_(
                "{technology} channels cannot be agents' phones here; give him a PJSIP phone and "
                "write him into agents.yaml"
            ).format(technology=shown(technology or interface))
        )

    def _agent(self, agent: str) -> Found | Unknown:
        found = _phone(agent)
        if isinstance(found, Unknown):
            return found
        if agent in self._agents:
            remark = _("logged in from any phone (agents.conf); write the phone that he sits at")
        else:
            remark = _("stands in no agents.conf that was read; write the phone that he sits at")
        return Found(phone=found.phone, agent=agent, remark=remark)

    def _local(self, rest: str, state: str, *, named: bool) -> Found | Unknown:
        number, _at, context = rest.partition("@")
        context = context.partition("/")[0] or "default"
        kind, _separator, device = state.replace(":", "/", 1).partition("/")
        if kind.lower() in {"pjsip", "sip"}:
            return _endpoint(state)
        if kind.lower() == "agent":
            return self._agent(device)
        if kind.lower() == "hint":
            number, _at, at_context = device.partition("@")
            return self._by_number(number, at_context or "default", hinted=True)
        return self._by_number(number, context, hinted=named)

    def _by_number(self, number: str, context: str, *, hinted: bool) -> Found | Unknown:
        """Look a number up in the dialplan, and else go by what FreePBX means with it."""
        if self._dialplan is not None:
            device = self._dialplan.hint(number, context) or self._dialplan.dials(number, context)
            if device is not None:
                found = _endpoint(device)
                if isinstance(found, Found):
                    return found
        if context in _FREEPBX_CONTEXTS and number.isascii() and number.isdigit():
            if hinted or len(number) <= EXTENSION_DIGITS_MAX:
                return _phone(number)
            return Unknown(
                why=_("seems to be a number outside the house; agents have PJSIP phones here")
            )
        where = f"{shown(number)}@{shown(context)}"
        return Unknown(
            why=_(
                "which phone {where} rings stands in the dialplan: name it by --extensions, or "
                "write the agent into agents.yaml"
            ).format(where=where)
        )


def _endpoint(interface: str) -> Found | Unknown:
    """Return the phone of `PJSIP/x` or `SIP/x`."""
    technology, _slash, rest = interface.partition("/")
    old = technology.lower() == "sip"
    if not old and technology.lower() != "pjsip":
        return Unknown(why=_("is no PJSIP endpoint"))
    name = rest.partition("/")[0]
    if "@" in name or "/" in rest:
        return Unknown(
            why=_("dials out through {name}; agents have PJSIP phones here").format(
                name=shown(name.rpartition("@")[2])
            )
        )
    found = _phone(name)
    return Found(phone=found.phone, old=True) if old and isinstance(found, Found) else found


def _phone(name: str) -> Found | Unknown:
    fits = _PHONE.fullmatch(name) and name.lower() not in RESERVED_SECTIONS
    if not fits or name.lower().startswith(RESERVED_PREFIXES):
        return Unknown(
            why=_(
                "{name} is no name that a phone can have here (1 to 40 of A-Z a-z 0-9 _ -); give "
                "the endpoint another one"
            ).format(name=shown(name) or "?")
        )
    return Found(phone=name)
