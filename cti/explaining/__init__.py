"""Why a call went where it went, and an agent had none: from the journal, in plain sentences."""
