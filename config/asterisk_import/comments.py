r"""
Takes the comments out of the lines of an Asterisk configuration file, as Asterisk's reader does.

`;` begins a comment, `\;` is a semicolon, `;-- … --;` may span lines and nest, `;---` is an
ordinary comment. One quirk is kept: a `--;` that closes nothing hides what follows, up to the next
`;--` (main/config.c of Asterisk 22 counts it as a level below none). We read what Asterisk reads.
"""

from enum import Enum, auto

from cti.language import _

NESTED_MAX = 128
"""MAX_NESTED_COMMENTS of main/config.c, which never comes back from the line that has one more."""

BLANKS = "".join(map(chr, range(1, 33)))


class _Mark(Enum):
    """What a semicolon can be."""

    SEMICOLON = auto()
    BLOCK_BEGINS = auto()
    BLOCK_ENDS = auto()
    COMMENT = auto()


class TooManyCommentsError(ValueError):
    """Block comments are nested deeper than Asterisk can read."""


class Comments:
    """Where one file stands between its comments."""

    def __init__(self) -> None:
        self.depth = 0

    def strip(self, line: str) -> str:
        """Return what the line says, without comments and blanks around it."""
        if self.depth == 0:
            if ";" not in line:
                return line.strip(BLANKS)
            if line[0] == ";" and not line.startswith(";--"):
                return ""
        return self._strip(line).strip(BLANKS)

    def _strip(self, line: str) -> str:
        said: list[str] = []
        # from here the line counts; None: it stands in a comment
        begin = 0 if self.depth == 0 else None
        search = 0
        while (at := line.find(";", search)) >= 0:
            mark = _mark(line, at, search)
            search = at + 1
            if mark is _Mark.SEMICOLON and begin is not None:
                said.append(line[begin : at - 1])
                begin = at
            elif mark is _Mark.BLOCK_BEGINS:
                if begin is not None:
                    said.append(line[begin:at])
                    begin = None
                self._deeper()
                search = at + 3
            elif mark is _Mark.BLOCK_ENDS:
                self.depth -= 1
                begin = search if self.depth == 0 else begin
            elif mark is _Mark.COMMENT and self.depth == 0:
                said.append(line[begin or 0 : at])
                return "".join(said)
        if begin is not None:
            said.append(line[begin:])
        return "".join(said)

    def _deeper(self) -> None:
        if self.depth >= NESTED_MAX:
            raise TooManyCommentsError(
                _("more than {most} block comments within one another").format(most=NESTED_MAX)
            )
        self.depth += 1


def _mark(line: str, at: int, search: int) -> _Mark:
    """Return what the semicolon at this place is; what stands before `search` is read already."""
    if at > search and line[at - 1] == "\\":
        return _Mark.SEMICOLON
    if line.startswith("--", at + 1) and line[at + 3 : at + 4] != "-":
        return _Mark.BLOCK_BEGINS
    if at >= search + 2 and line[at - 2 : at] == "--":
        return _Mark.BLOCK_ENDS
    return _Mark.COMMENT
