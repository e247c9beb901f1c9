"""
What Asterisk says: events and responses, as values.

Header names are looked up as Asterisk writes them (`Uniqueid`, `CallerIDNum`); a missing header
reads as "". A header may come several times (`ChanVariable`, `Output`), and hostile callers can
make others come twice: a value is then a list, and nothing here trips over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HeaderValue = str | list[str]

_SUCCESSES = frozenset({"Success", "Follows", "Goodbye"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiMessage:
    """The headers of a message. Values are data from outside; U+FFFD stands for invalid UTF-8."""

    headers: Mapping[str, HeaderValue]

    def get(self, key: str, default: str = "") -> str:
        """Return the first value of a header, or `default` where there is none."""
        value = self.headers.get(key, default)
        return value if isinstance(value, str) else value[0]

    def get_all(self, key: str) -> list[str]:
        """Return every value of a header, in the order of its lines."""
        value = self.headers.get(key)
        if value is None:
            return []
        return [value] if isinstance(value, str) else list(value)

    @property
    def doubled_headers(self) -> list[str]:
        """
        Return the headers that came several times although Asterisk writes them once.

        A caller can put CR LF into his number and so add lines to the events about his channel.
        Whoever acts on such a message decides what to believe; the order of lines proves nothing.
        """
        return [
            key
            for key, value in self.headers.items()
            if not isinstance(value, str) and not comes_several_times(key)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiEvent(AmiMessage):
    """Something happened on the switch, or one entry of a list that was asked for."""

    name: str

    @property
    def channel_variables(self) -> dict[str, str]:
        """Return the `channelvars` of the event's channel, from `ChanVariable: NAME=value`."""
        return self.channel_variables_of("")

    def channel_variables_of(self, role: str) -> dict[str, str]:
        """
        Return the `channelvars` of one of the event's channels.

        `role` is Asterisk's prefix: "" for the channel itself, "Dest" for the dialled one, and so
        on. Of a name that comes twice the last counts: Asterisk writes these lines after the
        number and the name, through which a caller could add lines of his own.
        """
        variables: dict[str, str] = {}
        for line in self.get_all(f"{role}ChanVariable"):
            name, equals, value = line.partition("=")
            if equals:
                variables[name] = value
        return variables


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiResponse(AmiMessage):
    """The answer to an action. `status` is Asterisk's word: Success, Error, Goodbye, Follows."""

    status: str

    @property
    def succeeded(self) -> bool:
        """Whether Asterisk accepted the action. A status we do not know is not a success."""
        return self.status in _SUCCESSES

    @property
    def message(self) -> str:
        """Return Asterisk's text for people."""
        return self.get("Message")

    @property
    def output(self) -> list[str]:
        """Return the lines that a `Command` printed."""
        return self.get_all("Output")


def comes_several_times(key: str) -> bool:
    """Return whether Asterisk repeats this header: channel variables, a command's output."""
    return key == "Output" or key.endswith("Variable") or key.startswith("ChanVariable(")
