"""The Asterisk Manager Interface: panoramisk behind our own port, with its faults put right."""
