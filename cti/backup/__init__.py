"""Backing a site up and restoring it: what belongs to it, in which order, and all or nothing."""
