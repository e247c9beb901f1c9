"""The note at the head of each file: what it is, where it goes, and how Asterisk takes it up."""

EXTENSIONS = "cordboard-extensions.conf"
MANAGER = "cordboard-manager.conf"
MUSIC = "cordboard-musiconhold.conf"
PHONES = "cordboard-pjsip.conf"
TRUNKS = "cordboard-trunks.conf"
HTTP = "cordboard-http.conf"
RTP = "cordboard-rtp.conf"
README = "README.md"
MUSIC_FOLDER = "cordboard-music"

HIS_FILES = {
    EXTENSIONS: "extensions.conf",
    MANAGER: "manager.conf",
    MUSIC: "musiconhold.conf",
    PHONES: "pjsip.conf",
    TRUNKS: "pjsip.conf",
    HTTP: "http.conf",
    RTP: "rtp.conf",
}
"""The administrator's file whose last line names ours."""

FREEPBX_FILES = {
    EXTENSIONS: "extensions_custom.conf",
    MANAGER: "manager_custom.conf",
    MUSIC: "musiconhold_custom.conf",
    PHONES: "pjsip_custom_post.conf",
    TRUNKS: "pjsip_custom_post.conf",
    HTTP: "http_custom.conf",
    RTP: "rtp_custom.conf",
}
"""The same under FreePBX, which writes the others anew and leaves these alone."""

RELOADS = {
    EXTENSIONS: "dialplan reload",
    MANAGER: "manager reload",
    MUSIC: "moh reload",
    PHONES: "module reload res_pjsip.so",
    TRUNKS: "module reload res_pjsip.so",
    HTTP: "module reload http",
    RTP: "module reload res_rtp_asterisk.so",
}
"""What is typed into Asterisk's console for a file to be read again."""

SECRET_FILES = frozenset({MANAGER, PHONES})
"""Files with passwords, that only Asterisk's own account may read."""


README_TITLE = "# Cordboard's files for Asterisk"


def first_words(name: str) -> str:
    """Return how a file of ours begins, by which it is known as ours."""
    return README_TITLE if name == README else f"; {name}: "


def include_line(name: str, folder: str) -> str:
    """Return the line by which a file of the administrator's names ours."""
    return f'#tryinclude "{folder}/{name}"'


def note(name: str, folder: str, *what: str) -> str:
    """Return the note of one file; `what` are the lines that say what it is for."""
    lines = [what[0], *what[1:], ""]
    lines += [
        "Written by `cordboard asterisk-config`, which writes it anew: change the YAML files.",
        f"It goes to {folder}. Its line, at the end of {HIS_FILES[name]}",
        f"(FreePBX: {FREEPBX_FILES[name]}):",
        f"    {include_line(name, folder)}",
        f"Asterisk reads it again by:  asterisk -rx '{RELOADS[name]}'",
    ]
    if name in SECRET_FILES:
        lines.append(
            "It holds passwords: its owner is Asterisk's account (asterisk), its mode 0600."
        )
    text = "".join(f"; {line}".rstrip() + "\n" for line in lines)
    return f"{first_words(name)}{text.removeprefix('; ')}\n"
