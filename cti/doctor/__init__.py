"""Finds what keeps a PBX and a daemon from working together, and says what to do about it."""
