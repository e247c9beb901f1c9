"""The systemd unit of an installation."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.commands.systemd_unit import command
from cti.operations.unit import Installation, UnfitTextError, unit
from tests.config.folders import Folder

PLAIN = Installation(
    command=("/opt/cordboard/bin/cordboard",),
    config=Path("/etc/cordboard"),
    data=Path("/var/lib/cordboard"),
    reads=(),
    user="cordboard",
    variables=("CORDBOARD_AMI_SECRET",),
    secrets_file=Path("/etc/cordboard/cordboard.env"),
    watchdog_limit_s=5,
    web_port=8400,
    embedded_database=True,
)
SECRET = "no unit holds this secret"


def settings(text: str) -> dict[str, list[str]]:
    """Return the settings of a unit, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_runs_this_configuration_by_a_path_that_holds_anywhere() -> None:
    lines = settings(unit(PLAIN))

    assert lines["ExecStart"] == ["/opt/cordboard/bin/cordboard serve --config /etc/cordboard"]
    assert lines["User"] == ["cordboard"]
    assert (lines["Type"], lines["Restart"]) == (["notify"], ["always"])
    assert lines["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert lines["EnvironmentFile"] == ["/etc/cordboard/cordboard.env"]


def test_a_daemon_may_reach_its_data_and_nothing_else() -> None:
    lines = settings(unit(PLAIN))

    assert lines["StateDirectory"] == ["cordboard"]
    assert "ReadWritePaths" not in lines
    assert lines["ProtectSystem"] == ["strict"]
    assert lines["CapabilityBoundingSet"] == [""]
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute"):
        assert lines[name] == ["yes"]


def test_data_elsewhere_is_named_and_said_to_be_needed_first() -> None:
    text = unit(replace(PLAIN, data=Path("/srv/calls")))

    assert settings(text)["ReadWritePaths"] == ["/srv/calls"]
    assert "install -d -m 711 -o cordboard /srv/calls" in text
    assert "StateDirectory" not in text


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"config": Path("/home/kim/cordboard")}, "ProtectHome", "read-only"),
        ({"reads": (Path("/root/venv/bin/python"),)}, "ProtectHome", "read-only"),
        ({"config": Path("/homework")}, "ProtectHome", "yes"),
        ({"data": Path("/var/tmp/try")}, "PrivateTmp", "no"),  # noqa: S108 - as data
        ({"embedded_database": False}, "KillMode", "mixed"),
        ({"embedded_database": True}, "KillMode", "process"),
        ({"web_port": 443}, "AmbientCapabilities", "CAP_NET_BIND_SERVICE"),
        ({"web_port": 443}, "CapabilityBoundingSet", "CAP_NET_BIND_SERVICE"),
        ({"watchdog_limit_s": 5.0}, "WatchdogSec", "10"),
        ({"watchdog_limit_s": 30.2}, "WatchdogSec", "61"),
    ],
)
def test_what_an_installation_needs_is_left_open_to_it(
    changes: dict[str, object], name: str, value: str
) -> None:
    assert settings(unit(replace(PLAIN, **changes)))[name] == [value]  # type: ignore[arg-type]  # each of its field


def test_no_secrets_in_the_environment_need_no_file_of_them() -> None:
    assert "EnvironmentFile" not in settings(unit(replace(PLAIN, variables=())))


def test_odd_paths_stay_one_argument_and_mean_themselves() -> None:
    odd = replace(PLAIN, config=Path('/etc/call centre/50%/$HOME "x"'))

    assert settings(unit(odd))["ExecStart"] == [
        '/opt/cordboard/bin/cordboard serve --config "/etc/call centre/50%%/$$HOME \\"x\\""'
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"config": Path("/etc/a\nExecStartPre=/bin/evil")}, r"--config: '\n'"),
        ({"command": ("/opt/\x07/cordboard",)}, r"the path of this program: '\x07'"),
        ({"data": Path("/srv/two words")}, "data (cordboard.yaml): ' '"),
        ({"data": Path("/var/lib/a;b")}, "data (cordboard.yaml): ';'"),
        ({"data": Path("/srv/a\nb")}, r"data (cordboard.yaml): '\n'"),
        ({"user": "root\nUser=root"}, r"--user: '\n'"),
        ({"user": "ann."}, "--user: '.'"),
        ({"user": "-x"}, "--user: '-'"),
        ({"user": ""}, "--user is empty"),
        ({"secrets_file": Path("/etc/\x1b[31m")}, r"--secrets: '\x1b'"),
        ({"secrets_file": Path("/etc/a:b")}, "--secrets: ':'"),
    ],
)
def test_what_cannot_stand_in_a_unit_is_refused_with_its_setting_and_its_character(
    changes: dict[str, object], told: str
) -> None:
    with pytest.raises(UnfitTextError) as refused:
        unit(replace(PLAIN, **changes))  # type: ignore[arg-type]  # each of its field

    assert str(refused.value).startswith(told)
    assert str(refused.value).isprintable()


def run(folder: Path, *arguments: str) -> Result:
    environment = {"CORDBOARD_CONFIG": None, "AMI_SECRET": SECRET}
    return CliRunner().invoke(command, ["--config", str(folder), *arguments], env=environment)


def test_the_command_prints_a_unit_for_this_very_program(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    result = run(folder.path, "--user", "calls", "--secrets", "/etc/calls.env")
    lines = settings(result.stdout)

    assert result.exit_code == 0
    assert str(Path(sys.executable).parent) in lines["ExecStart"][0]
    assert lines["ExecStart"][0].endswith(f" serve --config {folder.path}")
    assert (lines["User"], lines["EnvironmentFile"]) == (["calls"], ["/etc/calls.env"])
    assert "#   AMI_SECRET" in result.stdout
    assert SECRET not in result.stdout


def test_secrets_need_not_be_here_to_make_a_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMI_SECRET", raising=False)
    result = CliRunner().invoke(command, ["--config", str(Folder(tmp_path).path)])

    assert result.exit_code == 0
    assert "stand-in" not in result.stdout


def test_a_configuration_that_cannot_be_used_is_told_as_everywhere(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("queues.yaml", "queues: [")
    result = run(folder.path)

    assert result.exit_code == 1
    assert "queues.yaml:" in result.stderr
    assert result.stdout == ""


def test_a_name_that_cannot_stand_in_a_unit_is_told_in_one_line(tmp_path: Path) -> None:
    result = run(Folder(tmp_path).path, "--user", "two words")

    assert result.exit_code == 1
    assert result.stderr == ("cordboard: --user: ' ' cannot stand in a systemd unit: 'two words'\n")


def test_systemd_knows_every_setting(tmp_path: Path) -> None:
    true = shutil.which("true") or "/bin/true"
    file = tmp_path / "cordboard.service"
    file.write_text(unit(replace(PLAIN, command=(true,), user="root")))
    analyze = shutil.which("systemd-analyze")
    said = ""
    if analyze is not None:  # where there is no systemd, nobody runs the unit either
        checked = subprocess.run(
            [analyze, "verify", str(file)], capture_output=True, text=True, check=False, timeout=60
        )
        said = "\n".join(line for line in checked.stderr.splitlines() if str(file) in line)

    assert said == ""
