"""
What a backup has to know of a site: where its data and its database are, and which files it has.

Only `cordboard.yaml` is read, and only the database's secret is fetched: a backup is also made from
where the PBX's secret is not known, and while another file has a mistake in it.
"""

import os
import pwd
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.errors import ConfigError, Severity
from config.explain import explain
from config.load import FILES, MAIN_FILE
from config.nodes import plain
from config.prompts import PROMPTS_FOLDER
from config.secrets import Secret, find_secrets
from config.yaml_reader import FILE_BYTES_MAX, read_document
from cti.language import _
from storage.embedded import EmbeddedPostgres
from storage.errors import ArchiveError

JOURNAL_FILE = "journal.sqlite"
CONFIG_BYTES_MAX = FILE_BYTES_MAX
SECRET_BYTES_MAX = 2**20
"""A secret, or a certificate with its chain."""
PROMPT_BYTES_MAX = 64 * 2**20
"""An hour of speech."""
_ROOT = 0
_DATABASE_URL = ("database", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    One site: its configuration's folder and what stands in `cordboard.yaml`.

    `secret_files` are the files that it names as secrets, certificate and key included.
    """

    folder: Path
    data: Path
    database_url: Secret | None
    secret_files: tuple[str, ...]

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.data / JOURNAL_FILE


def find_site(folder: Path, environment: Mapping[str, str], *, files: Path | None = None) -> Site:
    """
    Return the site whose configuration is in `folder`, or will be, read from `files`.

    Raises:
        ConfigError: `cordboard.yaml` cannot be used, or the database's secret not be had.
    """
    folder = folder.absolute()
    source = folder if files is None else files
    document = read_document(source, MAIN_FILE)
    if document.node is None:
        raise ConfigError(document.problems)
    try:
        checked = FILES[MAIN_FILE].model_validate(plain(document.node))
    except ValidationError as error:
        raise ConfigError(explain(error, FILES[MAIN_FILE], MAIN_FILE, document.node)) from error
    # Without warnings: a union of text and source is dumped as what it is.
    main = checked.model_dump(warnings=False)
    url: Secret | None = None
    if main["database"]["url"] is not None:
        found = find_secrets(MAIN_FILE, document.node, source, environment, unset=Severity.ERROR)
        url = found.secrets.get(_DATABASE_URL)
        if isinstance(main["database"]["url"], str):
            url = Secret(main["database"]["url"])
        if url is None:
            raise ConfigError(
                problem for problem in found.problems if problem.path.startswith("database.url")
            )
    return Site(
        folder=folder,
        data=folder / main["data"],
        database_url=url,
        secret_files=tuple(dict.fromkeys(_secret_files(main))),
    )


def _secret_files(main: Mapping[str, Any]) -> Iterator[str]:
    sources = [pbx["ami"]["secret"] for pbx in main["pbx"].values()]
    sources.append(main["database"]["url"])
    for source in sources:
        if isinstance(source, dict) and source["file"] is not None:
            yield source["file"]
    for file in (main["web"]["certificate"], main["web"]["key"]):
        if file is not None:
            yield file


def check_owner(site: Site) -> None:
    """
    See that the data are this user's own: what another one wrote here the daemon could not use.

    Raises:
        ArchiveError: they are somebody else's.
    """
    if site.data.exists() and (uid := _owner(site.data)) != os.geteuid():
        words = _("{folder} belongs to the user {owner}: run this as that user (sudo -u {owner} …)")
        raise ArchiveError(words.format(folder=site.data, owner=user_name(uid)))


def check_place(site: Site) -> None:
    """
    See that the data can be brought where there are none yet, and by the right user.

    Whose they should be the folders around them tell, unless those are root's, as `/var/lib` and
    often `/etc/cordboard` are.

    Raises:
        ArchiveError: they would be somebody else's, or cannot be brought at all.
    """
    if site.data.exists():
        return
    parent = next(folder for folder in site.data.parents if folder.exists())
    for folder in (parent, site.folder):
        if folder.exists() and (uid := _owner(folder)) not in {_ROOT, os.geteuid()}:
            words = _(
                "{data} is not there yet, and {folder} belongs to the user {owner}: run this as"
                " that user (sudo -u {owner} …), or make {data} first, for the user that the"
                " daemon runs as"
            )
            raise ArchiveError(words.format(data=site.data, folder=folder, owner=user_name(uid)))
    if not os.access(parent, os.W_OK | os.X_OK):
        words = _(
            "{data} is not there yet, and this user may not make it in {parent}: make it first, for"
            " the user that the daemon runs as"
        )
        raise ArchiveError(words.format(data=site.data, parent=parent))


def user_name(uid: int) -> str:
    """Return a user's name, or his number where he has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _owner(path: Path) -> int:
    return path.stat().st_uid


@asynccontextmanager
async def database_of(site: Site) -> AsyncIterator[str]:
    """
    Lend the address of a site's database; an embedded one that is not running is started.

    Raises:
        EmbeddedPostgresError: it cannot be started.
    """
    if site.database_url is not None:
        yield site.database_url.reveal()
        return
    server = EmbeddedPostgres(site.data)
    try:
        yield await server.start()
    finally:
        await server.stop()


def configuration_files(site: Site) -> dict[str, Path]:
    """Return the YAML files of a site, by name."""
    return {
        file.name: file
        for file in sorted(site.folder.iterdir())
        if file.suffix in {".yaml", ".yml"} and file.is_file()
    }


def prompt_files(site: Site) -> dict[str, Path]:
    """Return the files in a site's folder of prompts, by their path within it."""
    home = site.folder / PROMPTS_FOLDER
    return {
        file.relative_to(home).as_posix(): file
        for file in sorted(home.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(home).parts)
    }


def secret_files(site: Site) -> tuple[dict[str, Path], list[str]]:
    """Return the secrets' files within the site's folder, and the names of those elsewhere."""
    within: dict[str, Path] = {}
    elsewhere: list[str] = []
    for name in site.secret_files:
        path = Path(os.path.normpath(site.folder / name))
        if path.is_relative_to(site.folder):
            within[path.relative_to(site.folder).as_posix()] = path
        else:
            elsewhere.append(name)
    return within, elsewhere
