"""Lines of event filters as Asterisk takes them; the real one is asked in the scenarios."""

from pathlib import Path

import pytest

from cti.doctor.asterisk_conf import read_conf
from cti.doctor.event_filters import filters_of, passes
from tests.scenarios.filter_lines import LINES


def lets_through(folder: Path, lines: str, device: str) -> bool:
    file = folder / "manager.conf"
    file.write_text(f"[u]\n{lines}\n")
    manager = read_conf(file)
    assert manager is not None
    return passes(
        filters_of(manager, "u"), "DeviceStateChange", (("Device", device), ("State", "INUSE"))
    )


@pytest.mark.parametrize(("lines", "passing"), LINES)
def test_each_line_lets_through_what_asterisk_lets_through(
    tmp_path: Path, lines: str, passing: str
) -> None:
    devices = ("Custom:a1", "Custom:b2")

    assert passing.split() == [name for name in devices if lets_through(tmp_path, lines, name)]


def test_a_filter_knows_its_place_and_its_text(tmp_path: Path) -> None:
    (tmp_path / "ours.conf").write_text("; a note\n;-- two\nlines --;\n[u](+)\neventfilter=!x\n")
    (tmp_path / "manager.conf").write_text('[u]\nread = all\n#include "ours.conf"\n')
    manager = read_conf(tmp_path / "manager.conf")
    assert manager is not None
    (one,) = filters_of(manager, "u")

    assert (one.place, one.text) == ((tmp_path / "ours.conf", 5), "eventfilter = !x")
    assert not one.includes
