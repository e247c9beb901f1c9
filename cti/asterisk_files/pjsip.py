"""`cordboard-pjsip.conf`, phones that register; `cordboard-trunks.conf`, whose calls come in."""

from collections.abc import Sequence

from cti.asterisk_files.notes import PHONES, TRUNKS, note
from cti.asterisk_files.plan import Phone, Trunk
from cti.asterisk_files.values import network

QUALIFY_S = 30
"""How often Asterisk asks a phone whether it is still there; one that is not, is not rung."""

_WEB_TRANSPORTS = """\
; Websockets, for phones in browsers: `ws` on this machine or behind a proxy that speaks TLS, `wss`
; from elsewhere. Their ports are those of http.conf.
[cordboard-ws]
type = transport
protocol = ws
bind = 0.0.0.0

[cordboard-wss]
type = transport
protocol = wss
bind = 0.0.0.0

"""

_DESK = """\
disallow = all
allow = alaw,ulaw
rtp_symmetric = yes
rewrite_contact = yes
"""

_WEB = """\
webrtc = yes
dtls_auto_generate_cert = yes
disallow = all
allow = opus,ulaw
"""

_PHONE = """\
; {what}: registers as {name} at this Asterisk.
[{name}]
type = endpoint
context = cordboard-phones
auth = {name}
aors = {name}
callerid = {name} <{name}>
device_state_busy_at = 1
direct_media = no
dtmf_mode = auto_info
allow_transfer = no
{media}
[{name}]
type = auth
auth_type = userpass
username = {name}
password = {password}

[{name}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = {qualify_s}

"""

_TRUNK = """\
[{endpoint}]
type = endpoint
context = cordboard-in
disallow = all
allow = alaw,ulaw
identify_by = ip
callerid = unknown <0>
trust_id_inbound = no
allow_transfer = no
direct_media = no
dtmf_mode = auto_info

[{endpoint}]
type = identify
endpoint = {endpoint}
{matches}
"""


def phones_conf(phones: Sequence[Phone], folder: str) -> str:
    """Return the text of the file with the phones."""
    head = note(
        PHONES,
        folder,
        "the agents' phones, PJSIP/<name>, each with its password.",
        "A phone that is there already, in a file of yours or as an extension of FreePBX's, must",
        "not stand in both: pjsip refuses two of one name, and all other phones with them.",
        "A phone in a talk is busy for a second call (device_state_busy_at), its sound passes",
        "through Asterisk (direct_media), and it cannot send callers elsewhere (allow_transfer).",
    )
    transports = _WEB_TRANSPORTS if any(phone.kind == "web" for phone in phones) else ""
    return head + transports + "".join(_phone(phone) for phone in phones)


def trunks_conf(trunks: Sequence[Trunk], folder: str) -> str:
    """Return the text of the file with the trunks."""
    head = note(
        TRUNKS,
        folder,
        "whose calls come in: those from these addresses, no others.",
        "For a trunk that you have already, take the lines below `allow` over into it instead:",
        "identify_by = ip: the address tells who it is, never the name in a From header, which",
        "  anybody may write;",
        "callerid, trust_id_inbound: a caller's number can hold line breaks that Asterisk would",
        "  write into AMI and AGI. It shows nobody the number, and the dialplan rebuilds it;",
        "allow_transfer = no: a caller cannot send the agent he talks to anywhere.",
    )
    return head + "".join(_trunk(trunk) for trunk in trunks)


def _phone(phone: Phone) -> str:
    return _PHONE.format(
        what="A phone in a browser" if phone.kind == "web" else "A desk phone",
        name=phone.name,
        password=phone.password,
        media=_WEB if phone.kind == "web" else _DESK,
        qualify_s=QUALIFY_S,
    )


def _trunk(trunk: Trunk) -> str:
    matches = "".join(f"match = {network('match', address)}\n" for address in trunk.addresses)
    return _TRUNK.format(endpoint=trunk.endpoint, matches=matches)
