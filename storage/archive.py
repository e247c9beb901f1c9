"""
The file that a backup is: a plain tar archive whose last member is its manifest.

An administrator can look into it with `tar`. Large members are gzip files of their own, so that the
archive needs no second layer; the manifest (`archive_manifest`) comes last, because only then is
everything known that stands in it, and an archive that was cut off has none. Written and read as a
stream: nothing is held in memory but a few blocks.

An archive is data from outside. It is not read by `tarfile`'s own walk, which takes a header of any
length into memory and knows links, devices and sparse files: here a member is a plain file with a
short name, or the archive is refused.
"""

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from cti.language import _
from storage.errors import ArchiveDamagedError, ArchiveError

MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 16 * 2**20
MEMBERS_MAX = 20_000
NAME_BYTES_MAX = 1_024
COPY_BYTES = 2**18

_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS
"""zlib's word for: with gzip's header and checksum."""
_MODE = 0o600


class Sink(Protocol):
    """Where an archive is written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of this."""


class Digest(Protocol):
    """One of hashlib's hashes."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was stored of a member: bytes in the archive and their hash, and bytes unpacked."""

    size: int
    sha256: str
    unpacked: int


class Spool:
    """
    A member on its way: packed into a file, since tar wants its size beforehand.

    `packed` says whether it is to be a gzip file.
    """

    def __init__(self, file: BinaryIO, *, packed: bool = True) -> None:
        self._file = file
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP) if packed else None
        self._unpacked = 0
        self.lines = 0

    def write(self, data: bytes) -> None:
        """Add bytes, as they are before packing."""
        self._unpacked += len(data)
        self.lines += data.count(b"\n")
        self._file.write(data if self._packer is None else self._packer.compress(data))

    def take(self, source: BinaryIO) -> None:
        """Add all that is left in a file."""
        while block := source.read(COPY_BYTES):
            self.write(block)

    def finish(self) -> int:
        """Write what is held back, go to the beginning, and return the bytes unpacked."""
        if self._packer is not None:
            self._file.write(self._packer.flush())
        self._file.flush()
        self._file.seek(0)
        return self._unpacked


class ArchiveWriter:
    """Writes members one after the other; `finish` ends the archive."""

    def __init__(self, sink: Sink, *, made_at: int) -> None:
        self._sink = sink
        self._made_at = made_at
        self._count = 0

    def add(self, name: str, content: BinaryIO, *, unpacked: int | None = None) -> Stored:
        """
        Add a file as it stands from here to its end, and return what was stored.

        Raises:
            ArchiveError: no reader would take it: the name is none, or there are too many.
        """
        _own_place(name)
        self._count += 1
        if self._count > MEMBERS_MAX:
            raise ArchiveError(
                _("there are more than {count} files").format(count=f"{MEMBERS_MAX:,}")
            )
        start = content.tell()
        size = content.seek(0, os.SEEK_END) - start
        content.seek(start)
        header = tarfile.TarInfo(name)
        header.size, header.mode, header.mtime = size, _MODE, self._made_at
        self._sink.write(header.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict"))
        digest, left = hashlib.sha256(), size
        while left > 0:
            block = content.read(min(COPY_BYTES, left))
            if not block:
                raise ArchiveDamagedError(
                    _("{name} became shorter while it was read").format(name=name)
                )
            digest.update(block)
            self._sink.write(block)
            left -= len(block)
        self._sink.write(b"\0" * (-size % tarfile.BLOCKSIZE))
        return Stored(
            size=size, sha256=digest.hexdigest(), unpacked=size if unpacked is None else unpacked
        )

    def finish(self, manifest: bytes) -> None:
        """Add the manifest, and end the archive."""
        self.add(MANIFEST, io.BytesIO(manifest))
        self._sink.write(b"\0" * (2 * tarfile.BLOCKSIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A member as it stands in the archive."""

    name: str
    offset: int
    size: int


class ArchiveReader:
    """
    The members of an archive, by name; built from its headers alone.

    Raises:
        ArchiveDamagedError: it is no such archive, or holds what ours never hold.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self.members: dict[str, Found] = {}
        for found in self._walk():
            if found.name in self.members:
                raise ArchiveDamagedError(_("{name} stands in it twice").format(name=found.name))
            if len(self.members) >= MEMBERS_MAX:
                raise ArchiveDamagedError(
                    _("it has more than {count} members").format(count=f"{MEMBERS_MAX:,}")
                )
            self.members[found.name] = found
        if not self.members or next(reversed(self.members)) != MANIFEST:
            raise ArchiveDamagedError(
                _("it has no manifest at its end: it was cut off, or is none")
            )

    def manifest(self) -> bytes:
        """Return the manifest's bytes."""
        if self.members[MANIFEST].size > MANIFEST_BYTES_MAX:
            raise ArchiveDamagedError(_("its manifest is too long"))
        return b"".join(self.blocks(MANIFEST))

    def blocks(self, name: str, digest: Digest | None = None) -> Iterator[bytes]:
        """Give a member's bytes as they are stored; `digest` is told them too."""
        found = self.members[name]
        self._file.seek(found.offset)
        left = found.size
        while left > 0:
            block = self._file.read(min(COPY_BYTES, left))
            if not block:
                raise ArchiveDamagedError(_("it ends within {name}").format(name=name))
            left -= len(block)
            if digest is not None:
                digest.update(block)
            yield block

    def unpacked(self, name: str, *, size: int, digest: Digest | None = None) -> Iterator[bytes]:
        """
        Give the bytes of a member that is a gzip file; `size` is what the manifest promises.

        Raises:
            ArchiveDamagedError: it is no gzip file, or unpacks to more or less than promised.
        """
        unpacker = zlib.decompressobj(_GZIP)
        given = 0
        for packed in self.blocks(name, digest):
            rest, full = packed, True
            while rest or full:
                try:
                    block = unpacker.decompress(rest, COPY_BYTES)
                except zlib.error as error:
                    raise ArchiveDamagedError(
                        _("{name} cannot be unpacked: {reason}").format(name=name, reason=error)
                    ) from error
                if unpacker.unused_data:
                    raise ArchiveDamagedError(_("{name} goes on behind its end").format(name=name))
                # A block that is full may be followed by more that zlib still holds.
                rest, full = unpacker.unconsumed_tail, len(block) == COPY_BYTES
                given += len(block)
                if given > size:
                    raise ArchiveDamagedError(
                        _("{name} unpacks to more than it should").format(name=name)
                    )
                yield block
        if given != size or not unpacker.eof:
            raise ArchiveDamagedError(_("{name} unpacks to less than it should").format(name=name))

    def _walk(self) -> Iterator[Found]:
        """Give the members in their order, headers checked; nothing long is read."""
        offset, long_name = 0, None
        while True:
            header, offset = self._header(offset)
            if header is None:
                return
            if header.type == tarfile.GNUTYPE_LONGNAME and long_name is None:
                if header.size > NAME_BYTES_MAX:
                    raise ArchiveDamagedError(_("it holds a name that is too long"))
                self._file.seek(offset)
                long_name = _text(self._file.read(header.size).rstrip(b"\0"))
            elif header.type == tarfile.REGTYPE:
                name = header.name if long_name is None else long_name
                yield Found(name=_own_place(name), offset=offset, size=header.size)
                long_name = None
            else:
                raise ArchiveDamagedError(
                    _("{name} is not a plain file").format(name=repr(header.name))
                )
            offset += header.size + -header.size % tarfile.BLOCKSIZE

    def _header(self, offset: int) -> tuple[tarfile.TarInfo | None, int]:
        """Return the header at `offset` (None: the end), and where what follows it begins."""
        self._file.seek(offset)
        block = self._file.read(tarfile.BLOCKSIZE)
        try:
            # A long name stands here too, cut off wherever it was; it is not read.
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined] # a name of tarfile's own
            # Other tools fill up with zeros to a record's end.
            while rest := self._file.read(COPY_BYTES):
                if rest.strip(b"\0"):
                    raise ArchiveDamagedError(_("something stands behind its end")) from None
            return None, offset
        except (tarfile.HeaderError, ValueError) as error:
            raise ArchiveDamagedError(
                _("it is no archive of Cordboard's, or was cut off or changed")
            ) from error
        start = offset + tarfile.BLOCKSIZE
        if not 0 <= header.size <= self._size - start:
            raise ArchiveDamagedError(_("it ends within {name}").format(name=repr(header.name)))
        return header, start


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise ArchiveDamagedError(_("it holds a name that is not UTF-8")) from error


def _own_place(name: str) -> str:
    """
    Return a member's name if it stays within the archive, wherever it is unpacked.

    Raises:
        ArchiveDamagedError: it does not.
    """
    path = PurePosixPath(name)
    if (
        not name
        or name != str(path)
        or path.is_absolute()
        or ".." in path.parts
        or name == "."
        or "\\" in name
        or not name.isprintable()
        or len(os.fsencode(name)) > NAME_BYTES_MAX
    ):
        raise ArchiveDamagedError(_("{name} is no name for a member").format(name=repr(name)))
    return name


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk: what was renamed in it stays renamed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
