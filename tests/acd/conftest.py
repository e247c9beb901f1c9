"""Let the scripts and checkers show what they compared, as tests do."""

import pytest

pytest.register_assert_rewrite("tests.acd.script", "tests.acd.checkers")
