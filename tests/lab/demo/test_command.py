"""What the demonstration's command line refuses before anything starts, and what it says then."""

import pytest
from click.testing import CliRunner, Result

from lab.demo.command import main
from lab.demo.script import ready_scripts


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("factor", ["nan", "-nan", "inf", "-inf", "1e400", "0", "-1", "0.1", "ten"])
def test_a_speed_that_is_none_is_wrong_usage(factor: str) -> None:
    refused = demo("--speed", factor)

    assert refused.exit_code == 2
    assert "'--speed'" in refused.stderr


@pytest.mark.parametrize("name", ["tuor", "", "scripts/none.yaml"])
def test_a_script_that_is_not_there_is_answered_with_those_that_are(name: str) -> None:
    refused = demo("--script", name)

    assert refused.exit_code == 2
    assert repr(name) in refused.stderr
    assert "busy-hour, no-answer, tour" in refused.stderr
    assert [script for script in ready_scripts() if script not in refused.stderr] == []
    assert "any other YAML file by its path" in refused.stderr
