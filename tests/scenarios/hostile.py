"""
Callers who mean harm: what they send, and what may be seen of it.

Everything here goes on the wire byte for byte. A caller is either served, and then shown by a
number and a name that are data and stand on one line, or turned away: with a status, or in silence
where pjsip drops what it cannot parse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
CANARY = "4930777"
"""How the numbers of all hostile callers begin that have one: it must stand in no log."""
NUMBER_MAX = 40
NAME_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """
    One caller: how he dials (`Phone.start_call`), and as whom he must be shown.

    On the agent's screen, and in the INVITE at his phone.
    """

    what: str
    dialling: Mapping[str, Any]
    number: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """One who gets nowhere; `status` None is silence."""

    what: str
    dialling: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None


def named(what: str, name: str, shown: str) -> Hostile:
    """Return a caller who is hostile by his display name."""
    number = f"{CANARY}{len(what):02}"
    dialling = {"from_user": number, "display_name": name}
    return Hostile(what=what, dialling=dialling, number=number, name=shown)


def user(what: str, tail: str, shown: str) -> Hostile:
    """Return a caller who is hostile by his number: what stands behind the canary, on the wire."""
    raw_from = f"<sip:{CANARY}{tail}@{HOST}>"
    number = f"{CANARY}{shown}"[:NUMBER_MAX]
    return Hostile(what=what, dialling={"raw_from": raw_from}, number=number)


def header(what: str, raw_from: str | bytes, number: str, name: str = "") -> Hostile:
    """Return a caller whose whole From is unusual."""
    return Hostile(what=what, dialling={"raw_from": raw_from}, number=number, name=name)


def dialled(what: str, uri_user: str, status: int | None) -> TurnedAway:
    """Return one who is hostile by what he dials."""
    uri = f"sip:{uri_user}@{HOST}"
    return TurnedAway(what=what, dialling={"raw_request_uri": uri}, status=status)


def from_header(what: str, raw_from: str | bytes, status: int | None = None) -> TurnedAway:
    """Return one whose From nobody can read."""
    return TurnedAway(what=what, dialling={"raw_from": raw_from}, status=status)


def sends(what: str, name: str, value: str) -> Hostile:
    """Return a caller with a header that a careless switch takes for his number."""
    number = f"{CANARY}90"
    dialling = {"from_user": number, "extra_headers": [(name, value)]}
    return Hostile(what=what, dialling=dialling, number=number)


_EVENT = "%0d%0aEvent%3a%20Hangup"
_AGI_END = "%0a%0a200%20result%3d1"
_PUNCTUATION = "|;,&<>'`*?"

SERVED = (
    named("Chinese", "陈晓", "陈晓"),
    named("quotes", 'He said "hi" \\ back', 'He said "hi" \\ back'),
    named("shell", "${SHELL(id)}", "${SHELL(id)}"),
    named(
        "fetch", "${CURL(http://169.254.169.254/)}$[1/0]", "${CURL(http://169.254.169.254/)}$[1/0]"
    ),
    named("300 bytes of Chinese", "陈" * 100, "陈" * NAME_MAX),
    named("300 letters", "n" * 300, "n" * NAME_MAX),
    named("right to left", "Ann\u202egpj.exe", "Anngpj.exe"),
    named("line separator", "a\u2028Event: Hangup", "a Event: Hangup"),
    named("next line", "a\u0085Event: Hangup", "aEvent: Hangup"),
    named("tab", "a\tb", "ab"),
    named("punctuation", _PUNCTUATION, _PUNCTUATION),
    named("markup", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    named("an address", "x <sip:999@evil>", "x <sip:999@evil>"),
    named("an AGI answer", ") 200 result=1 (x", ") 200 result=1 (x"),
    named("an AGI command", '" EXEC System "id', '" EXEC System "id'),
    named("a last backslash", "abc\\", "abc\\"),
    named("escapes", "\\r\\nAction: Logoff\\n", "\\r\\nAction: Logoff\\n"),
    named("SQL", "'; DROP TABLE calls; --", "'; DROP TABLE calls; --"),
    header("a lone byte in the name", b'"a\x80b" <sip:4930777@h>', CANARY, "a\ufffdb"),
    user("an event's line", _EVENT, "EventHangup"),
    user("an AGI block's end", _AGI_END, "200result1"),
    user("one LF", "%0a1", "1"),
    user("one CR", "%0d1", "1"),
    user("encoded twice", "%250d%250a", ""),
    user("NUL", "%001", "1"),
    user("overlong CR", "%c0%8d", ""),
    user("line separator in a number", "%e2%80%a8", ""),
    user("invalid UTF-8", "%80", ""),
    user("plus", "%2b", "+"),
    user("1,500 digits", "1" * 1500, "1" * 40),
    header("3,000 letters", f'"{"n" * 3000}" <sip:{CANARY}@{HOST}>', CANARY),
    Hostile(
        what="anonymous",
        dialling={"raw_from": '"Anonymous" <sip:anonymous@anonymous.invalid>'},
        name="Anonymous",
    ),
    header("no brackets", f"sip:{CANARY}@{HOST}", CANARY),
    header("no brackets, parameters", f"sip:{CANARY};x=y@{HOST}", CANARY),
    header("no user", f"<sip:{HOST}>", ""),
    header("password", f"<sip:{CANARY}:secret@{HOST}>", CANARY),
    header("tel", f"<tel:+{CANARY}>", f"+{CANARY}"),
    header("an address behind", f'<sip:{CANARY}@{HOST}>;x="<sip:999@evil>"', CANARY),
    header(
        "quotes and addresses", f'"a\\"<sip:9@h>" <sip:{CANARY}@{HOST};u=p>', CANARY, 'a"<sip:9@h>'
    ),
    header("brackets", f"<sip:{CANARY})),(1@{HOST}>", f"{CANARY}1"),
    sends("asserted", "P-Asserted-Identity", f'"x" <sip:999{_EVENT}@{HOST}>'),
    sends("remote party", "Remote-Party-ID", f'"x" <sip:999{_EVENT}@{HOST}>;party=calling'),
    sends("diverted", "Diversion", f"<sip:999{_EVENT}@{HOST}>;reason=unconditional"),
    sends(
        "diverted, new arguments", "Diversion", f"<sip:9%0aagi_arg_10%3a%20x@{HOST}>;reason=away"
    ),
    sends("diverted before", "History-Info", f"<sip:999{_EVENT}@{HOST}>;index=1"),
    Hostile(
        what="NUL behind the service",
        dialling={"from_user": CANARY, "raw_request_uri": f"sip:8000%00{_EVENT}@{HOST}"},
        number=CANARY,
    ),
)

TURNED_AWAY = (
    TurnedAway(what="CR LF in the name", dialling={"display_name": "a\r\nEvent: Hangup"}),
    TurnedAway(what="folded name", dialling={"display_name": "a\r\n\tEvent: Hangup"}),
    from_header("a lone byte in the number", b"<sip:4\x80930@h>"),
    from_header("shell in the number", f"<sip:${{SHELL(id)}}@{HOST}>"),
    from_header("blanks in the number", f"<sip:1 2|3@{HOST}>"),
    from_header("brackets twice", f"<<sip:1@{HOST}>>"),
    from_header("two hosts", "<sip:1@2@h>"),
    from_header("no scheme", "4930"),
    from_header("no From", ""),
    from_header("not a call", "<mailto:9@h>", 416),
    dialled("event's line behind the service", f"8000{_EVENT}", 404),
    dialled("parameters behind the service", "8000;ext", 404),
    dialled("service encoded twice", "%2538000", 404),
    dialled("s", "s", 404),
    dialled("requeue", "requeue", 404),
    dialled("h", "h", 404),
    dialled("the agents' extension", "leg", 404),
    dialled("two targets", "8000&PJSIP/a1", 404),
    dialled("an agent's phone", "a1", 404),
    dialled("options", "8000%2c%2cG(x)", 404),
    dialled("a 3,000 digit number", "8" * 3000, 404),
    dialled("shell", "%24%7bSHELL(id)%7d", 404),
)
