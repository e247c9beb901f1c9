"""Which of two program versions is the newer one; text that is no version is neither."""

import re

_RELEASE = re.compile(
    r"(\d{1,9}(?:\.\d{1,9}){0,4})(?:[.-]?[a-z][a-z0-9.+-]*|\+[a-z0-9.-]+)?", re.ASCII
)


def release(version: str) -> tuple[int, ...] | None:
    """Return a version's numbers without zeros at the end; None where it has none."""
    match = _RELEASE.fullmatch(version)
    if match is None:
        return None
    numbers = [int(number) for number in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def is_newer(version: str, than: str) -> bool:
    """Tell whether the one is a later release; previews of a release are taken for it."""
    one, other = release(version), release(than)
    return one is not None and other is not None and one > other
