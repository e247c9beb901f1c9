"""
JSON as RFC 8259 and I-JSON (RFC 7493) have it, and not a character more.

`json` from the standard library takes NaN, keeps the last of two equal keys, and makes integers of
any size; each of these has let two readers of one message see two different messages. The text's
size is limited before it comes here; depth and numbers are limited here.
"""

import json
import math
import re
from itertools import accumulate
from typing import Final, NoReturn

DEPTH_MAX: Final = 8
INTEGER_MAX: Final = 2**53 - 1
"""The largest integer that every reader of JSON has exactly (RFC 7493 section 2.2)."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_BRACKETS: Final = re.compile(r"[^\[\]{}]++")
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class StrictJsonError(ValueError):
    """The text is not strict JSON; the message says why, without quoting the text."""


def parse(text: str) -> object:
    """
    Return the value that the text holds.

    Raises:
        StrictJsonError: no JSON, too deep, equal keys, or a number out of range.
    """
    _check_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        # Not its own message in full: that is fine today, but must never come to quote the text.
        raise StrictJsonError(f"not JSON at character {error.pos}: {error.msg}") from None


def _check_depth(text: str) -> None:
    # Hardly any message has more brackets than the limit, and counting them is all it takes.
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return
    brackets = _NOT_BRACKETS.sub("", _STRING.sub("", text))
    if max(accumulate(_STEPS[bracket] for bracket in brackets), default=0) > DEPTH_MAX:
        raise StrictJsonError(f"more than {DEPTH_MAX} levels deep")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("two members of an object have the same name")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise StrictJsonError("NaN and Infinity are not JSON")


def _integer(digits: str) -> int:
    # Length first: reading 60,000 digits takes a time that grows with their square.
    if len(digits) > len(str(-INTEGER_MAX)) or abs(int(digits)) > INTEGER_MAX:
        raise StrictJsonError("an integer beyond 2^53 - 1")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise StrictJsonError("a number too large to be exact")
    return number
