"""The short files: music, and what phones in browsers need of Asterisk's web server and RTP."""

from cti.asterisk_files.notes import HTTP, MUSIC, MUSIC_FOLDER, RTP, note
from cti.asterisk_files.plan import OUR_MUSIC


def musiconhold_conf(music: str, folder: str) -> str:
    """Return the class of music, if it is ours; a class of another name is the administrator's."""
    head = note(
        MUSIC,
        folder,
        "what waiting callers hear: the sound files in",
        f"{folder}/{MUSIC_FOLDER}. Put yours there, and take ours away, as you like.",
    )
    if music != OUR_MUSIC:
        return (
            f"{head}; The configuration names the class `{music}`, which is yours. With\n"
            f"; `music: {OUR_MUSIC}` under `pbx` in cordboard.yaml it stands here.\n"
        )
    return f"{head}[{OUR_MUSIC}]\nmode = files\ndirectory = {folder}/{MUSIC_FOLDER}\nsort = alpha\n"


def http_conf(*, web_phones: bool, folder: str) -> str:
    """Return what turns Asterisk's web server on, if a phone needs it; where it listens is his."""
    head = note(
        HTTP,
        folder,
        "Asterisk's web server, by which phones in browsers connect (/ws).",
        "Where it listens (bindaddr, bindport) and its TLS (tlsenable, tlsbindaddr, tlscertfile,",
        "tlsprivatekey) stand in http.conf. Beyond this machine browsers demand TLS.",
    )
    return head + ("[general](+)\nenabled = yes\n" if web_phones else _NO_WEB_PHONES)


def rtp_conf(*, web_phones: bool, folder: str) -> str:
    """Return what lets browsers find a way for their sound, if a phone needs it."""
    head = note(RTP, folder, "ICE, by which phones in browsers find a way for their sound.")
    return head + ("[general](+)\nicesupport = yes\n" if web_phones else _NO_WEB_PHONES)


_NO_WEB_PHONES = "; No phone of the configuration has `kind: web`: there is nothing to set.\n"
