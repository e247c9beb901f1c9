"""
Makes names that can stand in our files out of names that cannot.

A name depends on its original alone, and on whether others are like it, never on the order: adding
a queue leaves the names of the others as they are. What is right already stays. Where letters were
lost, the name was too long, or two would be alike, six digits of the original's SHA-256 stand
behind it.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

NAME_MAX = 40
DIGITS = 6
SPOKEN_MAX = 80
_RIGHT = re.compile(r"[a-z0-9_-]{1,40}")
_OTHERS = re.compile(r"[^a-z0-9_-]+")


def safe_names(originals: Iterable[str], kind: str) -> dict[str, str]:
    """Return a name for each original, no two alike; `kind` stands where nothing is left of it."""
    wanted = {original: _cleaned(original) for original in dict.fromkeys(originals)}
    taken = {original for original in wanted if _RIGHT.fullmatch(original)}
    counts = Counter(name for name, _lossy in wanted.values())
    names: dict[str, str] = {}
    for original, (name, lossy) in wanted.items():
        if original in taken:
            names[original] = original
        elif name and not lossy and counts[name] == 1:
            names[original] = name
        else:
            names[original] = _marked(original, name or kind)
    return names


def spoken_name(text: str) -> str:
    """Return a name that people read: printable, on one line, not too long; empty if none is."""
    said = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(said.split())[:SPOKEN_MAX].strip()


def _cleaned(original: str) -> tuple[str, bool]:
    """Return what is left of a name, and whether letters were lost."""
    spread = unicodedata.normalize("NFKD", original.casefold())
    plain = "".join(one for one in spread if not unicodedata.combining(one))
    lossy = any(one.isalnum() and not one.isascii() for one in plain)
    name = _OTHERS.sub("-", plain).strip("-")
    return name, lossy or len(name) > NAME_MAX


def _marked(original: str, name: str) -> str:
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{name[: NAME_MAX - DIGITS - 1].rstrip('-')}-{digest}"
