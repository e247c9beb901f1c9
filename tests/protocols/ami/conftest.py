"""A manager interface for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.ami_server import AmiServer


@pytest.fixture
async def server() -> AsyncIterator[AmiServer]:
    async with AmiServer() as listening:
        yield listening
