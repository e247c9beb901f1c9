"""What the import raises: one error, whose message stands after "cordboard: "."""

from config.errors import ConfigurationError


class ImportRefusedError(ConfigurationError):
    """The set-up cannot be taken over as it is; nothing was written. The message says why."""
