"""A small SIP phone on loopback that sends and recognises real audio."""
