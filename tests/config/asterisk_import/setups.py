"""Set-ups of app_queue for tests, and what is made of them."""

from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from config.asterisk_import.draft import Draft
from config.asterisk_import.setup import Sources, draft_configuration
from config.load import load
from config.settings import Configuration
from cti.commands import main
from tests.config.folders import HASH

SECRET = {"CORDBOARD_AMI_SECRET": "a-secret-that-is-long-enough"}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, and return the path of queues.conf among them."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return folder / "queues.conf"


def drafted(folder: Path, queues: str, **others: str) -> Draft:
    """Return what is made of a queues.conf; `others` are files beside it, `agents` and so on."""
    files = {f"{name}.conf": text for name, text in others.items()}
    path = write(folder / "asterisk", {"queues.conf": queues, **files})
    extensions = folder / "asterisk" / "extensions.conf"
    return draft_configuration(
        Sources(queues=path, extensions=extensions if "extensions" in others else None)
    )


def told(draft: Draft) -> list[str]:
    """Return the report without its headings, each line with its kind before it."""
    lines: list[str] = []
    kind = ""
    for line in draft.findings.lines():
        if line.startswith("  "):
            lines.append(f"{kind}: {line.strip()}")
        elif line:
            kind = line.rpartition(" (")[0]
    return lines


def run(*arguments: object) -> Result:
    """Run the command; no traceback may come of it."""
    result = CliRunner().invoke(main, ["import", *map(str, arguments)], catch_exceptions=False)

    assert "Traceback" not in result.output
    return result


def loaded(folder: Path) -> Configuration:
    """Return the configuration of a folder that was written."""
    return load(folder, SECRET)


def quick_hash(password: str) -> str:
    """Stand for a hash of any password."""
    del password
    return HASH
