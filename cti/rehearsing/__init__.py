"""Rehearses another configuration on recorded traffic: which calls would have fared otherwise."""
