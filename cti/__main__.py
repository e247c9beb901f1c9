"""The command `cordboard`."""

from cti.commands import main

if __name__ == "__main__":
    main()
