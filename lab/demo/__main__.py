"""`python -m lab.demo`: until everything is imported, Ctrl-C simply ends it, without a word."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

from lab.demo.command import main  # noqa: E402 - half a second, in which people press Ctrl-C

if __name__ == "__main__":
    main()
