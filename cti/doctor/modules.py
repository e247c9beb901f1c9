"""The modules of Asterisk that calls need, and what each is needed for."""

from config.settings import ECHO_EXTENSION
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.language import _

MODULES = {
    "app_dial": _("an agent's phone is rung"),
    "app_exec": _("the safety net runs"),
    "app_stack": _("the safety net runs"),
    "bridge_simple": _("caller and agent hear one another"),
    "chan_pjsip": _("there are phones and trunks"),
    "codec_ulaw": _("phones are understood"),
    "format_wav": _("prompts and music are read"),
    "func_callerid": _("the caller's number is cleaned"),
    "func_channel": _("the caller's number is cleaned"),
    "func_cut": _("the caller's number is cleaned"),
    "func_global": _("the daemon's address is found"),
    "func_logic": _("the daemon's address is found"),
    "func_strings": _("the caller's number is cleaned"),
    "pbx_config": _("extensions.conf is read"),
    "res_agi": _("calls are handed to the daemon"),
    "res_manager_devicestate": _("the daemon sees which phones are there"),
    "res_musiconhold": _("waiting callers hear music"),
    "res_pjsip": _("there are phones and trunks"),
    "res_pjsip_authenticator_digest": _("phones prove who they are"),
    "res_pjsip_caller_id": _("agents see who calls"),
    "res_pjsip_endpoint_identifier_ip": _("trunks are known by their addresses"),
    "res_pjsip_endpoint_identifier_user": _("phones are known by their names"),
    "res_pjsip_header_funcs": _("calls are told apart by a header"),
    "res_pjsip_registrar": _("phones register"),
    "res_pjsip_sdp_rtp": _("there is sound"),
    "res_pjsip_session": _("there are phones and trunks"),
    "res_rtp_asterisk": _("there is sound"),
    "res_speech": _("res_agi loads"),
}

USEFUL_MODULES = {
    "app_echo": _("a phone can hear itself ({number})").format(number=ECHO_EXTENSION),
    "codec_alaw": _("phones and trunks of European kind are understood"),
}
"""Without these calls are taken, and something is missing."""

SORRY_MODULES = {"app_playback": _("the safety net says its last words")}
WEB_MODULES = {
    "res_crypto": _("phones in browsers are encrypted"),
    "res_http_websocket": _("phones in browsers connect"),
    "res_pjsip_transport_websocket": _("phones in browsers connect"),
    "res_srtp": _("phones in browsers are encrypted"),
}

GIVES = {
    "res_speech": "agi",
    "res_agi": "agi",
    "res_musiconhold": "music",
    "format_wav": "sounds",
    "app_exec": "calls",
    "app_stack": "calls",
    "pbx_config": "calls",
    "chan_pjsip": "pjsip",
    "res_pjsip": "pjsip",
}
"""What later checks cannot count on without the module."""


def needed_modules(examination: Examination) -> dict[str, str]:
    """Return the modules that this configuration needs, and what for."""
    pbx = examination.pbx
    needed = dict(MODULES)
    if any(phone.kind == "web" for phone in pbx.phones.values()):
        needed |= WEB_MODULES
    if pbx.safety_net.sorry is not None:
        needed |= SORRY_MODULES
    return needed


async def look_at_modules(examination: Examination) -> list[Finding]:
    """Ask for each module by a function, which any account may read that may read variables."""
    needed = needed_modules(examination) | USEFUL_MODULES
    answers = await examination.link.values([f"IFMODULE({name}.so)" for name in needed])
    if not any(answers):
        return [
            not_checked(
                _(
                    "because Asterisk lacks the function IFMODULE; asterisk -rx 'module load "
                    "func_module.so' gives it"
                )
            )
        ]
    found = []
    for (name, purpose), answer in zip(needed.items(), answers, strict=True):
        if answer != "1":
            judge = warning if name in USEFUL_MODULES else wrong
            found.append(
                judge(
                    _("the module {name} is not loaded, by which {purpose}").format(
                        name=name, purpose=purpose
                    ),
                    _(
                        "asterisk -rx 'module load {name}.so'; for good: no `noload` for it in "
                        "modules.conf, or with autoload=no a line `load => {name}.so`"
                    ).format(name=name),
                )
            )
            if name in GIVES:
                because = _("the module {name} is not loaded").format(name=name)
                examination.lacks(GIVES[name], because)
    return found or [ok(_("all {count} that are needed are loaded").format(count=len(needed)))]
