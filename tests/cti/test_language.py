"""People are spoken to in English or in Chinese, by their locale, and nothing is forgotten."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from tests.config.folders import ENVIRONMENT, EXAMPLES
from tests.messages import (
    MO_FILE,
    PO_FILE,
    as_mo,
    as_po,
    brought_up,
    read_catalogue,
    strings,
    untranslated,
)

_PLACE = re.compile(r"\{[^{}]*\}|%\([a-z_]+\)[a-z]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def cordboard(*arguments: str, **locale: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "cti", *arguments],
        env={**kept, **ENVIRONMENT, **locale},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )


def test_every_text_for_people_is_in_the_catalogue_and_no_other() -> None:
    assert as_po(brought_up(read_catalogue())) == PO_FILE.read_bytes(), "run: make messages"


def test_what_gettext_reads_is_what_people_edit() -> None:
    assert as_mo(read_catalogue()) == MO_FILE.read_bytes(), "run: make messages"


def test_every_text_has_a_translation() -> None:
    assert untranslated(read_catalogue()) == []


def test_a_translation_has_the_places_of_its_text() -> None:
    def places(text: str) -> list[str]:
        return sorted(set(_PLACE.findall(text)))

    wrong = [said.id for said in read_catalogue() if said.id and not _same_places(said, places)]

    assert wrong == []


def _same_places(said: Message, places: Callable[[str], list[str]]) -> bool:
    # of a plural, the text for many tells all places; Chinese has one form for both
    text = said.id if isinstance(said.id, str) else said.id[-1]
    return all(places(translation) == places(text) for translation in strings(said))


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "zh_CN.UTF-8"},
        {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"},
        {"LANG": "C.UTF-8", "LANGUAGE": "zh"},
        {"LC_MESSAGES": "zh_TW.UTF-8"},
    ],
)
def test_a_chinese_locale_is_spoken_to_in_chinese(locale: dict[str, str]) -> None:
    helped = cordboard("--help", **locale)

    assert helped.returncode == 0
    assert _CHINESE.search(helped.stdout)


@pytest.mark.parametrize(
    "locale", [{}, {"LANG": "C"}, {"LANG": "de_DE.UTF-8"}, {"LC_ALL": "en_GB.UTF-8"}]
)
def test_everybody_else_is_spoken_to_in_english(locale: dict[str, str]) -> None:
    helped = cordboard("--help", **locale)

    assert helped.returncode == 0
    assert not _CHINESE.search(helped.stdout)
    assert "Usage:" in helped.stdout


def test_what_is_wrong_is_said_in_chinese_too(tmp_path: Path) -> None:
    (tmp_path / "queues.yaml").write_text("queues: {sales: {ring_time: 15}}\n")
    english = cordboard("check", "--config", str(tmp_path))
    chinese = cordboard("check", "--config", str(tmp_path), LANG="zh_CN.UTF-8")

    assert (english.returncode, chinese.returncode) == (1, 1)
    assert _places(english.stderr) == _places(chinese.stderr)
    assert all(_CHINESE.search(line) for line in chinese.stderr.splitlines())


def _places(output: str) -> list[str]:
    """Return the file, line and column of every line that has them."""
    return re.findall(r"^[\w.]+:\d+:\d+", output, re.MULTILINE)


def test_wrong_usage_is_told_in_chinese_too() -> None:
    refused = cordboard("check", LANG="zh_CN.UTF-8")

    assert refused.returncode == 2
    assert _CHINESE.search(refused.stderr)


def test_a_terminal_that_has_no_chinese_is_no_reason_to_end() -> None:
    checked = cordboard(
        "check", "--config", str(EXAMPLES), LANG="zh_CN.UTF-8", PYTHONIOENCODING="latin-1"
    )

    assert checked.returncode == 0
    assert "?" in checked.stdout
