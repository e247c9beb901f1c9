"""The whole visit: every check, and the manager link given back at the end of it."""

from contextlib import suppress

from cti.doctor.ami import log_off
from cti.doctor.findings import Examination, Finding
from cti.doctor.registry import FIRST, GROUPS
from cti.doctor.runner import examine


async def visit(examination: Examination) -> list[Finding]:
    """Run all checks; whatever happens, nothing of ours stays on the PBX."""
    try:
        return await examine(examination, FIRST, GROUPS)
    finally:
        with suppress(TimeoutError):
            await log_off(examination)
