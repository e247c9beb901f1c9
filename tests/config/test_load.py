"""A folder as a whole: all problems at once, and what a good one becomes."""

import time
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.policy import AgentPolicy, OverflowRule, Policy, QueuePolicy
from config.errors import ConfigError, Severity
from config.load import FILES, check, load
from config.settings import AgiSettings, LogSettings, Service, WebSettings
from cti.ids import AgentId, DeviceId, PbxId, QueueName
from cti.instants import seconds
from ivr.flow import Choice, Flow, Menu, ToHangUp, ToQueue
from tests.config.folders import ENVIRONMENT, HASH, OTHER_HASH, Folder
from tests.config.folders import FILES as GOOD_FILES


def test_a_good_folder_has_no_problem(folder: Folder) -> None:
    assert folder.complaints() == []
    assert folder.load().warnings == ()


def test_queues_and_agents_become_the_cores_policy(folder: Folder) -> None:
    policy = folder.load().policy

    assert policy == Policy(
        version=policy.version,
        queues=(
            QueuePolicy(
                name=QueueName("sales"),
                ring_time=seconds(15),
                wrap_up=seconds(10),
                misses_max=3,
                waiting_max=200,
                overflow=OverflowRule(wait=seconds(60), to=QueueName("support")),
            ),
            QueuePolicy(
                name=QueueName("support"),
                ring_time=seconds(15),
                wrap_up=seconds(10),
                misses_max=3,
                waiting_max=200,
            ),
        ),
        agents=(
            AgentPolicy(agent=AgentId("ann"), queues=(QueueName("sales"), QueueName("support"))),
            AgentPolicy(agent=AgentId("chen"), queues=(QueueName("sales"),)),
        ),
    )


def test_a_menu_becomes_a_flow(folder: Folder) -> None:
    folder.replace("flows.yaml", "wrong_key:", "  9: {name: bye, hang_up: true}\n      wrong_key:")

    assert folder.load().flows == {
        "welcome": Flow(
            name="welcome",
            steps=(
                Menu(
                    name="menu",
                    greeting=("welcome",),
                    first_key=seconds(5),
                    tries=3,
                    choices=(
                        Choice(key="1", name="sales", to=ToQueue(queue=QueueName("sales"))),
                        Choice(key="2", name="support", to=ToQueue(queue=QueueName("support"))),
                        Choice(key="9", name="bye", to=ToHangUp()),
                    ),
                    otherwise=ToQueue(queue=QueueName("support")),
                    wrong_key=("wrong-key",),
                    no_key=(),
                ),
            ),
        )
    }


def test_the_rest_becomes_settings_with_absolute_paths(folder: Folder) -> None:
    configuration = folder.load()
    pbx = configuration.pbxs[PbxId("main")]

    assert (pbx.ami.host, pbx.ami.port, pbx.ami.username) == ("127.0.0.1", 5038, "cordboard")
    assert pbx.agi == AgiSettings(
        listen="127.0.0.1", port=4573, peers=("127.0.0.1",), address="127.0.0.1:4573"
    )
    assert pbx.music == "default"
    assert configuration.web == WebSettings(
        listen="127.0.0.1",
        port=8400,
        certificate=None,
        key=None,
        allow_plain_beyond_loopback=False,
        origins=(),
        metrics_peers=("127.0.0.1", "::1"),
    )
    assert configuration.services == {
        "8000": Service(number="8000", name="hotline", flow="welcome")
    }
    chen = configuration.agents[AgentId("chen")]
    assert chen.name == "陈晓"
    assert chen.password_hash == OTHER_HASH
    assert chen.phones == {
        "a1": DeviceId(pbx=PbxId("main"), name="PJSIP/a1"),
        "a2": DeviceId(pbx=PbxId("main"), name="PJSIP/a2"),
    }
    assert configuration.log == LogSettings(format="console", level="info")
    assert configuration.watchdog_limit == seconds(5)
    assert configuration.country == "DE"
    assert configuration.data == folder.path.resolve() / "var/lib"
    assert configuration.prompts_folder == folder.path.resolve() / "prompts"


def test_an_absolute_data_folder_stays_where_it_is(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "data: var/lib", "data: /var/lib/cordboard")

    assert folder.load().data == Path("/var/lib/cordboard")


def test_what_is_left_out_has_a_default(folder: Folder) -> None:
    folder.write(
        "cordboard.yaml",
        "pbx: {main: {ami: {username: x, secret: {env: AMI_SECRET}}}}\ntelephony: {country: CN}\n",
    )
    configuration = folder.load()

    assert configuration.web.port == 8400
    assert configuration.pbxs[PbxId("main")].agi.port == 4573
    assert configuration.data == folder.path.resolve() / "var/lib"


def test_a_configuration_cannot_be_changed(folder: Folder) -> None:
    configuration: Any = folder.load()

    with pytest.raises(FrozenInstanceError):
        configuration.country = "FR"
    with pytest.raises(TypeError):
        configuration.services["9"] = None


def test_a_country_may_be_norway(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "country: DE", "country: NO")

    assert folder.load().country == "NO"


@pytest.mark.parametrize(
    ("written", "number"),
    [("8000", "8000"), ("0800", "0800"), ('"*21#"', "*21#"), ("0", "0"), ("'007'", "007")],
)
def test_a_number_keeps_every_digit(folder: Folder, written: str, number: str) -> None:
    folder.replace("services.yaml", '"8000"', written)

    assert list(folder.load().services) == [number]


def test_port_0_means_any_free_one(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "8400", "0")

    assert folder.load().web.port == 0


def test_the_same_rules_have_the_same_version_and_others_another(
    folder: Folder, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Folder(tmp_path / "other")
    other.replace("queues.yaml", "ring_time: 15s", "ring_time: 15000ms   # the same")
    other.replace("cordboard.yaml", "8400", "8401")
    first = folder.load().policy.version

    assert other.load().policy.version == first
    assert len(first) == 12

    other.replace("queues.yaml", "15000ms", "16s")

    assert other.load().policy.version != first


def test_all_problems_of_all_files_come_at_once_and_in_order(folder: Folder) -> None:
    folder.replace("agents.yaml", "[a1]", "[a/1]")
    folder.replace("agents.yaml", "陈晓", "' '")
    folder.replace("cordboard.yaml", "8400", "84000")
    folder.replace("cordboard.yaml", "country: DE", "land: DE")
    folder.replace("flows.yaml", "[welcome]", "[hello]")
    folder.replace("queues.yaml", "to: support", "to: nowhere")
    folder.write("services.yaml", "services: [")
    with pytest.raises(ConfigError) as refused:
        folder.load({})

    assert [(problem.file, problem.line, problem.path) for problem in refused.value.problems] == [
        ("agents.yaml", 5, "agents.ann.phones.0"),
        ("agents.yaml", 8, "agents.chen.name"),
        ("cordboard.yaml", 5, "pbx.main.ami.secret.env"),
        ("cordboard.yaml", 10, "web.port"),
        ("cordboard.yaml", 15, "telephony.country"),
        ("cordboard.yaml", 15, "telephony.land"),
        ("flows.yaml", 4, "flows.welcome.menu.greeting.0"),
        ("queues.yaml", 7, "queues.sales.overflow.to"),
        ("services.yaml", 2, ""),
    ]
    assert str(refused.value) == "\n".join(str(problem) for problem in refused.value.problems)


def test_check_and_load_find_the_same(folder: Folder) -> None:
    folder.replace("queues.yaml", "to: support", "to: nowhere")
    with pytest.raises(ConfigError) as refused:
        folder.load()

    assert folder.problems() == refused.value.problems


def test_warnings_alone_do_not_keep_a_configuration_from_use(folder: Folder) -> None:
    folder.replace("agents.yaml", "queues: [sales, support]", "queues: [sales]")
    configuration = folder.load()

    assert [warning.severity for warning in configuration.warnings] == [Severity.WARNING]


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_needed(folder: Folder, name: str) -> None:
    (folder.path / name).unlink()

    assert f"{name}:1:1: is missing" in folder.complaints()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ["[]", "text", "5", "---"])
def test_a_file_that_holds_something_else_is_told(folder: Folder, name: str, content: str) -> None:
    folder.write(name, content)
    problems = [problem for problem in folder.problems() if problem.file == name]

    assert problems != []
    assert all(" must be a mapping (" in f" {problem.message}" for problem in problems)


@pytest.mark.parametrize("name", FILES)
def test_an_empty_mapping_lacks_its_keys(folder: Folder, name: str) -> None:
    folder.write(name, "{}")
    problems = [str(problem) for problem in folder.problems() if problem.file == name]

    assert problems != []
    assert all("1:1" in problem and "is missing; it must be" in problem for problem in problems)


def test_a_file_by_a_wrong_name_is_told(folder: Folder) -> None:
    (folder.path / "agents.yaml").rename(folder.path / "agents.yml")
    folder.write("notes.txt", "not ours")

    assert folder.complaints() == [
        "agents.yaml:1:1: is missing",
        "agents.yml:1:1: warning: is not read; did you mean agents.yaml?",
    ]


def test_very_many_files_that_are_not_read_are_told_of_quickly(
    folder: Folder, patience: float
) -> None:
    for index in range(5_000):
        folder.write(f"{index}.yaml", "")
    started = time.process_time()
    complaints = folder.complaints()

    assert time.process_time() - started < patience
    assert len(complaints) == 101


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    assert [str(problem) for problem in check(missing, {})] == [
        f"{missing}: there is no such folder; name the one that holds cordboard.yaml"
    ]


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ConfigError) as refused:
        load(file, {})

    assert str(refused.value) == f"{file}: is not a folder; name the one that holds cordboard.yaml"


def test_a_circle_of_links_in_the_folders_place_is_told(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    assert [problem.file for problem in check(circle, {})] == [str(circle)]


def test_a_relative_folder_gives_absolute_paths(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path)
    configuration = load(Path(), ENVIRONMENT)

    assert configuration.prompts_folder == folder.path.resolve() / "prompts"


def test_very_many_problems_are_cut_short_and_quickly(folder: Folder, patience: float) -> None:
    names = "".join(f"  bad name {index}: {{phones: 1, x{index}: 2}}\n" for index in range(10_000))
    folder.write("agents.yaml", f"agents:\n{names}")
    started = time.process_time()
    complaints = [line for line in folder.complaints() if line.startswith("agents.yaml")]

    assert time.process_time() - started < patience
    assert len([line for line in complaints if "warning" not in line]) == 101
    assert sum("more problems follow" in line for line in complaints) == 2


def test_very_many_warnings_are_no_error(folder: Folder) -> None:
    queues = "".join(f"  q{index}: {{}}\n" for index in range(300))
    folder.write("queues.yaml", f"queues:\n  sales: {{}}\n  support: {{}}\n{queues}")
    problems = folder.problems()

    assert {problem.severity for problem in problems} == {Severity.WARNING}
    assert sum("more problems follow" in problem.message for problem in problems) == 2
    assert len(folder.load().warnings) == len(problems)


def test_five_thousand_agents_are_read_in_seconds(folder: Folder, patience: float) -> None:
    agents = "".join(
        f"  a{index}: {{name: A, password_hash: {HASH!r}, phones: [p{index}], queues: [sales]}}\n"
        for index in range(5_000)
    )
    folder.write("agents.yaml", f"agents:\n{agents}")
    started = time.process_time()

    assert len(folder.load().agents) == 5_000
    assert time.process_time() - started < patience


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(name=st.sampled_from(list(FILES)), data=st.data())
def test_a_damaged_file_gives_problems_or_a_configuration_and_nothing_else(
    folder: Folder, name: str, data: st.DataObject
) -> None:
    """Cut out a piece, and put another piece of the files in its place."""
    text = GOOD_FILES[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    pieces = [line.strip() for file in GOOD_FILES.values() for line in file.splitlines()]
    piece = data.draw(st.sampled_from(pieces) | st.text(max_size=5))
    folder.write(name, (text[:start] + piece + text[end:]).encode(errors="surrogatepass"))
    problems = folder.problems()
    if all(problem.severity is Severity.WARNING for problem in problems):
        assert list(folder.load().warnings) == problems
    else:
        with pytest.raises(ConfigError):
            folder.load()
    folder.write(name, text)
