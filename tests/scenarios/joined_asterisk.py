"""What the tests of the files for Asterisk share: an Asterisk that was joined, and its log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import EXTENSIONS, MANAGER, MUSIC, RELOADS
from cti.asterisk_files.plan import FilesPlan
from cti.asterisk_files.writing import write_files, write_music
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.ports import PortLease
from tests.cti.asterisk_files.plans import PLAN


@asynccontextmanager
async def joined(
    installation: Installation,
    folder: Path,
    plan: FilesPlan = PLAN,
    **settings: Any,  # noqa: ANN401 - a dataclass's fields
) -> AsyncIterator[AsteriskInstance]:
    """Run a private Asterisk that the files of a plan were added to."""
    out = folder / "an odd, @folder"
    write_files(out, asterisk_files(replace(plan, folder=str(out))))
    write_music(out)
    usual = AsteriskSettings(folder=folder / "pbx", extensions="", web_phones=True, joined=out)
    async with AsteriskInstance(installation, replace(usual, **settings)) as asterisk:
        yield asterisk


def complaints(asterisk: AsteriskInstance) -> list[str]:
    """Return what Asterisk warned of or complained about so far."""
    log = (asterisk.log_folder / "messages").read_text()
    return [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line]


async def reload_all(asterisk: AsteriskInstance) -> None:
    """Type what each file says about being read again."""
    for command in dict.fromkeys(RELOADS.values()):
        await asterisk.console(command)
    # Reloads are queued and done in their order: this one's answer comes after all before it.
    await asterisk.console("core show settings")


def freepbx(ports: PortLease, out: Path) -> dict[str, str]:
    """Return files laid out as FreePBX lays out its own, and what its guide adds to the custom."""

    def names(*files: str) -> str:
        return "".join(f'#tryinclude "{out}/{file}"\n' for file in files)

    own = "disallow=all\nallow=ulaw\nmedia_address=127.0.0.1\nbind_rtp_to_media_address=yes\n"
    return {
        "manager.conf": (
            f"[general]\nenabled=yes\nport={ports.manager}\nbindaddr=127.0.0.1\n"
            "[observer]\nsecret=lab\nread=all\nwrite=all\n"
            "#include manager_additional.conf\n#include manager_custom.conf\n"
        ),
        "manager_additional.conf": "[admin]\nsecret=x\nread=all\nwrite=all\n",
        "manager_custom.conf": names(MANAGER),
        "musiconhold.conf": "[general]\n#include musiconhold_custom.conf\n",
        "musiconhold_custom.conf": names(MUSIC),
        "extensions.conf": (
            "[general]\nautofallthrough=yes\n#include extensions_additional.conf\n"
            "#include extensions_custom.conf\n"
        ),
        "extensions_additional.conf": (
            "[globals]\nHIS=1\n[from-internal]\ninclude => from-internal-custom\n"
            "[from-pstn]\nexten => 4930,1,Goto(cordboard-in,8000,1)\n"
        ),
        "extensions_custom.conf": (
            f"{names(EXTENSIONS)}\n[from-internal-custom]\ninclude => cordboard-in\n"
        ),
        "pjsip.conf": (
            "[global]\ntype=global\n"
            f"[0.0.0.0-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{ports.sip}\n"
            "#include pjsip.endpoint.conf\n#include pjsip.aor.conf\n#include pjsip.identify.conf\n"
            "#include pjsip_custom_post.conf\n"
        ),
        "pjsip.endpoint.conf": (
            f"[201]\ntype=endpoint\ncontext=from-internal\naors=201\n{own}"
            f"[carrier]\ntype=endpoint\ncontext=from-pstn\ntrust_id_inbound=yes\n{own}"
        ),
        "pjsip.aor.conf": "[201]\ntype=aor\nmax_contacts=1\n",
        "pjsip.identify.conf": "[carrier]\ntype=identify\nendpoint=carrier\nmatch=127.0.0.1\n",
        "pjsip_custom_post.conf": (
            "\n[201](+type=endpoint)\ndevice_state_busy_at = 1\nallow_transfer = no\n"
            "\n[carrier](+type=endpoint)\ncallerid = unknown <0>\ntrust_id_inbound = no\n"
            "allow_transfer = no\n"
        ),
    }
