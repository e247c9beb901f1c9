"""All files from one plan."""

from collections.abc import Mapping

from cti.asterisk_files.extensions import extensions_conf
from cti.asterisk_files.manager import manager_conf
from cti.asterisk_files.notes import (
    EXTENSIONS,
    HTTP,
    MANAGER,
    MUSIC,
    PHONES,
    README,
    RTP,
    TRUNKS,
)
from cti.asterisk_files.pjsip import phones_conf, trunks_conf
from cti.asterisk_files.plan import FilesPlan
from cti.asterisk_files.readme import readme
from cti.asterisk_files.small import http_conf, musiconhold_conf, rtp_conf


def asterisk_files(plan: FilesPlan) -> Mapping[str, str]:
    """
    Return the text of each file by its name.

    There are always all of them, some with nothing but their note: the lines by which the
    administrator's files name ours never change, and what was taken out of the configuration is
    gone from Asterisk.
    """
    folder = plan.folder
    return {
        EXTENSIONS: extensions_conf(plan.net, folder),
        MANAGER: manager_conf(plan.user, folder),
        MUSIC: musiconhold_conf(plan.net.music, folder),
        PHONES: phones_conf(plan.phones, folder),
        TRUNKS: trunks_conf(plan.trunks, folder),
        HTTP: http_conf(web_phones=plan.has_web_phones, folder=folder),
        RTP: rtp_conf(web_phones=plan.has_web_phones, folder=folder),
        README: readme(folder),
    }
