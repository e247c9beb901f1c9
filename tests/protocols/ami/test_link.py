"""The link comes up, is lost, and comes back; everybody can see how it is."""

import asyncio
import random
from dataclasses import replace

import panoramisk
import pytest
import structlog

from protocols.ami.client import PINGS_LATE_MAX, AmiClient
from protocols.ami.connection import AmiConnection
from protocols.ami.connector import Connector
from protocols.ami.counters import AmiCounters
from protocols.ami.down_log import DownLog
from protocols.ami.errors import LocalProtocolError, SwitchUnavailableError
from protocols.ami.link import (
    AmiSettings,
    DownReason,
    LinkPhase,
    LinkState,
    SwitchProcess,
    pause_before_attempt,
)
from tests.fakes.ami_server import SECRET, AmiPeer, AmiServer, Login, ReceivedAction, message
from tests.protocols.ami.links import Heard, quick, running, up

DOWN, UP = LinkPhase.DOWN, LinkPhase.UP


async def test_a_link_comes_up_by_login_boot_and_identity(server: AmiServer) -> None:
    async with up(server) as (client, heard):
        assert [state.phase for state in heard.states] == [
            LinkPhase.CONNECTING,
            LinkPhase.LOGGING_IN,
            LinkPhase.BOOTING,
            UP,
        ]
        assert client.state.boot == SwitchProcess(
            system_name="pbx1", started_at="2026-11-22 17:33:38"
        )
        assert (client.state.reason, client.state.attempts) == (None, 1)
        assert [a.name for a in server.actions] == ["Login", "CoreStatus", "CoreSettings"]


async def test_the_connection_is_made_by_panoramisks_manager_with_our_protocol(
    server: AmiServer,
) -> None:
    connector = Connector(quick(server), frozenset(), AmiCounters())
    assert isinstance(connector, panoramisk.Manager)
    await connector.connect()
    connection = connector.require()
    assert isinstance(connection, AmiConnection)
    connector.close()
    await connection.closed
    assert connection.ended.result() is DownReason.STOPPED
    assert SECRET not in str(connector.config)


async def test_the_link_is_not_up_before_asterisk_is_fully_booted(server: AmiServer) -> None:
    server.booted.clear()
    async with running(server) as (client, heard):
        await heard.until_phase(LinkPhase.BOOTING)
        await server.until_received("Login")
        assert client.state.phase is LinkPhase.BOOTING
        server.booted.set()
        await heard.until_phase(UP)


async def test_an_asterisk_that_never_boots_is_left_and_tried_again(server: AmiServer) -> None:
    """A dying Asterisk accepts a login and never says FullyBooted."""
    server.booted.clear()
    async with running(server, boot_deadline_s=0.05) as (_, heard):
        down = await heard.until_phase(DOWN)
        assert down.reason is DownReason.BOOT_TIMED_OUT
        server.booted.set()
        assert (await heard.until_phase(UP)).attempts > 1


async def test_an_asterisk_that_dies_while_booting_is_tried_again(server: AmiServer) -> None:
    server.booted.clear()
    async with running(server) as (_, heard):
        await heard.until_phase(LinkPhase.BOOTING)
        server.drop()
        assert (await heard.until_phase(DOWN)).reason is DownReason.CONNECTION_LOST


async def test_a_refused_login_is_seen_and_tried_again(server: AmiServer) -> None:
    server.login = Login.REFUSED
    async with running(server) as (_, heard):
        down = await heard.until_phase(DOWN, times=2)
        assert (down.reason, down.detail) == (DownReason.LOGIN_REFUSED, "Authentication failed")
        connecting = heard.of(LinkPhase.CONNECTING)[1]
        assert (connecting.reason, connecting.attempts) == (DownReason.LOGIN_REFUSED, 2)
        server.login = Login.ACCEPTED
        assert (await heard.until_phase(UP)).reason is None


async def test_a_login_refused_by_a_dying_asterisk_is_no_matter_of_the_secret(
    server: AmiServer,
) -> None:
    server.login = Login.SHUTTING_DOWN
    async with running(server) as (_, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.SWITCH_SHUT_DOWN


async def test_a_login_that_is_never_answered_ends_the_attempt(server: AmiServer) -> None:
    server.login = Login.IGNORED
    async with running(server, login_deadline_s=0.05) as (_, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.LOGIN_TIMED_OUT


async def test_a_connection_lost_in_the_login_ends_the_attempt(server: AmiServer) -> None:
    async def die(peer: AmiPeer, _action: ReceivedAction) -> None:
        peer.drop()

    server.answers["Login"] = die
    async with running(server) as (_, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.CONNECTION_LOST


async def test_a_link_whose_process_cannot_be_told_is_not_up(server: AmiServer) -> None:
    async def refuse(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.fail(action, "Permission denied")

    server.answers["CoreStatus"] = refuse
    async with running(server) as (_, heard):
        down = await heard.until_phase(DOWN)
        assert down.reason is DownReason.IDENTITY_UNKNOWN
        assert "Permission denied" in down.detail


async def test_a_connection_lost_while_asking_who_it_is_ends_the_attempt(
    server: AmiServer,
) -> None:
    async def die(peer: AmiPeer, _action: ReceivedAction) -> None:
        peer.drop()

    server.answers["CoreSettings"] = die
    async with running(server) as (_, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.CONNECTION_LOST


async def test_nobody_listening_is_seen_and_tried_until_somebody_does(server: AmiServer) -> None:
    await server.stop()
    async with running(server) as (_, heard):
        down = await heard.until_phase(DOWN, times=3)
        assert (down.reason, down.attempts) == (DownReason.CONNECT_FAILED, 3)
        await server.start()
        await heard.until_phase(UP)


async def test_something_that_is_no_asterisk_is_left(server: AmiServer) -> None:
    server.banner = b"220 mail.example ESMTP\r\n"
    async with running(server) as (client, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.NOT_AMI
        assert client.counters.framing_lost == 1


async def test_bytes_that_are_no_lines_end_the_link_and_it_comes_back(server: AmiServer) -> None:
    async with up(server) as (client, heard):
        await server.peer.send(b"x" * 100_000)
        assert (await heard.until_phase(DOWN)).reason is DownReason.NOT_AMI
        await heard.until_phase(UP, times=2)
        assert client.counters.links_lost == 1


async def test_another_asterisk_process_is_seen_after_the_reconnect(server: AmiServer) -> None:
    async with up(server) as (client, heard):
        before = client.state.boot
        await server.stop()
        server.process = ("2026-11-22", "17:40:00")
        await server.start()
        state = await heard.until_phase(UP, times=2)
        assert state.boot != before
        assert state.boot == SwitchProcess(system_name="pbx1", started_at="2026-11-22 17:40:00")


async def test_the_end_after_a_shutdown_is_called_by_its_name(server: AmiServer) -> None:
    async with up(server) as (_, heard):
        await server.peer.send(message("Event: Shutdown", "Shutdown: Cleanly", "Restart: False"))
        await server.peer.send(message("Event: Hangup", "Uniqueid: 1"))
        await heard.until_events(2)
        server.drop()
        assert (await heard.until_phase(DOWN)).reason is DownReason.SWITCH_SHUT_DOWN
        assert [event.name for event in heard.events] == ["Shutdown", "Hangup"]


async def test_a_half_open_link_is_noticed_and_replaced(server: AmiServer) -> None:
    async with up(server, ping_interval_s=0.02, ping_deadline_s=0.05) as (_, heard):
        await server.until_received("Ping", count=2)
        server.mute = True
        assert (await heard.until_phase(DOWN)).reason is DownReason.SILENT
        await server.peer.ended.wait()
        server.mute = False
        await heard.until_phase(UP, times=2)


async def test_a_ping_answered_with_an_error_is_an_answer(server: AmiServer) -> None:
    async def refuse(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.fail(action, "Permission denied")

    server.answers["Ping"] = refuse
    async with up(server, ping_interval_s=0.01) as (client, _):
        await server.until_received("Ping", count=3)
        assert client.state.phase is UP


async def test_a_link_lost_while_a_ping_is_under_way_is_called_lost(server: AmiServer) -> None:
    async def die(peer: AmiPeer, _action: ReceivedAction) -> None:
        peer.drop()

    server.answers["Ping"] = die
    async with up(server, ping_interval_s=0.01) as (_, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.CONNECTION_LOST


async def test_a_late_ping_is_forgiven_while_a_backlog_is_delivered_but_not_for_ever(
    server: AmiServer,
) -> None:
    async def send_events_instead(peer: AmiPeer, _action: ReceivedAction) -> None:
        await peer.send(message("Event: VarSet", "Variable: X"))

    server.answers["Ping"] = send_events_instead
    async with up(server, ping_interval_s=0.01, ping_deadline_s=0.05) as (client, heard):
        assert (await heard.until_phase(DOWN)).reason is DownReason.SILENT
        assert len(server.received("Ping")) == PINGS_LATE_MAX + 1
        assert client.counters.pings_late == PINGS_LATE_MAX + 1


async def test_a_ping_that_cannot_be_sent_ends_a_link_that_says_nothing(
    server: AmiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.lost.add("Originate")
    async with up(server, ping_interval_s=0.05) as (client, heard):
        monkeypatch.setattr("protocols.ami.connection.IN_FLIGHT_MAX", 1)
        originate = asyncio.create_task(client.action("Originate"))
        down = await heard.until_phase(DOWN)
        assert (down.reason, down.detail) == (
            DownReason.SILENT,
            "1 actions are waiting for answers",
        )
        await asyncio.wait({originate})
        assert "LinkLostError" in repr(originate.exception())


async def test_asterisk_may_say_twice_that_it_is_booted(server: AmiServer) -> None:
    async with up(server) as (client, heard):
        await server.peer.send(message("Event: FullyBooted") + message("Event: Hangup"))
        await heard.until_events(1)
        assert client.state.phase is UP


async def test_a_connector_without_a_connection_is_unavailable(server: AmiServer) -> None:
    connector = Connector(quick(server), frozenset(), AmiCounters())
    with pytest.raises(SwitchUnavailableError, match="there is no connection"):
        await connector.send_action("Ping", (), 1)


async def test_nothing_that_panoramisk_does_by_itself_is_left(server: AmiServer) -> None:
    """Its reconnect, its ping and its replay: each is overridden to do nothing."""
    connector = Connector(quick(server), frozenset(), AmiCounters())
    await connector.connect()
    connection = connector.require()
    connector.ping()
    connector.awaiting_actions.append("an Originate of long ago")
    connector.send_awaiting_actions()
    connector.close()
    await connection.closed
    connector.connection_lost(None)
    await server.peer.ended.wait()
    assert server.actions == []
    assert len(server.peers) == 1
    assert connector.pinger is None


async def test_a_stopped_client_leaves_no_socket_and_no_task(server: AmiServer) -> None:
    before = asyncio.all_tasks()
    async with up(server) as (client, _):
        peer = server.peer
    await peer.ended.wait()
    assert (client.state.phase, client.state.reason) == (DOWN, DownReason.STOPPED)
    serving = {t for t in asyncio.all_tasks() if "_serve" in repr(t.get_coro())}
    assert asyncio.all_tasks() - serving == before


@pytest.mark.parametrize(
    "phase", [LinkPhase.CONNECTING, LinkPhase.LOGGING_IN, LinkPhase.BOOTING, DOWN]
)
async def test_a_client_can_be_stopped_in_any_phase(server: AmiServer, phase: LinkPhase) -> None:
    server.booted.clear()
    stopped: list[LinkState] = []
    task: asyncio.Task[None] | None = None

    def stop_at(state: LinkState) -> None:
        stopped.append(state)
        if state.phase is phase and task is not None:
            task.cancel()

    client = AmiClient(
        replace(quick(server), boot_deadline_s=0.05),
        wanted=frozenset(),
        on_event=lambda _event: None,
        on_state=stop_at,
    )
    task = asyncio.create_task(client.run())
    await asyncio.wait({task})
    assert task.cancelled()
    assert stopped[-1].reason is DownReason.STOPPED
    for peer in server.peers:
        await peer.ended.wait()


async def test_a_client_runs_only_once_at_a_time(server: AmiServer) -> None:
    async with up(server) as (client, _):
        with pytest.raises(RuntimeError, match="runs already"):
            await client.run()
        assert client.state.phase is UP


async def test_a_state_callback_that_raises_changes_nothing(server: AmiServer) -> None:
    heard = Heard()

    def on_state(state: LinkState) -> None:
        heard.on_state(state)
        raise KeyError(state.phase)

    async with running(server, on_state=on_state) as (client, _):
        await heard.until_phase(UP)
        assert client.counters.callback_failures == 4


async def test_attempts_are_counted_anew_after_a_stable_while(server: AmiServer) -> None:
    async with up(server, stable_after_s=1e-9) as (_, heard):
        server.drop()
        assert (await heard.until_phase(DOWN)).attempts == 0
        assert (await heard.until_phase(UP, times=2)).attempts == 1


async def test_attempts_go_on_counting_while_the_link_flaps(server: AmiServer) -> None:
    async with up(server) as (_, heard):
        for times in (2, 3):
            server.drop()
            assert (await heard.until_phase(UP, times=times)).attempts == times


async def test_the_secret_is_in_no_log_and_no_repr(server: AmiServer) -> None:
    secret = "k4n4r1env0gel"
    with structlog.testing.capture_logs() as logs:
        async with running(server, secret=secret) as (client, heard):
            await heard.until_phase(DOWN)
            server.secret = secret
            await heard.until_phase(UP)
            said = [repr(logs), repr(heard.states), repr(client.__dict__), repr(quick(server))]
    assert [log["event"] for log in logs[:2]] == ["ami_link_down", "ami_link_up"]
    assert [text for text in said if secret in text or SECRET in text] == []


async def test_an_asterisk_that_stays_away_is_told_of_once_and_again_when_it_is_another_matter(
    server: AmiServer,
) -> None:
    server.login = Login.REFUSED
    with structlog.testing.capture_logs() as logs:
        async with running(server) as (_, heard):
            await heard.until_phase(DOWN, times=4)
            refused = list(logs)
            server.login = Login.SHUTTING_DOWN
            await heard.until(lambda: heard.states[-1].reason is DownReason.SWITCH_SHUT_DOWN)
            server.login = Login.ACCEPTED
            await heard.until_phase(UP)
            server.drop()
            await heard.until_phase(UP, times=2)
    told = [(log["event"], log.get("reason")) for log in logs]

    assert [(log["reason"], log["attempts"], log["untold"]) for log in refused] == [
        ("login_refused", 1, 0)
    ]
    assert [reason for event, reason in told if event == "ami_link_down"] == [
        "login_refused",
        "switch_shut_down",
        "connection_lost",
    ]
    assert logs[1]["untold"] >= 3


def test_the_same_failure_is_told_again_after_a_minute_and_counted_meanwhile() -> None:
    told = DownLog("pbx", 5038)
    with structlog.testing.capture_logs() as logs:
        for second in range(0, 130, 10):
            told.down(DownReason.CONNECT_FAILED, "no", attempts=second // 10 + 1, at_s=second)
        told.up()
        told.down(DownReason.CONNECT_FAILED, "no", attempts=1, at_s=131)

    assert [(log["attempts"], log["untold"]) for log in logs] == [(1, 0), (7, 5), (13, 5), (1, 0)]


def settings(**changes: float | str) -> AmiSettings:
    return AmiSettings(host="h", username="u", **{"secret": "s", **changes})  # type: ignore[arg-type]


def test_a_secret_that_cannot_be_sent_is_refused_at_once_and_not_quoted() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        settings(secret="one\r\nAction: Command")
    assert "one" not in str(caught.value)


def test_a_time_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="ping_deadline_s must be positive"):
        settings(ping_deadline_s=0)


def test_pauses_grow_twofold_up_to_their_bound_with_full_jitter() -> None:
    given = settings(backoff_first_s=0.2, backoff_max_s=5)
    chance = random.Random(1)  # noqa: S311 - a repeatable sample
    for attempts, bound in [(0, 0.2), (1, 0.2), (2, 0.4), (3, 0.8), (6, 5.0), (10_000, 5.0)]:
        pauses = [
            pause_before_attempt(given, chance, attempts, DownReason.CONNECT_FAILED)
            for _ in range(2_000)
        ]
        assert 0 <= min(pauses) < bound * 0.01
        assert bound * 0.99 < max(pauses) <= bound


def test_a_refused_login_is_tried_again_slowly() -> None:
    given = settings(refused_pause_s=30)
    chance = random.Random(1)  # noqa: S311 - a repeatable sample
    pauses = [
        pause_before_attempt(given, chance, 1, DownReason.LOGIN_REFUSED) for _ in range(2_000)
    ]
    assert min(pauses) >= 15
    assert max(pauses) <= 30


def test_the_same_chance_makes_the_same_pauses() -> None:
    first, second = (random.Random(7) for _ in range(2))  # noqa: S311 - the seed is the point
    for attempts in range(9):
        assert pause_before_attempt(
            settings(), first, attempts, DownReason.SILENT
        ) == pause_before_attempt(settings(), second, attempts, DownReason.SILENT)
