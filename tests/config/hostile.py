"""Files that somebody put there to do harm, or that an accident left: one way each to spoil one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Spoil = Callable[[Path], object]

SIZE_MAX: Final = 1_048_576
HUGE: Final = 100 * 1024 * 1024
ESCAPE: Final = "\x1b]0;owned\x07\x1b[2J"
"""Sets a terminal's title and clears its screen."""
CANARY: Final = "hostile-canary"
"""A file of this name in the working folder: something of the configuration was executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A way to spoil a file, and what is said about it at which place (a line of 0: any)."""

    name: str
    spoil: Spoil
    says: str
    line: int = 0
    column: int = 0
    is_heavy: bool = False
    """Its reading takes a large part of the time that there is for one file."""


def instead(content: str | bytes) -> Spoil:
    """Return what writes this in the file's place."""

    def spoil(path: Path) -> None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return spoil


def before(lines: str) -> Spoil:
    """Return what writes this before the file's own lines: it is in line 1."""

    def spoil(path: Path) -> None:
        path.write_bytes(lines.encode() + path.read_bytes())

    return spoil


def recoded(encoding: str) -> Spoil:
    """Return what saves the file in another encoding."""

    def spoil(path: Path) -> None:
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding, errors="replace"))

    return spoil


def put_in_its_place(make: Spoil) -> Spoil:
    """Return what takes the file away and makes something else of its name."""

    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


def a_link_to(target: str) -> Spoil:
    """Return what makes the file a link."""
    return put_in_its_place(lambda path: path.symlink_to(target))


def long_file(path: Path) -> None:
    """Make it 100 MB long, without the disk's room for that."""
    os.truncate(path, HUGE)


def _run(tag: str) -> Spoil:
    return before(f'evil: {tag} ["touch {CANARY}"]\n')


_LAUGHS: Final = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
)
_MERGES: Final = "m0: &m0 {k: 1}\n" + "".join(
    f"m{level}: &m{level} {{<<: [{', '.join([f'*m{level - 1}'] * 10)}]}}\n"
    for level in range(1, 10)
)
_TAGS: Final = "tags (beginning with !) are not allowed"

CASES: Final = (
    Case(name="billion laughs", spoil=before(_LAUGHS), says="more than 50,000 values", line=5),
    Case(
        name="merge keys' bomb", spoil=before(_MERGES), says="merge keys (<<) are not read", line=2
    ),
    *(
        Case(name=f"tag {tag}", spoil=_run(tag), says=_TAGS, line=1, column=7)
        for tag in (
            "!!python/object/apply:os.system",
            "!!python/object/apply:subprocess.check_output",
            "!!python/object/new:os.system",
            "!!python/name:os.system",
            "!!python/module:os",
            "!!binary",
            "!!map",
            "!<tag:yaml.org,2002:python/object/apply:os.system>",
            "!include",
        )
    ),
    Case(
        name="tag on a key",
        spoil=before(f'!!python/object/apply:os.system "touch {CANARY}": 1\n'),
        says=_TAGS,
        line=1,
        column=1,
    ),
    Case(
        name="tag by a handle of one's own",
        spoil=before(
            "%TAG !e! tag:yaml.org,2002:python/object/apply:\n"
            f'---\nevil: !e!os.system ["touch {CANARY}"]\n'
        ),
        says=_TAGS,
        line=3,
        column=7,
    ),
    Case(
        name="duplicate key",
        spoil=before("twice: 1\ntwice: 2\n"),
        says="stands here a second time; the first is in line 1",
        line=2,
        column=1,
    ),
    Case(
        name="anchor within itself",
        spoil=before("a: &a [*a]\n"),
        says="*a stands within itself",
        line=1,
        column=8,
    ),
    Case(
        name="anchors in a circle",
        spoil=before("a: &a {b: &b {a: *a}}\n"),
        says="*a stands within itself",
        line=1,
        column=18,
    ),
    Case(
        name="alias of nothing",
        spoil=before("a: *b\n"),
        says="*b stands for nothing",
        line=1,
        column=4,
    ),
    Case(
        name="alias of a very long name",
        spoil=before(f"a: *{'b' * 900_000}\n"),
        says="b… stands for nothing",
        line=1,
        column=4,
    ),
    Case(
        name="aliases without end",
        spoil=before(f"a: &a x\nb: [{'*a, ' * 20_000}]\n"),
        says="more than 1,000 aliases",
        line=2,
    ),
    Case(
        name="100 MB",
        spoil=long_file,
        says="is too long; at most 1,048,576 bytes are allowed",
        line=1,
    ),
    Case(
        name="1 MiB of digits",
        spoil=instead("9" * SIZE_MAX),
        says="must be a mapping",
        line=1,
        column=1,
    ),
    Case(
        name="a million keys",
        spoil=instead("".join(f"k{index}: 1\n" for index in range(1_000_000))),
        says="is too long",
        line=1,
    ),
    Case(
        name="as many keys as fit",
        spoil=instead("".join(f"{index}:\n" for index in range(140_000))),
        says="more than 50,000 values",
        line=50_000,
        column=7,
        is_heavy=True,
    ),
    Case(
        name="unknown keys",
        spoil=before("".join(f"k{index}: 1\n" for index in range(30_000))),
        says="is not a known key",
        line=1,
        column=1,
        is_heavy=True,
    ),
    Case(
        name="a key of 900 kB",
        spoil=before(f"? {'k' * 900_000}\n: 1\n"),
        says="is not a known key",
        line=1,
        column=3,
    ),
    Case(
        name="a tab",
        spoil=before("a:\n\tb: 1\n"),
        says="a tab stands here; indent with blanks",
        line=2,
        column=1,
    ),
    Case(
        name="only tabs", spoil=instead("\t" * SIZE_MAX), says="a tab stands here", line=1, column=1
    ),
    Case(name="empty", spoil=instead(""), says="is empty", line=1, column=1),
    Case(name="only a remark", spoil=instead("# nothing\n"), says="is empty", line=1, column=1),
    Case(name="a text", spoil=instead("hello\n"), says="must be a mapping", line=1, column=1),
    Case(name="a list", spoil=instead("- 1\n"), says="must be a mapping", line=1, column=1),
    Case(name="a number", spoil=instead("1\n"), says="must be a mapping", line=1, column=1),
    Case(name="nothing", spoil=instead("~\n"), says="must be a mapping", line=1, column=1),
    Case(
        name="Latin-1",
        spoil=instead("a: 1\nnäme: ü\n".encode("latin-1")),
        says="is not UTF-8: byte 0xe4 here; save it as UTF-8",
        line=2,
        column=2,
    ),
    Case(
        name="a surrogate in bytes",
        spoil=instead(b"a: \xed\xa0\x80\n"),
        says="is not UTF-8: byte 0xed here",
        line=1,
        column=4,
    ),
    Case(
        name="a surrogate by escape",
        spoil=before('a: "\\ud800"\n'),
        says="found invalid Unicode character escape code",
        line=1,
        column=7,
    ),
    Case(
        name="UTF-16", spoil=recoded("utf-16"), says="is UTF-16; save it as UTF-8", line=1, column=1
    ),
    Case(
        name="UTF-16 without a mark",
        spoil=instead("a: 1\n".encode("utf-16-le")),
        says="may not stand in a file",
        line=1,
        column=2,
    ),
    Case(
        name="UTF-32", spoil=recoded("utf-32"), says="is UTF-16; save it as UTF-8", line=1, column=1
    ),
    Case(
        name="a byte order mark",
        spoil=before("\ufeff"),
        says="begins with a byte order mark",
        line=1,
        column=1,
    ),
    Case(
        name="a NUL byte",
        spoil=before("a: x\0y\n"),
        says="the character U+0000 may not stand in a file",
        line=1,
        column=5,
    ),
    Case(
        name="all NUL bytes",
        spoil=instead(bytes(SIZE_MAX)),
        says="the character U+0000",
        line=1,
        column=1,
    ),
    Case(
        name="a terminal's escape",
        spoil=before(f"{ESCAPE}: 1\n"),
        says="the character U+001B may not stand in a file",
        line=1,
        column=1,
    ),
    Case(
        name="a terminal's escape, written as one",
        spoil=before('"\\e]0;owned\\a\\e[2J": 1\n'),
        says="is not a known key",
        line=1,
        column=1,
    ),
    Case(
        name="text from right to left",
        spoil=before("\u202elmay.eruces: 1\n"),
        says="is not a known key",
        line=1,
        column=1,
    ),
    Case(
        name="lists without end",
        spoil=instead("[" * SIZE_MAX),
        says="more than 32 levels",
        line=1,
        column=33,
    ),
    Case(
        name="mappings without end",
        spoil=instead("{a: " * (SIZE_MAX // 4)),
        says="more than 32 levels",
        line=1,
    ),
    Case(
        name="dashes without end",
        spoil=instead("- " * (SIZE_MAX // 2)),
        says="more than 32 levels",
        line=1,
    ),
    Case(
        name="questions without end",
        spoil=instead("? " * (SIZE_MAX // 2)),
        says="a key must be text",
        line=1,
    ),
    Case(
        name="a bracket left open",
        spoil=before("a: [1, 2\n"),
        says="the bracket in line 1, column 4 is still open here",
    ),
    Case(name="a quote left open", spoil=before('a: "b\n'), says="is not YAML: "),
    Case(
        name="a huge number",
        spoil=before(f"a: {'9' * 500_000}\n"),
        says="is not a known key",
        line=1,
        column=1,
    ),
    Case(
        name="YAML 1.3",
        spoil=before("%YAML 1.3\n---\n"),
        says="is not YAML: found incompatible YAML document",
        line=1,
        column=1,
    ),
    Case(
        name="an unknown directive",
        spoil=before("%EVIL 1\n---\n"),
        says="is not YAML: found unknown directive name",
        line=1,
    ),
    Case(
        name="several documents",
        spoil=before("a: 1\n---\n"),
        says="a second document begins; only one is allowed",
        line=2,
        column=1,
    ),
    Case(
        name="a merge key",
        spoil=before("<<: {a: 1}\n"),
        says="merge keys (<<) are not read; write the keys themselves",
        line=1,
        column=1,
    ),
    Case(
        name="a key that is a list",
        spoil=before("? [a]\n: 1\n"),
        says="a key must be text",
        line=1,
        column=3,
    ),
    Case(name="missing", spoil=Path.unlink, says="is missing", line=1, column=1),
    Case(
        name="a pipe",
        spoil=put_in_its_place(os.mkfifo),
        says="is not a regular file",
        line=1,
        column=1,
    ),
    Case(name="a folder", spoil=put_in_its_place(Path.mkdir), says="is a folder", line=1, column=1),
    Case(
        name="a device without end",
        spoil=a_link_to("/dev/zero"),
        says="is not a regular file",
        line=1,
        column=1,
    ),
    Case(name="a terminal", spoil=a_link_to("/dev/tty"), says="", line=1, column=1),
    Case(name="a link to nothing", spoil=a_link_to("nowhere"), says="is missing", line=1, column=1),
    Case(
        name="a circle of links",
        spoil=put_in_its_place(lambda path: path.symlink_to(path)),
        says="cannot be read: Too many levels of symbolic links",
        line=1,
        column=1,
    ),
    Case(
        name="one that the kernel will not read",
        spoil=a_link_to("/proc/self/mem"),
        says="cannot be read: Input/output error",
        line=1,
        column=1,
    ),
    Case(
        name="a file of the system",
        spoil=a_link_to("/etc/passwd"),
        says="",
        line=1,
    ),
)
