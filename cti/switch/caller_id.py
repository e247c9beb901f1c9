"""
Who calls, read from the raw SIP From header as data from a stranger.

The header is read raw (`PJSIP_HEADER(read,From)`), where percent signs are still encoded: Asterisk
itself decodes the user part, line breaks and all (a `%0d%0a` there splits AMI and AGI messages).
It is decoded here, where nothing is split. What comes out is short, printable and on one line, and
says whether anything was dropped.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

NUMBER_LENGTH_MAX = 40
NAME_LENGTH_MAX = 80
_NUMBER_CHARACTERS = re.compile(r"[^0-9A-Za-z+*._#-]")
_QUOTED_NAME = re.compile(r'\s*"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ADDRESS = re.compile(r"\s*<?\s*(?P<scheme>sips?|tel):(?P<rest>[^>]*)", re.IGNORECASE)
_END_OF_NUMBER = re.compile("[:;]")


@dataclass(frozen=True, slots=True)
class CallerId:
    """A caller's number and name; empty where withheld. `altered`: characters were dropped."""

    number: str = ""
    name: str = ""
    altered: bool = False


def read_from_header(header: str) -> CallerId:
    r"""Return the caller of a From header such as `"Ann \\"A\\"" <sip:49301234@host>;tag=x`."""
    name = ""
    rest = header
    quoted = _QUOTED_NAME.match(header)
    if quoted is not None:
        name = _ESCAPE.sub(r"\1", quoted.group(1))
        rest = header[quoted.end() :]
    elif "<" in header:
        name, _, address = header.partition("<")
        rest = "<" + address
    return clean_caller_id(_number_in(rest), name.strip())


def _number_in(address: str) -> str:
    """Return the number in a URI, "" without one: `sip:host` names a machine and nobody on it."""
    found = _ADDRESS.match(address)
    if found is None:
        return ""
    user, at, _ = found["rest"].partition("@")
    if not at and found["scheme"].lower() != "tel":
        return ""
    # What follows is a password (RFC 3261, 19.1.1) or parameters (RFC 3966). A + may come as %2B.
    return unquote(_END_OF_NUMBER.split(user, maxsplit=1)[0])


def clean_caller_id(number: str, name: str) -> CallerId:
    """Return number and name reduced to what can be shown, stored and sent anywhere."""
    clean_number = _NUMBER_CHARACTERS.sub("", number)[:NUMBER_LENGTH_MAX]
    clean_name = "".join(map(_harmless, name))[:NAME_LENGTH_MAX].strip()
    if clean_number.lower() in {"anonymous", "unknown"}:
        clean_number = ""
    return CallerId(
        number=clean_number, name=clean_name, altered=(clean_number, clean_name) != (number, name)
    )


def _harmless(character: str) -> str:
    """Drop controls, direction overrides, surrogates and private characters; keep all scripts."""
    category = unicodedata.category(character)
    if category in {"Zl", "Zp"}:
        return " "
    return "" if category[0] == "C" else character
