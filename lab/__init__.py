"""A laboratory on loopback: a private Asterisk, phones with real audio, scripted people."""
