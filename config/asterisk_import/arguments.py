"""How Asterisk takes values apart: application arguments, truth values, whole numbers."""

import re

_TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE = frozenset({"no", "false", "n", "f", "0", "off"})
_WHOLE = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]{1,18})", re.ASCII)


def truth(text: str) -> bool | None:
    """Return what ast_true and ast_false make of a value; None: neither."""
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    return False if lowered in _FALSE else None


def whole(text: str) -> int:
    """Return what C's atoi makes of a value: the digits that it begins with, or 0."""
    match = _WHOLE.match(text)
    return int(match[1]) if match else 0


def split_arguments(text: str, most: int) -> list[str]:
    """
    Split an application's arguments at commas, as AST_STANDARD_APP_ARGS does.

    Commas within quotes, brackets and parentheses do not count; quotes and backslashes go. The
    last of `most` arguments takes the rest as it is.
    """
    arguments: list[str] = []
    at = 0
    ended_by_comma = False
    paren = bracket = 0
    quoted = False
    while at < len(text) and len(arguments) < most - 1:
        argument: list[str] = []
        ended_by_comma = False
        while at < len(text):
            mark = text[at]
            at += 1
            if mark == '"':
                quoted = not quoted
                continue
            if mark == "\\":
                argument.append(text[at : at + 1])
                at += 1
                continue
            if mark == "," and not paren and not quoted and not bracket:
                ended_by_comma = True
                break
            if mark in "()":
                paren = paren + 1 if mark == "(" else max(0, paren - 1)
            elif mark in "[]":
                bracket = bracket + 1 if mark == "[" else max(0, bracket - 1)
            argument.append(mark)
        arguments.append("".join(argument))
    if at < len(text) or ended_by_comma:
        arguments.append(text[at:])
    return arguments
