"""The program in the guide by which anybody can be an agent."""

import re
from pathlib import Path

_GUIDE = Path(__file__).parents[3] / "docs" / "demo.md"


def desk_of_the_guide() -> str:
    """Return it as it stands there."""
    (program,) = re.findall(r"```python\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(program)
