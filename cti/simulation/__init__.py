"""Runs the decision core in virtual time under synthetic load, and tells how callers fared."""
