"""Whole calls on a real private Asterisk with real audio."""
