"""A load of SIP calls: callers and agents in one process, signalling only, exact times."""
