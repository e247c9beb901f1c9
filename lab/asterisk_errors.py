"""
What can go wrong between wanting an Asterisk and having one.

    AsteriskLabError
    ├── AsteriskMissingError    no Asterisk 22, and none can be fetched: the text says what to do
    │   └── AptError            apt-get was asked and said no; its own words are in the text
    ├── AsteriskStartError      the program did not become ready; its last words are in the text
    ├── ConsoleError            a console command could not be run
    └── PortsExhaustedError     no free block of ports is left on this machine
"""


class AsteriskLabError(Exception):
    """Anything that keeps a private Asterisk from running. The text is one readable sentence."""


class AsteriskMissingError(AsteriskLabError):
    """There is no Asterisk 22 on this machine and none could be fetched."""


class AptError(AsteriskMissingError):
    """`apt-get` refused; the text holds its first complaint."""


class AsteriskStartError(AsteriskLabError):
    """Asterisk ended, or was not ready in time."""


class ConsoleError(AsteriskLabError):
    """A console command did not reach a running Asterisk."""


class PortsExhaustedError(AsteriskLabError):
    """Every block of ports is leased or in use."""
