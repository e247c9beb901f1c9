"""The files that an administrator adds to an Asterisk of his own."""
