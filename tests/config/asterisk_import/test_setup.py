"""The whole of an import: what is written can be used, and what cannot be read is refused."""

from pathlib import Path

import pytest

from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.proof import prove
from config.asterisk_import.render import yaml_files
from cti.asterisk_files.writing import join
from ivr.actions import Play
from ivr.interpreter import Interpreter
from tests.config.asterisk_import.setups import drafted, loaded, quick_hash, run, write

ODD_NAMES = ("true", "null", "no", "12", "-x", "0x1f", "no_key", "~", "* #", "a: b", "'")


def test_names_that_yaml_takes_for_something_else_stay_names(tmp_path: Path) -> None:
    queues = "".join(f"[{name}]\nmember => PJSIP/null,0,{name}\n" for name in ODD_NAMES)
    out = tmp_path / "out"
    run(write(tmp_path / "asterisk", {"queues.conf": queues}), "--out", out)
    configuration = loaded(out)

    assert len(configuration.policy.queues) == len(ODD_NAMES)
    assert [queue.name for queue in configuration.policy.queues][:7] == list(ODD_NAMES[:7])
    (agent,) = configuration.agents.values()
    assert (agent.agent, agent.name, list(agent.phones)) == ("null", "true", ["null"])


def test_a_caller_hears_the_greeting_and_waits_in_the_queue_without_a_key(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(write(tmp_path / "asterisk", {"queues.conf": "[500]\n"}), "--out", out)
    configuration = loaded(out)
    flow = configuration.flows[configuration.services["500"].flow]

    assert Interpreter(flow).begin() == Play(prompts=("greeting",))
    assert (configuration.prompts_folder / "greeting.wav").is_file()


def test_an_overflow_of_the_dialplan_is_in_force(tmp_path: Path) -> None:
    path = write(
        tmp_path / "asterisk",
        {
            "queues.conf": "[sales]\n[support]\n",
            "extensions.conf": "[a]\nexten => 1,1,Queue(sales,,,,90)\n same => n,Queue(support)\n",
        },
    )
    out = tmp_path / "out"
    run(path, "--extensions", path.parent / "extensions.conf", "--out", out)
    overflow = loaded(out).policy.queues[0].overflow

    assert overflow is not None
    assert (overflow.wait, overflow.to) == (90_000_000, "support")


def test_queues_in_a_database_alone_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        drafted(tmp_path, "[general]\n", extconfig="[settings]\nqueues => odbc,asterisk\n")

    assert str(refused.value) == (
        "queues.conf: there is no queue in it; its queues stand in a database (extconfig.conf): "
        "write them out as a file first"
    )


def test_an_extconfig_that_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[a]\n", extconfig="nonsense = 1\n")

    assert [line for line in draft.findings.lines() if "extconfig" in line] == [
        (
            "  extconfig.conf:1: extconfig.conf: extconfig.conf:1: nonsense = 1 stands before the "
            "first section; Asterisk refuses this file too"
        )
    ]


def test_an_agents_conf_that_asterisk_refuses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"agents\.conf:1: \[x has no closing \]"):
        drafted(tmp_path, "[a]\n", agents="[x\n")


def test_what_does_not_fit_into_our_files_is_refused_before_it_is_written(tmp_path: Path) -> None:
    extensions = "[a]\n" + "".join(f"exten => {one},1,Queue(sales)\n" for one in range(20_000))
    draft = drafted(tmp_path, "[sales]\n", extensions=extensions)

    with pytest.raises(ImportRefusedError, match="what came out cannot be used, import fewer"):
        prove(yaml_files(draft, None, quick_hash))


def test_an_agent_of_a_hundred_queues_does_not_join_one_more(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "".join(f"[q{number}]\nmember => PJSIP/1\n" for number in range(101)))

    assert len(draft.agents[0].queues) == 100
    assert [line for line in draft.findings.lines() if "at most" in line] == [
        "  queues.conf:202: [q100] member = PJSIP/1: not this queue: an agent can serve 100 at most"
    ]


def test_asterisk_config_takes_what_was_imported(tmp_path: Path) -> None:
    queues = "[500]\nmusicclass = jazz\nmember => PJSIP/1001,0,Ann\nmember => PJSIP/null\n"
    out = tmp_path / "out"
    run(write(tmp_path / "asterisk", {"queues.conf": queues}), "--out", out)

    written = {one.name for one in join(loaded(out), tmp_path / "joined")}
    assert {"cordboard-extensions.conf", "cordboard-pjsip.conf"} <= written
    extensions = (tmp_path / "joined" / "cordboard-extensions.conf").read_text()
    assert "exten => 500,1," in extensions
    assert "jazz" in extensions
