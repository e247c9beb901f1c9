"""
Fetching Asterisk, from repositories made here: nothing of the network is touched.

The system's own apt runs with source files of the test's, told by `APT_CONFIG` as any administrator
could. The packages hold a script that answers `-V` as Asterisk does.
"""

import fcntl
import hashlib
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab import asterisk_fetch
from lab.asterisk_apt import PrivateApt, native_architecture, required_program
from lab.asterisk_errors import AsteriskMissingError
from lab.asterisk_fetch import _debian_mirrors, cache_folder, find_or_fetch, main
from lab.asterisk_installation import system_installation, tree_installation

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of source files that apt reads instead of the system's."""
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    configuration = tmp_path / "system-apt.conf"
    configuration.write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "{folder}";\n'
        'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of a user whose system has no Asterisk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(asterisk_fetch, "system_installation", lambda: None)
    return tmp_path / "cache/cordboard"


def dpkg_deb(*arguments: str) -> str:
    program = required_program("dpkg-deb")
    ended = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
    return ended.stdout


def make_package(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """Build a Debian package of scripts."""
    content = folder / f"{name}.content"
    for path, text in files.items():
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        (content / path).write_text(text)
        (content / path).chmod(0o4755)
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@localhost>\nDescription: made by a test\n"
    )
    dpkg_deb("--root-owner-group", "-b", str(content), str(folder / f"{name}.deb"))
    shutil.rmtree(content)


def make_repository(folder: Path, version: str) -> Path:
    """Make a repository, flat and unsigned, with an Asterisk of this version."""
    folder.mkdir()
    says = f"#!/bin/sh\necho Asterisk {version.partition(':')[2]}\n"
    triplet = "usr/lib/test-linux-gnu"
    files = {
        f"{triplet}/ld-linux-test.so.2": says,
        f"{triplet}/asterisk/modules/chan_test.so": "",
        "usr/sbin/asterisk": says,
        "usr/bin/other": "",
        "usr/share/asterisk/sounds/en_US_test/beep.gsm": "",
        "usr/share/man/asterisk": "",
        "etc/asterisk/asterisk.conf": "",
    }
    make_package(folder, "asterisk", version, files)
    make_package(folder, "asterisk-core-sounds-en-gsm", "1.6", {})
    described = []
    for package in sorted(folder.glob("*.deb")):
        control = dpkg_deb("-f", str(package))
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        size = package.stat().st_size
        described.append(f"{control}Filename: ./{package.name}\nSize: {size}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(described))
    return folder


def trusted(repository: Path) -> str:
    """Return a source line for a repository that the system's administrator trusts."""
    return f"deb [trusted=yes] copy:{repository} ./\n"


def left_over(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("*.partial-*"))


# Where the mirrors are read from


def test_mirrors_are_read_from_every_form_of_source_file(sources: Path, tmp_path: Path) -> None:
    (sources.parent / "sources.list").write_text(
        "# deb http://commented.test/debian bookworm main\n"
        f"deb [arch=amd64 signed-by={KEYRING}] http://options.test/debian/ bookworm main contrib\n"
        "deb-src http://source-only.test/debian bookworm main\n"
        "deb cdrom:[Debian 12 _Bookworm_]/ bookworm main\n"
    )
    (sources / "debian.sources").write_text(
        "Types: deb deb-src\n"
        "# a comment within\n"
        "URIs: http://first.test/debian http://second.test/debian\n"
        "Suites: bookworm bookworm-updates\n"
        "Components: main\n"
        f"Signed-By: {KEYRING}\n"
        "\n"
        "Enabled: no\nTypes: deb\nURIs: http://disabled.test/debian\nSuites: bookworm\n"
        "Components: main\n"
        "\n"
        "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: bookworm\n"
        "Components: main\n"
    )
    (sources / "third.list").write_text("deb http://third.test/debian stable main\n")
    (sources / "notes.txt").write_text("deb http://notes.test/debian bookworm main\n")

    found = set(PrivateApt(tmp_path / "apt").release_files())

    assert found >= {
        ("http://options.test/debian", "bookworm"),
        ("http://first.test/debian", "bookworm"),
        ("http://second.test/debian", "bookworm-updates"),
        ("mirror+file:/etc/apt/mirrors/debian.list", "bookworm"),
        ("http://third.test/debian", "stable"),
    }
    addresses = " ".join(base for base, _ in found)
    assert not {"commented", "disabled", "notes"} & set(addresses.replace(".", "/").split("/"))


def test_only_mirrors_that_hold_the_systems_release_are_asked_for_sid() -> None:
    release_files = [
        ("cdrom:[disc]", "bookworm"),
        ("http://vendor.test/apt", "nodistro"),
        ("http://security.test/debian-security", "bookworm-security"),
        ("http://one.test/debian", "bookworm"),
        ("http://one.test/debian", "stable"),
        ("http://two.test/debian", "stable"),
    ]

    mirrors = _debian_mirrors(release_files, frozenset({"bookworm"}))

    assert mirrors == ["http://one.test/debian", "http://two.test/debian"]


# Fetching


def test_an_asterisk_of_the_systems_own_suites_is_fetched_and_found_again(
    sources: Path, cache: Path, tmp_path: Path
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))
    told: list[tuple[str, int, int]] = []

    fetched = find_or_fetch(lambda *step: told.append(step))
    again = find_or_fetch(lambda *step: told.append(("again", *step[1:])))

    tree = cache / f"asterisk-22-{native_architecture()}"
    assert fetched == again
    assert fetched.version == "22.4.0"
    assert fetched.program == tree / "usr/sbin/asterisk"
    assert fetched.modules == tree / "usr/lib/test-linux-gnu/asterisk/modules"
    assert [step for step, _, _ in told] == sorted(
        (step for step, _, _ in told), key=["lists", "download", "unpack"].index
    )
    assert told[-1] == ("unpack", 2, 2)
    assert left_over(cache) == []


def test_only_what_asterisk_needs_is_kept(sources: Path, cache: Path, tmp_path: Path) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))

    tree = find_or_fetch().program.parents[2]

    kept = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert kept == {
        "usr/lib/test-linux-gnu/asterisk/modules/chan_test.so",
        "usr/lib/test-linux-gnu/ld-linux-test.so.2",
        "usr/sbin/asterisk",
        "usr/share/asterisk/sounds/en_US_test/beep.gsm",
    }


@pytest.mark.parametrize("version", ["1:20.6.0", "1:23.0.0", "22.4.0"])
def test_another_version_is_refused_with_a_sentence_that_says_what_to_do(
    sources: Path, cache: Path, tmp_path: Path, version: str
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", version)))

    with pytest.raises(AsteriskMissingError) as refused:
        find_or_fetch()

    assert str(refused.value) == (
        f"no Asterisk 22 can be fetched here (the package offered is version {version}): "
        "install Asterisk 22 so that `asterisk -V` works"
    )
    assert left_over(cache) == []


def test_an_unsigned_mirror_is_never_asked_for_packages(
    sources: Path, cache: Path, tmp_path: Path
) -> None:
    """Trust in the system's source is not carried over to the line we make of it."""
    mirror = make_repository(tmp_path / "mirror", "1:22.4.0")
    for suite in ("stable", "sid"):
        index = mirror / f"dists/{suite}/main/binary-{native_architecture()}/Packages"
        index.parent.mkdir(parents=True)
        shutil.copy(mirror / "Packages", index) if suite == "sid" else index.touch()
        text = index.read_bytes()
        (mirror / f"dists/{suite}/Release").write_text(
            f"Suite: {suite}\nComponents: main\nArchitectures: {native_architecture()}\n"
            "Date: Sat, 01 Aug 2026 00:00:00 UTC\n"
            f"SHA256:\n {hashlib.sha256(text).hexdigest()} {len(text)} "
            f"main/binary-{native_architecture()}/Packages\n"
        )
    handler = partial(_QuietHandler, directory=str(mirror))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}"
        (sources / "debian.list").write_text(f"deb [trusted=yes] {address} stable main\n")
        try:
            with pytest.raises(AsteriskMissingError, match="sid Release' is not signed"):
                find_or_fetch()
        finally:
            server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's name
        """Say nothing."""


def test_two_fetches_at_once_share_one_result(sources: Path, cache: Path, tmp_path: Path) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))
    unpacked: list[int] = []

    def note(step: str, done: int, total: int) -> None:
        if step == "unpack" and done == total:
            unpacked.append(total)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: find_or_fetch(note), range(2)))

    assert results[0] == results[1]
    assert unpacked == [2]


def test_whoever_waits_for_another_fetch_is_told_so(
    sources: Path, cache: Path, tmp_path: Path
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))
    cache.mkdir(parents=True)
    lock = (cache / f"asterisk-22-{native_architecture()}.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    steps: list[str] = []

    def note(step: str, _done: int, _total: int) -> None:
        steps.append(step)
        lock.close()

    find_or_fetch(note)

    assert steps[0] == "wait"


@pytest.mark.parametrize("step", ["lists", "download", "unpack"])
def test_an_interrupted_fetch_leaves_nothing(
    sources: Path, cache: Path, tmp_path: Path, step: str
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))

    def interrupt(now: str, _done: int, _total: int) -> None:
        if now == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_or_fetch(interrupt)

    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_what_a_killed_fetch_left_is_removed_and_a_broken_tree_replaced(
    sources: Path, cache: Path, tmp_path: Path
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))
    tree = cache / f"asterisk-22-{native_architecture()}"
    (tree / "usr/sbin").mkdir(parents=True)
    (tree / "usr/sbin/asterisk").touch()
    (cache / f"{tree.name}.partial-abc/tree/usr").mkdir(parents=True)

    assert find_or_fetch().version == "22.4.0"
    assert left_over(cache) == []


# Where nothing can be fetched


def test_a_system_without_apt_is_told_what_to_install(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AsteriskMissingError) as refused:
        find_or_fetch()

    assert str(refused.value) == (
        "there is no dpkg here to fetch Asterisk with: "
        "install Asterisk 22 so that `asterisk -V` works"
    )


def test_a_cache_that_cannot_be_written_is_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(AsteriskMissingError, match=r"file/cordboard cannot be used .*directory"):
        find_or_fetch()


def test_a_relative_cache_folder_is_ignored_as_the_standard_wants(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/path")

    assert cache_folder() == tmp_path / ".cache/cordboard"


# The command


def test_the_command_prints_where_asterisk_is(
    sources: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sources / "own.list").write_text(trusted(make_repository(tmp_path / "own", "1:22.4.0")))

    assert main() == 0

    tree = cache / f"asterisk-22-{native_architecture()}"
    assert capsys.readouterr().out == f"{tree}/usr/sbin/asterisk\n"


def test_the_command_says_in_one_line_why_there_is_none(
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main() == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip() == (
        "there is no dpkg here to fetch Asterisk with: "
        "install Asterisk 22 so that `asterisk -V` works"
    )


# The system's own


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1+dfsg", "22.10.1+dfsg"),
        ("Asterisk certified/22.8-cert1", "22.8-cert1"),
        ("Asterisk 20.6.0", None),
        ("Asterisk GIT-master-1234", None),
        ("something else", None),
    ],
)
def test_a_program_on_path_is_taken_when_it_is_version_22(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, version: str | None
) -> None:
    monkeypatch.setattr("lab.asterisk_installation._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program = tmp_path / "asterisk"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)

    found = system_installation()

    assert (found.version if found else None) == version


def test_a_tree_without_its_loader_is_no_installation(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/x-linux-gnu/asterisk/modules").mkdir(parents=True)
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/asterisk").touch()

    assert tree_installation(tmp_path) is None
