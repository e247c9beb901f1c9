"""
Names and addresses that become sections of the PBX's pjsip.conf: trunks and phones.

Each section's name is there once, and each address belongs to one trunk, or Asterisk would take
one for the other.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final

from config.addresses import Network
from config.errors import Position, Problem
from config.explain import unknown
from config.nodes import ANY, KeyPath, Node, Table, key_position, problem_at, select, texts
from config.references import Trees
from cti.language import _

_MAIN: Final = "cordboard.yaml"
_AGENTS: Final = "agents.yaml"
_PHONES: Final[KeyPath] = ("agents", ANY, "phones", ANY)
_FALLBACK: Final[KeyPath] = ("pbx", ANY, "safety_net", "fallback")


def unknown_fallback(trees: Trees) -> Iterator[Problem]:
    """Yield the safety net's phone where neither an agent nor the list of phones knows it."""
    if _MAIN not in trees or _AGENTS not in trees:
        return
    known = dict.fromkeys(name for _path, _at, name in phone_uses(trees))
    for path, position, name in texts(trees[_MAIN], _FALLBACK):
        if name not in known:
            yield problem_at(_MAIN, position, path, unknown("phone", name, known))


def shared_names(trees: Trees) -> Iterator[Problem]:
    """Yield each trunk whose name a phone has too; capitals do not tell them apart."""
    if _MAIN not in trees:
        return
    phones = {name.lower(): name for _path, _at, name in phone_uses(trees)}
    for path, position, name in _keys(trees[_MAIN], ("pbx", ANY, "trunks")):
        if name.lower() in phones:
            message = _("a phone is called {name} too; both would be one section of pjsip.conf")
            yield problem_at(_MAIN, position, path, message.format(name=f"{name!r:.60}"))


def overlapping_trunks(trees: Trees) -> Iterator[Problem]:
    """Yield each address of a trunk from which another trunk's calls come too."""
    if _MAIN not in trees:
        return
    found: list[tuple[Network, str, Position, KeyPath]] = []
    for path, position, text in texts(trees[_MAIN], ("pbx", ANY, "trunks", ANY, "addresses", ANY)):
        try:
            found.append((ipaddress.ip_network(text), str(path[3]), position, path))
        except ValueError:
            continue  # the model says so
    # in this order a network stands right before all that lie within it
    found.sort(key=lambda one: (one[0].version, int(one[0].network_address), one[0].prefixlen))
    around: list[tuple[Network, str, Position, KeyPath]] = []
    for one in found:
        network, trunk, position, path = one
        while around and not _holds(around[-1][0], network):
            around.pop()
        other = next((outer for outer in around if outer[1] != trunk), None)
        if other is not None:
            message = _("belongs to the trunk {trunk} already, in line {line}").format(
                trunk=f"{other[1]!r:.60}", line=other[2].line
            )
            yield problem_at(_MAIN, position, path, message)
        if not around or around[-1][0] != network:
            around.append(one)  # once each: so many as a prefix has bits at most


def phone_uses(trees: Trees) -> Iterator[tuple[KeyPath, Position, str]]:
    """Yield each place that makes a phone known: in the list of phones, and with agents."""
    if _MAIN in trees:
        yield from _keys(trees[_MAIN], ("pbx", ANY, "phones"))
    if _AGENTS in trees:
        yield from texts(trees[_AGENTS], _PHONES)


def _keys(tree: Node, pattern: KeyPath) -> Iterator[tuple[KeyPath, Position, str]]:
    """Yield each key of the mappings that the pattern leads to."""
    for path, table in select(tree, pattern):
        for name in table.entries if isinstance(table, Table) else ():
            yield (*path, name), key_position(tree, (*path, name)), name


def _holds(outer: Network, inner: Network) -> bool:
    return (
        outer.version == inner.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]
        and outer.broadcast_address >= inner.broadcast_address  # type: ignore[operator]
    )
