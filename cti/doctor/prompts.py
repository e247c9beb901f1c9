"""Prompts: whether Asterisk can play them, and what keeps it from reading those that it cannot."""

import shlex
import stat
from pathlib import Path

from cti.doctor.asterisk_folder import USUAL_FOLDER, is_here
from cti.doctor.findings import Examination, Finding, not_checked, ok, wrong
from cti.doctor.readable import Account, account_of, has_access_list, unread_file
from cti.language import _, ngettext
from cti.switch.visit import ALL_PLAY, PROMPTS_TRIED_MAX, prompts_of


async def look_at_prompts(examination: Examination) -> list[Finding]:
    """Say which prompts Asterisk could not play in the test call."""
    told = "" if examination.trial is None else examination.trial.prompts
    if not told:
        return [not_checked(_("because the daemon has not tried them; restart it"))]
    if told == ALL_PLAY:
        flows = examination.configuration.flows.values()
        count = min(len(prompts_of(flows)), PROMPTS_TRIED_MAX)
        return [
            ok(
                ngettext(
                    "Asterisk plays the prompt", "Asterisk plays the {count} prompts", count
                ).format(count=count)
            )
        ]
    names = told.split()
    sentence = _("Asterisk cannot play: {names}").format(names=", ".join(names))
    return [_closed(examination, names, sentence) or wrong(sentence, _elsewhere(examination))]


def _elsewhere(examination: Examination) -> str:
    return _(
        "they must lie in {folder} on Asterisk's machine too, where its account may read them and "
        "enter all folders above: chmod -R a+rX {folder}"
    ).format(folder=examination.configuration.prompts_folder)


def _closed(examination: Examination, names: list[str], sentence: str) -> Finding | None:
    """Name the folders and files that are closed to Asterisk's account, as far as modes tell."""
    if not is_here(examination.pbx.ami.host):
        return None
    folder = examination.asterisk_folder
    account = account_of(examination.pbx.ami.port, folder.path if folder else USUAL_FOLDER)
    if account is None:
        return None
    prompts = examination.configuration.prompts_folder
    paths = [path for name in names for path in _files(prompts, name)]
    closed = dict.fromkeys(folder for path in paths for folder in _not_entered(account, path))
    if closed:
        return wrong(
            _("{sentence}: its account {account} may not enter {folders}").format(
                sentence=sentence,
                account=account.name,
                folders=", ".join(str(folder) for folder in closed),
            ),
            _opening(account, list(closed), "x"),
        )
    found = [one for path in paths if (one := unread_file(account, path, path)) is not None]
    if not found:
        return None
    return wrong(
        _("{sentence}: its account {account} may not read {file}").format(
            sentence=sentence, account=account.name, file=found[0].told
        ),
        _opening(account, [one.path for one in found], "r"),
    )


def _not_entered(account: Account, path: Path) -> list[Path]:
    """Return the folders on the way to a file that the account may not enter, outermost first."""
    closed: list[Path] = []
    try:
        for folder in reversed(path.absolute().parents):
            open_ = account.may(folder.stat(), stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH)
            if not open_ and not has_access_list(folder):
                closed.append(folder)
    except OSError:
        pass  # it is not there, or we may not look
    return closed


def _opening(account: Account, paths: list[Path], right: str) -> str:
    """Return the commands that give the account a right, as one of those whom the mode means."""
    classes: dict[str, list[str]] = {}
    for path in paths:
        status = path.stat()
        kind = "o"
        if status.st_uid == account.uid:
            kind = "u"
        elif status.st_gid in account.gids:
            kind = "g"
        classes.setdefault(kind, []).append(shlex.quote(str(path)))
    return "; ".join(f"chmod {kind}+{right} {' '.join(quoted)}" for kind, quoted in classes.items())


def _files(prompts: Path, name: str) -> list[Path]:
    """Return the files of a prompt; where the folder is closed to us, what it would be called."""
    try:
        files = sorted(path for path in prompts.glob(f"{name}.*") if path.is_file())
    except OSError:
        files = []
    return files or [prompts / f"{name}.wav"]
