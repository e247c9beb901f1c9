"""Secrets: fetched from outside, never told, never shown."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError, Severity
from config.secrets import Secret
from cti.ids import PbxId
from tests.config.folders import ENVIRONMENT, HASH, Folder

Case = tuple[str, str, str, list[str]]
"""File, what stands there, what a test writes instead, and all that the check then says."""

MISPLACED: list[Case] = [
    (
        "agents.yaml",
        HASH,
        "canary-hash",
        [
            "agents.yaml:4:20: agents.ann.password_hash: must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password",
        ],
    ),
    (
        "agents.yaml",
        HASH,
        "$argon2i$v=19$m=19456,t=2,p=1$foSNKPqwjAeb761LyVVosw$U/nd8Zqpz1KoO7tcjisakYZDYPpEIMX0UmFidCTRpwk",
        [
            "agents.yaml:4:20: agents.ann.password_hash: must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password",
        ],
    ),
    (
        "agents.yaml",
        HASH,
        "$argon2id$v=19$m=99999999,t=2,p=1$foSNKPqwjAeb761LyVVosw$U/nd8Zqpz1KoO7tcjisakYZDYPpEIMX0UmFidCTRpwk",
        [
            "agents.yaml:4:20: agents.ann.password_hash: this hash costs too much at every sign-in, or nothing; allowed are m up to 1048576, t up to 32, p up to 32",
        ],
    ),
    (
        "agents.yaml",
        HASH,
        "$argon2id$v=19$m=19456,t=0,p=1$foSNKPqwjAeb761LyVVosw$U/nd8Zqpz1KoO7tcjisakYZDYPpEIMX0UmFidCTRpwk",
        [
            "agents.yaml:4:20: agents.ann.password_hash: this hash costs too much at every sign-in, or nothing; allowed are m up to 1048576, t up to 32, p up to 32",
        ],
    ),
    (
        "agents.yaml",
        HASH,
        "$argon2id$v=19$m=19456,t=2,p=1$foSNKPqwjAeb761LyVVosw$U/nd8Zqpz1KoO7tcjisakYZDYPpEIMX0UmFidCTR%%%",
        [
            "agents.yaml:4:20: agents.ann.password_hash: must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password",
        ],
    ),
    (
        "agents.yaml",
        HASH,
        "$argon2id$v=19$m=19456,t=2,p=1$foSNKPqwjAeb761LyVVosw$U/nd8Z",
        [
            "agents.yaml:4:20: agents.ann.password_hash: must be an argon2id hash ($argon2id$v=19$…); make one with: cordboard hash-password",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "canary-pw",
        [
            "cordboard.yaml:5:15: pbx.main.ami.secret: must be {env: NAME} or {file: PATH}; secrets do not stand in this file",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "{env: canary pw}",
        [
            "cordboard.yaml:5:21: pbx.main.ami.secret.env: must be the name of an environment variable",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "{env: AMI_SECRET, file: canary}",
        [
            "cordboard.yaml:5:15: pbx.main.ami.secret: needs one of the two: {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "{}",
        [
            "cordboard.yaml:5:15: pbx.main.ami.secret: needs one of the two: {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "{text: canary-pw}",
        [
            "cordboard.yaml:5:16: pbx.main.ami.secret.text: is not a known key; allowed: env, file",
        ],
    ),
    (
        "cordboard.yaml",
        "{env: AMI_SECRET}",
        "[canary-pw]",
        [
            "cordboard.yaml:5:15: pbx.main.ami.secret: must be {env: NAME} or {file: PATH}; secrets do not stand in this file, not a list of 1",
        ],
    ),
    (
        "cordboard.yaml",
        "secret: {env: AMI_SECRET}",
        "password: canary-pw",
        [
            "cordboard.yaml:4:7: pbx.main.ami.secret: is missing; it must be {env: NAME} or {file: PATH}; secrets do not stand in this file",
            "cordboard.yaml:5:7: pbx.main.ami.password: is not a known key; allowed: host, port, username, secret",
        ],
    ),
    (
        "cordboard.yaml",
        "    ami:\n      username: cordboard\n      secret: {env: AMI_SECRET}",
        "    ami: canary-pw",
        [
            "cordboard.yaml:3:10: pbx.main.ami: must be a mapping (host, port, username, secret)",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: postgresql://joe:canary-pw@db/x",
        [
            "cordboard.yaml:13:8: database.url: a URL with a password does not stand in this file: write {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: postgresql://db/x?password=canary-pw",
        [
            "cordboard.yaml:13:8: database.url: a URL with a password does not stand in this file: write {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: postgresql://db/x?sslmode=require&Pass%77ord=canary-pw",
        [
            "cordboard.yaml:13:8: database.url: a URL with a password does not stand in this file: write {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: mysql://joe:canary-pw@db/x",
        [
            "cordboard.yaml:13:8: database.url: must begin with postgresql://",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: postgresql://[canary-pw/x",
        [
            "cordboard.yaml:13:8: database.url: is not a URL; allowed is postgresql://user@host:5432/name",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: 5",
        [
            "cordboard.yaml:13:8: database.url: must be null (the embedded server), a postgresql:// URL without a password, {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: [canary-pw]",
        [
            "cordboard.yaml:13:8: database.url: must be null (the embedded server), a postgresql:// URL without a password, {env: NAME} or {file: PATH}, not a list of 1",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: {env: A, file: B}",
        [
            "cordboard.yaml:13:8: database.url: needs one of the two: {env: NAME} or {file: PATH}",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: {env: 5}",
        [
            "cordboard.yaml:13:14: database.url.env: must be the name of an environment variable",
        ],
    ),
    (
        "cordboard.yaml",
        "url: null",
        "url: {envv: A}",
        [
            "cordboard.yaml:13:9: database.url.envv: is not a known key; did you mean env? allowed: env, file",
        ],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), MISPLACED)
def test_a_misplaced_secret_is_told_and_never_repeated(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)
    complaints = folder.complaints()

    assert complaints == expected
    assert "canary" not in str(complaints)


@pytest.mark.parametrize("path", [r"a\0b", r"\e[2J", "x" * 5_000])
def test_a_path_that_no_file_can_have_is_told_once_and_not_repeated(
    folder: Folder, path: str
) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", f'{{file: "{path}"}}')

    assert folder.complaints() == [
        "cordboard.yaml:5:22: pbx.main.ami.secret.file: must be a file's path"
    ]


def test_a_missing_variable_is_told_by_its_name(folder: Folder) -> None:
    where, what = "cordboard.yaml:5:21:", "pbx.main.ami.secret.env"
    why = "the environment variable AMI_SECRET is not set; the daemon needs it"

    with pytest.raises(ConfigError) as raised:
        folder.load({})

    assert [str(problem) for problem in raised.value.problems] == [f"{where} {what}: {why}"]
    assert folder.complaints({}) == [f"{where} warning: {what}: {why}"]


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("", "the secret is empty"),
        ("canary\r\nAction: x", "the secret holds a line's end or another control character"),
        ("canary\x7f", "the secret holds a line's end or another control character"),
    ],
)
def test_a_secret_that_cannot_be_sent_is_refused(
    folder: Folder, secret: str, complaint: str
) -> None:
    assert folder.complaints({"AMI_SECRET": secret}) == [
        f"cordboard.yaml:5:21: pbx.main.ami.secret.env: {complaint}"
    ]


def ami_secret(folder: Folder) -> Secret:
    """Return the secret of the only PBX."""
    return folder.load().pbxs[PbxId("main")].ami.secret


def test_a_secret_comes_from_the_environment(folder: Folder) -> None:
    assert ami_secret(folder).reveal() == "canary-ami-secret"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_the_end_of_its_line(
    folder: Folder, ending: str
) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{file: ami-secret}")
    folder.write("ami-secret", f"canary file {ending}").chmod(0o600)

    assert ami_secret(folder).reveal() == "canary file "
    (complaint,) = folder.complaints()
    assert "asterisk-config cannot write the secret of ami-secret" in complaint
    assert "canary" not in complaint


def test_a_secret_file_that_everybody_may_read_is_worth_a_warning(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{file: ami-secret}")
    folder.write("ami-secret", "canary-secret").chmod(0o644)
    (warning,) = folder.load().warnings

    assert warning.severity is Severity.WARNING
    assert str(warning) == (
        "cordboard.yaml:5:22: warning: pbx.main.ami.secret.file: "
        "everybody on this machine may read it; do: chmod 600 ami-secret"
    )


def spoil_missing(path: Path) -> None:
    """Leave it missing."""
    path.unlink(missing_ok=True)


def spoil_long(path: Path) -> None:
    """Make it too long."""
    path.write_bytes(b"x" * 4_097)


def spoil_bytes(path: Path) -> None:
    """Write what is not UTF-8."""
    path.write_bytes(b"canary\xff")


def spoil_pipe(path: Path) -> None:
    """Make it a pipe that nobody writes to."""
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (spoil_missing, "is missing"),
        (Path.mkdir, "is a folder; a file is needed"),
        (spoil_pipe, "is not a regular file; a file is needed"),
        (spoil_long, "is too long; at most 4,096 bytes are allowed"),
        (spoil_bytes, "is not UTF-8"),
    ],
)
def test_a_secret_file_that_cannot_be_read_is_told(
    folder: Folder, spoil: Callable[[Path], None], complaint: str
) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{file: ami-secret}")
    path = folder.path / "ami-secret"
    spoil(path)

    assert folder.complaints() == [
        f"cordboard.yaml:5:22: pbx.main.ami.secret.file: the file {path} {complaint}"
    ]


def test_a_database_url_with_a_password_comes_from_outside(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "url: null", "url: {env: DB}")
    url = "postgresql://joe:canary@db/x"
    configuration = folder.load({**ENVIRONMENT, "DB": url})

    assert configuration.database_url == Secret(url)
    assert "canary" not in repr(configuration)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://joe@db:5433/x",
        "postgres:///x?host=/run/postgresql",
        "postgresql://joe@a:5432,b:5433/x?target_session_attrs=read-write",
        "postgresql://db/x?passfile=/etc/cordboard/pgpass",
    ],
)
def test_a_database_url_without_a_password_may_stand_in_the_file(folder: Folder, url: str) -> None:
    folder.replace("cordboard.yaml", "url: null", f"url: '{url}'")

    assert folder.load().database_url == Secret(url)


def test_a_wrong_database_url_from_outside_is_refused_and_not_shown(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "url: null", "url: {env: DB}")

    assert folder.complaints({**ENVIRONMENT, "DB": "http://canary"}) == [
        "cordboard.yaml:13:14: database.url.env: the URL must begin with postgresql://"
    ]


def test_without_a_url_the_embedded_database_is_meant(folder: Folder) -> None:
    assert folder.load().database_url is None


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("canary")

    assert [str(secret), repr(secret), f"{secret}", f"{[secret]}"] == [
        "Secret(…)",
        "Secret(…)",
        "Secret(…)",
        "[Secret(…)]",
    ]
    with pytest.raises(TypeError, match="a secret is not written anywhere"):
        pickle.dumps(secret)


def test_secrets_are_compared_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_configuration_does_not_show_its_secrets(folder: Folder) -> None:
    shown = repr(folder.load())

    assert "canary" not in shown
    assert "argon2" not in shown
