"""The daemon: call model, the one writer, what is done to the switch, recovery, command line."""
