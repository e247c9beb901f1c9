"""
Keeps the Chinese words beside the English ones.

    python -m tests.messages      (make messages)

takes every text for people out of the code into `cti/locale/zh/LC_MESSAGES/cordboard.po`, where
what is new stands without a translation and what is gone is gone, and compiles that file for
gettext. click's own messages are among them, as far as our commands can show them.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from cti.language import DOMAIN, LOCALES

ROOT: Final = Path(__file__).parent.parent
SPOKEN: Final = ("cti", "config", "storage", "agents", "lab")
"""The packages that speak to people."""
PO_FILE: Final = LOCALES / "zh" / "LC_MESSAGES" / f"{DOMAIN}.po"
MO_FILE: Final = PO_FILE.with_suffix(".mo")

MessageId = str | tuple[str, ...]
_PYTHON: Final = [("**.py", "python")]
_CLICK: Final = ("core.py", "decorators.py", "exceptions.py", "formatting.py", "types.py")


def used() -> Iterator[MessageId]:
    """Yield every text that the code may say, plurals as pairs."""
    for package in SPOKEN:
        for found in extract_from_dir(ROOT / package, _PYTHON):
            yield found[2]
    for name in _CLICK:
        for _, said, _, _ in extract_from_file("python", Path(click.__file__).parent / name):
            yield said


def read_catalogue() -> Catalog:
    """Return the words as they stand in the file."""
    with PO_FILE.open("rb") as file:
        return read_po(file, locale="zh", domain=DOMAIN)


def brought_up(old: Catalog) -> Catalog:
    """Return these words with a place for every text that is used, and for no other."""
    new = Catalog(
        locale="zh",
        domain=DOMAIN,
        project="Cordboard",
        header_comment="# What Cordboard says at the command line, in Chinese.",
        creation_date=old.creation_date,
        revision_date=old.creation_date,
        fuzzy=False,
    )
    for said in used():
        known = old.get(said if isinstance(said, str) else said[0])
        new.add(said, None if known is None else known.string)
    return new


def as_po(catalogue: Catalog) -> bytes:
    """Return the file that people edit."""
    file = BytesIO()
    write_po(file, catalogue, width=100, no_location=True, sort_output=True)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """Return the file that gettext reads."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[MessageId]:
    """Return every text that has no translation yet."""
    return [_id(said) for said in catalogue if said.id and not all(strings(said))]


def strings(message: Message) -> tuple[str, ...]:
    """Return the translations of a text: one, or one for each plural form that Chinese has."""
    said = message.string
    return (said or "",) if isinstance(said, str | None) else tuple(text or "" for text in said)


def _id(message: Message) -> MessageId:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def main() -> int:
    """Bring both files up, and name what has no translation."""
    catalogue = brought_up(read_catalogue())
    PO_FILE.write_bytes(as_po(catalogue))
    MO_FILE.write_bytes(as_mo(catalogue))
    missing = untranslated(catalogue)
    for said in missing:
        print(f"no translation yet: {said!r}", file=sys.stderr)
    print(f"{len(catalogue)} texts, {len(missing)} without a translation", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
