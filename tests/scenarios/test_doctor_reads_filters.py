"""Event filters: what doctor makes of each line is what the real Asterisk does with it."""

import asyncio
from pathlib import Path

import pytest

from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK, lease_ports
from tests.scenarios.filter_lines import LINES

pytestmark = pytest.mark.scenario

DEVICES = ("Custom:a1", "Custom:b2")


class Session:
    """One login at AMI, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, action: str) -> list[str]:
        """Do an action; return the devices whose states were told before its answer."""
        self._writer.write(f"{action}\r\n\r\n".encode())
        devices: list[str] = []
        while True:
            message = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.split(": ", 1) for line in message.splitlines() if ": " in line)
            if "Device" in fields:
                devices.append(fields["Device"])
            if "Response" in fields:
                return devices

    def close(self) -> None:
        self._writer.close()


async def logged_in(port: int, user: str) -> Session:
    session = Session(*await asyncio.open_connection(LOOPBACK, port))
    await session.ask(f"Action: Login\r\nUsername: {user}\r\nSecret: lab")
    return session


async def test_every_line_lets_through_what_the_table_says(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    users = "".join(
        f"[u{number}]\nsecret = lab\nread = all\nwrite = all\n{lines}\n"
        for number, (lines, _passing) in enumerate(LINES)
    )
    with lease_ports() as ports:
        general = f"[general]\nenabled = yes\nbindaddr = {LOOPBACK}\nport = {ports.manager}\n"
        observer = "[observer]\nsecret = lab\nread = all\nwrite = all\n"
        settings = AsteriskSettings(
            folder=tmp_path, extensions="", files={"manager.conf": general + observer + users}
        )
        async with AsteriskInstance(asterisk_installation, settings, ports=ports) as asterisk:
            sessions = [await logged_in(ports.manager, f"u{n}") for n in range(len(LINES))]
            observer_session = await logged_in(ports.manager, "observer")
            for device in DEVICES:
                await asterisk.console(f"devstate change {device} BUSY")
            seen: list[str] = []
            async with asyncio.timeout(10):
                while len(seen) < len(DEVICES):
                    seen += await observer_session.ask("Action: Ping")
            told = []
            for session in sessions:
                # what came before the first ping has been told by the answer to the second
                told.append(
                    [*await session.ask("Action: Ping"), *await session.ask("Action: Ping")]
                )
                session.close()
            observer_session.close()

    assert [(lines, passing.split()) for lines, passing in LINES] == [
        (lines, devices) for (lines, _passing), devices in zip(LINES, told, strict=True)
    ]
