"""Files that may not be read."""

from pathlib import Path

import pytest

from config.errors import UnreadableFileError
from config.files import read_file


def test_a_file_that_fails_while_it_is_read_is_told() -> None:
    """The kernel opens a process' own memory and refuses its first page."""
    with pytest.raises(UnreadableFileError, match="cannot be read: Input/output error"):
        read_file(Path("/proc/self/mem"), bytes_max=10)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read: embedded null byte"):
        read_file(tmp_path / "a\0b", bytes_max=10)


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read: File name too long"):
        read_file(tmp_path / ("a" * 300), bytes_max=10)


def test_a_file_as_long_as_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    path.chmod(0o640)
    content = read_file(path, bytes_max=10)

    assert (content.data, content.world_readable) == (b"0123456789", False)
