"""
Writes the configuration files of a private Asterisk on loopback.

What it decides: everything about the instance that an administrator has before he meets Cordboard:
ports, modules, audio, logs. A folder that `cordboard asterisk-config` wrote is joined as he would
join it, by a line at the end of his own files. Without one the dialplan is given as text, and there
are a trunk and accounts for phones, for tests that want no more of Asterisk. It starts nothing.

Callers' numbers are not believed: the trunk has a caller id of its own and `trust_id_inbound=no`,
because a percent-encoded line break in a SIP user part would otherwise reach AMI and AGI as a line
of its own.
"""

import re
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cti.asterisk_files.manager import WRITE_TIMEOUT_MS, event_filter
from cti.asterisk_files.notes import HIS_FILES, include_line
from lab.asterisk_installation import Installation
from lab.asterisk_modules import BASE_MODULES, WEB_PHONE_MODULES
from lab.ports import LOOPBACK, PortLease

OBSERVER = "observer"
"""A second AMI user who sees every event, for test clients that are not the daemon's."""

TRUNK = "trunk"
"""The endpoint that every call belongs to which does not come from a phone's account."""

OPEN_FILES_MAX = 20000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """
    An account that a phone rings by, `PJSIP/<name>`.

    With a `port` the phone is expected there on loopback. Without one it registers, by `password`
    if there is one. `qualify_s` makes Asterisk ask it every so many seconds whether it is there.
    `web` is for a phone in a browser (needs `web_phones`).
    """

    name: str
    port: int | None = None
    password: str | None = None
    qualify_s: int = 0
    web: bool = False

    def __post_init__(self) -> None:
        for text in (self.name, self.password or "-"):
            if not _NAME.fullmatch(text):
                raise ValueError(f"{text!r} is not 1 to 40 letters, digits, - or _")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings:
    """
    What one private Asterisk is to be.

    `folder` holds its files and survives restarts; `extensions` is the text of `extensions.conf`.
    Calls from phones enter `phone_context`, all others `trunk_context`. `manager_events` names the
    events that the user `manager_user` gets (none named: all); DeviceStateChange is cut down to
    phones. `channel_variables` are shown in events. `music` is a folder of WAV files; without it a
    pure tone is the music. `system_name` is the prefix of every Uniqueid.

    `joined` is a folder of `cordboard asterisk-config`. Then trunk, phones and music are those of
    its files, and `manager_user` is theirs as well; `extensions` stand before them. `endpoints`
    names those of the files that are to be used, whose sound is kept on loopback; `pjsip` is what
    the administrator writes behind them. `files` are his own, in place of those of their names.
    """

    folder: Path
    extensions: str
    phones: Sequence[PhoneAccount] = ()
    trunk_context: str = "from-trunk"
    phone_context: str = "from-phone"
    manager_user: str = "cordboard"
    manager_secret: str = "lab"
    manager_events: Sequence[str] = ()
    channel_variables: Sequence[str] = ()
    music: Path | None = None
    system_name: str = "lab"
    web_phones: bool = False
    extra_modules: Sequence[str] = ()
    joined: Path | None = None
    endpoints: Sequence[str] = ()
    pjsip: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where an instance keeps what. `run` holds its console socket, whose path must be short."""

    root: Path
    run: Path

    @property
    def settings(self) -> Path:
        """The configuration files."""
        return self.root / "etc"

    @property
    def log(self) -> Path:
        """`messages` is Asterisk's log, `console` what it printed."""
        return self.root / "log"

    @property
    def data(self) -> Path:
        """Links to documentation and sounds of an unpacked tree."""
        return self.root / "data"

    @property
    def main_file(self) -> Path:
        """The file that tells Asterisk all the rest."""
        return self.settings / "asterisk.conf"


def write_configuration(
    settings: AsteriskSettings,
    installation: Installation,
    folders: Folders,
    ports: PortLease,
    music: Path,
) -> None:
    """Write all files, over those of an earlier run."""
    for folder in ("etc", "log", "lib", "db", "keys", "spool", "cache", "agi-bin"):
        (folders.root / folder).mkdir(parents=True, exist_ok=True)
    if installation.data is not None:
        _link_data(installation.data, folders.data)
    texts = {
        "asterisk.conf": _asterisk_conf(settings, installation, folders),
        "modules.conf": _modules_conf(settings),
        "logger.conf": _LOGGER_CONF,
        "pjsip.conf": _pjsip_conf(settings, ports),
        "rtp.conf": _rtp_conf(settings, ports),
        "manager.conf": _manager_conf(settings, ports),
        "http.conf": _http_conf(settings, ports),
        "musiconhold.conf": _musiconhold_conf(settings, music),
        "extensions.conf": settings.extensions,
        **_FIXED,
    }
    if settings.joined is not None:
        _join(texts, settings, settings.joined)
    texts |= settings.files
    for name, text in texts.items():
        (folders.settings / name).write_text(text, encoding="utf-8")


def _join(texts: dict[str, str], settings: AsteriskSettings, joined: Path) -> None:
    """Name the files of Cordboard's at the end of the administrator's own, as its guide says."""
    for name, his in HIS_FILES.items():
        texts[his] += include_line(name, str(joined.absolute())) + "\n"
    sound = "".join(
        _ON_LOOPBACK.format(name=name, loopback=LOOPBACK) for name in settings.endpoints
    )
    texts["pjsip.conf"] += sound + settings.pjsip


_FIXED = {
    "acl.conf": "",
    "ccss.conf": "[general]\n",
    "cdr.conf": "[general]\nenable=no\n",
    "cel.conf": "[general]\nenable=no\n",
    "confbridge.conf": "[general]\n",
    "features.conf": "[general]\n",
    "indications.conf": (
        "[general]\ncountry=us\n"
        "[us]\ndescription=United States\nringcadence=2000,4000\ndial=350+440\n"
        "busy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\n"
    ),
    "pjproject.conf": "[startup]\ntype=startup\nlog_level=2\n",
    "pjsip_notify.conf": "[check]\nEvent=>check\n",
    "stasis.conf": "[threadpool]\ninitial_size=5\n",
    "udptl.conf": "[general]\n",
}
"""Files whose absence Asterisk complains about, or whose defaults would cost something."""

_NOT_BELIEVED = "callerid=unknown <0>\ntrust_id_inbound=no\n"

_LOGGER_CONF = """\
[general]
dateformat=%F %T.%3q
[logfiles]
messages => notice,warning,error
"""

_ON_LOOPBACK = """\
[{name}](+type=endpoint)
media_address={loopback}
bind_rtp_to_media_address=yes
"""
"""Added to an endpoint that is there: Asterisk would open its sound to all networks."""

_ENDPOINT = """\
type=endpoint
disallow=all
allow=ulaw,alaw
direct_media=no
media_address={loopback}
bind_rtp_to_media_address=yes
dtmf_mode=auto_info
"""


def _asterisk_conf(settings: AsteriskSettings, installation: Installation, folders: Folders) -> str:
    root = folders.root
    directories = {
        "astetcdir": folders.settings,
        "astmoddir": installation.modules,
        "astvarlibdir": root / "lib",
        "astdbdir": root / "db",
        "astkeydir": root,
        "astdatadir": folders.data if installation.data else None,
        "astagidir": root / "agi-bin",
        "astspooldir": root / "spool",
        "astcachedir": root / "cache",
        "astrundir": folders.run,
        "astlogdir": folders.log,
    }
    places = "\n".join(f"{name} => {path}" for name, path in directories.items() if path)
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    open_files = OPEN_FILES_MAX if allowed < 0 else min(allowed, OPEN_FILES_MAX)
    return (
        f"[directories]\n{places}\n"
        f"[options]\nsystemname={settings.system_name}\nmaxfiles={open_files}\n"
        "hideconnect=yes\nquiet=yes\ndefaultlanguage=en\n"
        "[files]\nastctl=asterisk.ctl\n"
    )


def _modules_conf(settings: AsteriskSettings) -> str:
    wanted = [*BASE_MODULES, *settings.extra_modules]
    if settings.web_phones:
        wanted += WEB_PHONE_MODULES
    return "[modules]\nautoload=no\n" + "".join(f"load => {name}.so\n" for name in wanted)


def _rtp_conf(settings: AsteriskSettings, ports: PortLease) -> str:
    ice = "yes" if _serves_browsers_itself(settings) else "no"
    return f"[general]\nrtpstart={ports.rtp_first}\nrtpend={ports.rtp_last}\nicesupport={ice}\n"


def _http_conf(settings: AsteriskSettings, ports: PortLease) -> str:
    enabled = "yes" if _serves_browsers_itself(settings) else "no"
    return f"[general]\nenabled={enabled}\nbindaddr={LOOPBACK}\nbindport={ports.http}\n"


def _serves_browsers_itself(settings: AsteriskSettings) -> bool:
    """Tell whether the web server is turned on here, and not by the files that are joined."""
    return settings.web_phones and settings.joined is None


def _musiconhold_conf(settings: AsteriskSettings, music: Path) -> str:
    if settings.joined is not None:
        return ""
    return f"[default]\nmode=files\ndirectory={music}\nsort=alpha\n"


def _pjsip_conf(settings: AsteriskSettings, ports: PortLease) -> str:
    endpoint = _ENDPOINT.format(loopback=LOOPBACK)
    parts = [
        # Phones and callers share one address here: who says who he is, is asked to prove it first.
        "[global]\ntype=global\nendpoint_identifier_order=auth_username,username,ip\n",
        f"[udp]\ntype=transport\nprotocol=udp\nbind={LOOPBACK}:{ports.sip}\n",
    ]
    if settings.joined is not None:
        return "\n".join(parts)
    parts += [
        f"[{TRUNK}]\n{endpoint}context={settings.trunk_context}\n{_NOT_BELIEVED}",
        f"[{TRUNK}]\ntype=identify\nendpoint={TRUNK}\nmatch={LOOPBACK}\n",
    ]
    if settings.web_phones:
        parts.append(f"[ws]\ntype=transport\nprotocol=ws\nbind={LOOPBACK}\n")
    parts += [_phone(account, settings.phone_context, endpoint) for account in settings.phones]
    return "\n".join(parts)


def _phone(account: PhoneAccount, context: str, endpoint: str) -> str:
    """Return the three sections of an account. A phone in a talk is busy for a second call."""
    name = account.name
    lines = [
        f"[{name}]",
        endpoint.rstrip(),
        f"context={context}",
        f"aors={name}",
        f"callerid={name} <{name}>",
        "device_state_busy_at=1",
    ]
    if account.web:
        lines += ["webrtc=yes", "dtls_auto_generate_cert=yes", "allow=!all,opus,ulaw"]
    if account.password is not None:
        lines += [
            f"auth={name}",
            f"[{name}]",
            "type=auth",
            "auth_type=userpass",
            f"username={name}",
            f"password={account.password}",
        ]
    lines += [f"[{name}]", "type=aor", f"qualify_frequency={account.qualify_s}"]
    if account.port is None:
        lines += ["max_contacts=1", "remove_existing=yes"]
    else:
        lines.append(f"contact=sip:{name}@{LOOPBACK}:{account.port}")
    return "\n".join(lines) + "\n"


def _manager_conf(settings: AsteriskSettings, ports: PortLease) -> str:
    parts = [
        "[general]",
        "enabled=yes",
        "webenabled=no",
        f"bindaddr={LOOPBACK}",
        f"port={ports.manager}",
    ]
    if settings.channel_variables:
        parts.append(f"channelvars={','.join(settings.channel_variables)}")
    for user in (OBSERVER,) if settings.joined else (settings.manager_user, OBSERVER):
        parts += [
            f"[{user}]",
            f"secret={settings.manager_secret}",
            "read=all",
            "write=all",
            f"writetimeout={WRITE_TIMEOUT_MS}",
            f"deny=0.0.0.0/0.0.0.0\npermit={LOOPBACK}/255.255.255.255",
        ]
        if user != OBSERVER:
            parts += [event_filter(name) for name in settings.manager_events]
    return "\n".join(parts) + "\n"


def _link_data(installed: Path, data: Path) -> None:
    """
    Link the tree's documentation and sounds to where Asterisk looks for them.

    In the package `sounds/en` is an absolute link that dangles outside a real system.
    """
    voices = sorted(path for path in (installed / "sounds").glob("en_*") if path.is_dir())
    links = {data / "documentation": installed / "documentation"}
    if voices:
        links[data / "sounds/en"] = voices[0]
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
