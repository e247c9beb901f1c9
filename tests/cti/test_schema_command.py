"""`cordboard schema`: what editors read."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.load import FILES
from config.schema import schema_of, schemas
from cti.commands import main
from tests.config.folders import EXAMPLES


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["schema", *arguments], catch_exceptions=False)


@pytest.mark.parametrize("name", FILES)
def test_one_files_schema_is_printed(name: str) -> None:
    printed = run(name)

    assert (printed.exit_code, printed.stderr) == (0, "")
    assert json.loads(printed.stdout) == schema_of(name)


def test_a_copy_of_the_examples_has_each_schema_where_its_first_line_says(tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(EXAMPLES / name, tmp_path)
    written = run("--out", str(tmp_path))

    assert (written.exit_code, written.stdout) == (0, f"{tmp_path}/.schemas: written\n")
    for name in FILES:
        first = (tmp_path / name).read_text(encoding="utf-8").splitlines()[0]
        named = tmp_path / first.partition("$schema=")[2]
        assert json.loads(named.read_text(encoding="utf-8")) == schema_of(name)


def test_older_schemas_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    run("--out", str(tmp_path))
    (tmp_path / ".schemas" / "queues.json").write_text("old")
    run("--out", str(tmp_path))
    found = {
        path.name: path.read_text(encoding="utf-8") for path in (tmp_path / ".schemas").iterdir()
    }

    assert found == dict(schemas())


@pytest.mark.parametrize("arguments", [[], ["queues.yaml", "--out", "x"], ["other.yaml"]])
def test_neither_both_and_an_unknown_file_are_wrong_usage(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    refused = run("--out", str(tmp_path / "none"))

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"cordboard: {tmp_path}/none/.schemas cannot be written: No such file or directory; "
        "name a folder that you may write into\n"
    )
