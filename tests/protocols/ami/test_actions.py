"""Every action ends: answered, rejected, timed out, or lost; and none is sent twice."""

import asyncio
from collections.abc import Awaitable

import pytest

from protocols.ami.client import AmiClient
from protocols.ami.errors import (
    ActionRejectedError,
    ActionTimeoutError,
    HeaderRefusedError,
    LinkLostError,
    RemoteProtocolError,
    SwitchUnavailableError,
)
from protocols.ami.link import DownReason, LinkPhase
from protocols.ami.messages import AmiEvent
from tests.fakes.ami_server import AmiPeer, AmiServer, ReceivedAction, byte_by_byte, message
from tests.protocols.ami.links import quick, running, up

CALL = [("Channel", "PJSIP/a1"), ("Async", "true")]


async def outcome(awaitable: Awaitable[object]) -> BaseException | object:
    (result,) = await asyncio.gather(awaitable, return_exceptions=True)
    return result


async def test_an_action_is_answered_by_its_own_response(server: AmiServer) -> None:
    async with up(server) as (client, _):
        response = await client.action("Getvar", [("Variable", "X")])
        assert (response.status, response.message) == ("Success", "done")
        assert server.received("Getvar")[0].headers[2:] == (("Variable", "X"),)


async def test_answers_in_another_order_find_their_askers(server: AmiServer) -> None:
    first: list[ReceivedAction] = []

    async def answer_in_reverse(peer: AmiPeer, action: ReceivedAction) -> None:
        first.append(action)
        if len(first) == 2:
            for asked in reversed(first):
                await peer.succeed(asked, f"Value: {asked.get('Variable')}")

    server.answers["Getvar"] = answer_in_reverse
    async with up(server) as (client, _):
        answers = await asyncio.gather(
            client.action("Getvar", [("Variable", "A")]),
            client.action("Getvar", [("Variable", "B")]),
        )
        assert [answer.get("Value") for answer in answers] == ["A", "B"]


async def test_an_error_is_raised_with_asterisks_words(server: AmiServer) -> None:
    async def refuse(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.fail(action, "No such channel")

    server.answers["Hangup"] = refuse
    async with up(server) as (client, _):
        with pytest.raises(ActionRejectedError) as caught:
            await client.action("Hangup", [("Channel", "x")])
        assert caught.value.message == "No such channel"
        assert caught.value.action_id == server.received("Hangup")[0].action_id


async def test_a_lost_answer_ends_by_the_deadline_and_a_late_one_goes_to_nobody(
    server: AmiServer,
) -> None:
    server.lost.add("Redirect")
    async with up(server) as (client, heard):
        with pytest.raises(ActionTimeoutError):
            await client.action("Redirect", deadline_s=0.02)
        await server.peer.succeed(server.received("Redirect")[0])
        await server.peer.send(message("Event: Hangup"))
        await heard.until_events(1)
        assert client.counters.responses_unmatched == 1
        assert client.counters.actions_timed_out == 1


async def test_a_doubled_answer_goes_to_nobody(server: AmiServer) -> None:
    async def answer_twice(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.succeed(action)
        await peer.succeed(action)

    server.answers["Setvar"] = answer_twice
    async with up(server) as (client, _):
        await client.action("Setvar")
        await client.action("Ping")
        assert client.counters.responses_unmatched == 1


async def test_an_event_with_our_action_id_and_a_response_header_answers_nothing(
    server: AmiServer,
) -> None:
    async def forge(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.send(
            message("Event: Newchannel", f"ActionID: {action.action_id}", "Response: Error", "A: 1")
        )
        await peer.succeed(action, "Value: true")

    server.answers["Getvar"] = forge
    async with up(server) as (client, heard):
        assert (await client.action("Getvar")).get("Value") == "true"
        assert [event.get("A") for event in heard.events] == ["1"]


async def test_an_answer_with_a_guessed_id_answers_nothing(server: AmiServer) -> None:
    async def forge(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.send(message("Response: Success", "ActionID: 1", "Value: forged"))
        await peer.succeed(action, "Value: true")

    server.answers["Getvar"] = forge
    async with up(server) as (client, _):
        assert (await client.action("Getvar")).get("Value") == "true"
        assert client.counters.responses_unmatched == 1


async def test_action_ids_of_two_links_never_meet(server: AmiServer) -> None:
    async with up(server) as (_, heard):
        server.drop()
        await heard.until_phase(LinkPhase.UP, times=2)
        ids = [action.action_id for action in server.actions]
        assert len(set(ids)) == len(ids)


async def test_the_outcome_of_an_asynchronous_originate_reaches_the_event_callback(
    server: AmiServer,
) -> None:
    async def originate(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.succeed(action, "Message: Originate successfully queued")
        await peer.send(
            message(
                "Event: OriginateResponse",
                f"ActionID: {action.action_id}",
                "Response: Failure",
                "Reason: 3",
            )
        )

    server.answers["Originate"] = originate
    async with up(server) as (client, heard):
        response = await client.action("Originate", CALL)
        assert response.message == "Originate successfully queued"
        (event,) = await heard.until_events(1)
        assert (event.name, event.get("Response")) == ("OriginateResponse", "Failure")
        assert event.get("ActionID") == response.get("ActionID")


async def test_what_is_in_flight_fails_with_the_link_and_is_never_sent_again(
    server: AmiServer,
) -> None:
    server.lost |= {"Originate", "CoreShowChannels"}
    async with up(server) as (client, heard):
        asked = asyncio.gather(
            client.action("Originate", CALL),
            client.action_list("CoreShowChannels"),
            return_exceptions=True,
        )
        await server.until_received("CoreShowChannels")
        server.drop()
        lost, lost_list = await asked
        assert isinstance(lost, LinkLostError)
        assert isinstance(lost_list, LinkLostError)
        assert lost.action_id == server.received("Originate")[0].action_id
        await heard.until_phase(LinkPhase.UP, times=2)
        await client.action("Ping")
        assert len(server.received("Originate")) == 1
        assert len(server.received("CoreShowChannels")) == 1


async def test_what_is_asked_while_the_link_is_down_fails_at_once_and_is_never_sent(
    server: AmiServer,
) -> None:
    server.booted.clear()
    async with running(server) as (client, heard):
        await heard.until_phase(LinkPhase.BOOTING)
        for asked in (client.action("Originate", CALL), client.action_list("Status")):
            with pytest.raises(SwitchUnavailableError, match="the link is booting"):
                await asked
        server.booted.set()
        await heard.until_phase(LinkPhase.UP)
        await client.action("Ping")
        assert server.received("Originate") == server.received("Status") == []


async def test_an_action_asked_in_the_moment_of_the_loss_fails_at_once(server: AmiServer) -> None:
    server.lost.add("Originate")
    async with up(server) as (client, _):

        async def ask_again_when_lost() -> None:
            with pytest.raises(LinkLostError):
                await client.action("Originate", CALL)
            # The state may still say "up": the run loop has not looked yet.
            with pytest.raises(SwitchUnavailableError):
                await client.action("Originate", CALL)

        task = asyncio.create_task(ask_again_when_lost())
        await server.until_received("Originate")
        server.drop()
        await task
        assert len(server.received("Originate")) == 1


async def test_a_client_that_was_never_run_is_unavailable(server: AmiServer) -> None:
    client = AmiClient(
        quick(server),
        wanted=frozenset(),
        on_event=lambda _event: None,
        on_state=lambda _state: None,
    )
    with pytest.raises(SwitchUnavailableError):
        await client.action("Ping")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Originate", [("Channel", "PJSIP/1\r\nApplication: System\r\nData: id")]),
        ("Setvar", [("Variable\r\nFoo", "1")]),
        ("Getvar", [("ActionID", "another's")]),
        ("Ping\r\nAction: Command", []),
    ],
)
async def test_what_would_inject_is_refused_and_nothing_is_sent(
    server: AmiServer, name: str, fields: list[tuple[str, str]]
) -> None:
    async with up(server) as (client, _):
        before = len(server.actions)
        with pytest.raises(HeaderRefusedError):
            await client.action(name, fields)
        with pytest.raises(HeaderRefusedError):
            await client.action_list(name, fields)
        await client.action("Ping")
        assert [action.name for action in server.actions[before:]] == ["Ping"]


async def test_a_list_is_collected_whatever_its_entries_are_called(server: AmiServer) -> None:
    async def show(peer: AmiPeer, action: ReceivedAction) -> None:
        own = f"ActionID: {action.action_id}"
        await peer.succeed(action, "EventList: start", "Message: follows")
        await peer.send(message("Event: CoreShowChannel", own, "Uniqueid: 1"))
        await peer.send(message("Event: Hangup", "Uniqueid: 9"))
        await peer.send(message("Event: CoreShowChannel", own, "Uniqueid: 2"))
        await peer.send(
            message("Event: CoreShowChannelsComplete", own, "EventList: Complete", "ListItems: 2")
        )

    server.answers["CoreShowChannels"] = show
    server.cut = byte_by_byte
    async with up(server) as (client, heard):
        entries = await client.action_list("CoreShowChannels")
        assert [entry.get("Uniqueid") for entry in entries] == ["1", "2"]
        assert [event.get("Uniqueid") for event in heard.events] == ["9"]


async def test_entries_of_a_list_are_no_events_even_where_such_events_are_wanted(
    server: AmiServer,
) -> None:
    async def show(peer: AmiPeer, action: ReceivedAction) -> None:
        own = f"ActionID: {action.action_id}"
        await peer.succeed(action, "EventList: start")
        await peer.send(message("Event: DeviceStateChange", own, "Device: PJSIP/a1"))
        await peer.send(message("Event: DeviceStateListComplete", own, "EventList: Complete"))

    server.answers["DeviceStateList"] = show
    async with up(server) as (client, heard):
        entries = await client.action_list("DeviceStateList")
        assert [entry.get("Device") for entry in entries] == ["PJSIP/a1"]
        assert heard.events == []


async def test_a_list_answered_by_an_error_ends_at_once(server: AmiServer) -> None:
    async def refuse(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.fail(action, "Channel not specified")

    server.answers["BridgeInfo"] = refuse
    async with up(server) as (client, _):
        with pytest.raises(ActionRejectedError, match="Channel not specified"):
            await client.action_list("BridgeInfo", deadline_s=60)


async def test_an_answer_that_announces_no_list_ends_at_once(server: AmiServer) -> None:
    async with up(server) as (client, _):
        with pytest.raises(RemoteProtocolError, match="Ping is not answered by a list"):
            await client.action_list("Ping", deadline_s=60)


async def test_a_list_that_announces_nothing_is_collected_up_to_the_named_event(
    server: AmiServer,
) -> None:
    async def get(peer: AmiPeer, action: ReceivedAction) -> None:
        own = f"ActionID: {action.action_id}"
        await peer.succeed(action, "Message: Result will follow")
        await peer.send(message("Event: DBGetResponse", own, "Val: 7"))
        await peer.send(message("Event: DBGetComplete", own))

    server.answers["DBGet"] = get
    async with up(server) as (client, _):
        (entry,) = await client.action_list("DBGet", complete="DBGetComplete")
        assert entry.get("Val") == "7"


async def test_late_entries_of_a_list_given_up_are_dropped_and_counted(server: AmiServer) -> None:
    server.lost.add("DeviceStateList")
    async with up(server) as (client, heard):
        with pytest.raises(ActionTimeoutError):
            await client.action_list("DeviceStateList", deadline_s=0.02)
        asked = server.received("DeviceStateList")[0]
        own = f"ActionID: {asked.action_id}"
        await server.peer.succeed(asked, "EventList: start")
        entry = message("Event: DeviceStateChange", own, "Device: PJSIP/a1")
        await server.peer.send(entry)
        await server.peer.send(message("Event: DLComplete", own, "EventList: Complete"))
        await server.peer.send(message("Event: Hangup"))
        assert [event.name for event in await heard.until_events(1)] == ["Hangup"]
        assert client.counters.list_entries_late == 2


async def test_a_late_error_ends_a_list_given_up(server: AmiServer) -> None:
    server.lost.add("DeviceStateList")
    async with up(server) as (client, _):
        with pytest.raises(ActionTimeoutError):
            await client.action_list("DeviceStateList", deadline_s=0.02)
        await server.peer.fail(server.received("DeviceStateList")[0], "not now")
        await client.action("Ping")
        assert client.counters.responses_unmatched == 1


async def test_only_so_many_lists_given_up_are_remembered(
    server: AmiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.ami.connection.ABANDONED_LISTS_MAX", 1)
    server.lost.add("Status")
    async with up(server) as (client, heard):
        for _ in range(2):
            with pytest.raises(ActionTimeoutError):
                await client.action_list("Status", deadline_s=0.02)
        for asked in server.received("Status"):
            await server.peer.send(message("Event: Status", f"ActionID: {asked.action_id}"))
        await server.peer.send(message("Event: Hangup"))
        await heard.until_events(1)
        assert client.counters.list_entries_late == 1


async def test_an_endless_list_fails(server: AmiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.ami.connection.LIST_ENTRIES_MAX", 3)

    async def flood(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.succeed(action, "EventList: start")
        for _ in range(5):
            await peer.send(message("Event: Status", f"ActionID: {action.action_id}"))

    server.answers["Status"] = flood
    async with up(server) as (client, _):
        with pytest.raises(RemoteProtocolError, match="Status: 3 entries"):
            await client.action_list("Status")


async def test_an_asker_who_gives_up_leaves_nothing_behind(server: AmiServer) -> None:
    server.lost |= {"Getvar", "Status"}
    async with up(server) as (client, _):
        tasks = {
            asyncio.create_task(client.action("Getvar")),
            asyncio.create_task(client.action_list("Status")),
        }
        await server.until_received("Getvar")
        await server.until_received("Status")
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)
        assert client._link.require()._in_flight.asked == {}


async def test_too_many_actions_in_flight_are_refused_at_once(
    server: AmiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.ami.connection.IN_FLIGHT_MAX", 2)
    server.lost.add("Getvar")
    async with up(server) as (client, _):
        waiting = [asyncio.create_task(client.action("Getvar")) for _ in range(2)]
        await server.until_received("Getvar", count=2)
        with pytest.raises(SwitchUnavailableError, match="2 actions are waiting"):
            await client.action("Getvar")
        server.drop()
        await asyncio.wait(waiting)
        assert all(isinstance(task.exception(), LinkLostError) for task in waiting)


async def test_a_switch_that_takes_nothing_is_unavailable(
    server: AmiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.ami.connection.UNSENT_BYTES_MAX", -1)
    async with running(server) as (client, heard):
        down = await heard.until_phase(LinkPhase.DOWN)
        assert down.reason is not None
        assert down.reason.value == "silent"
        assert client.counters.links_up == 0


async def test_a_callback_that_raises_never_drops_the_link(server: AmiServer) -> None:
    seen: list[str] = []

    def on_event(event: AmiEvent) -> None:
        seen.append(event.get("Uniqueid"))
        raise ValueError(event)

    async with running(server, on_event=on_event) as (client, heard):
        await heard.until_phase(LinkPhase.UP)
        for uniqueid in ("1", "2", "3"):
            await server.peer.send(message("Event: Hangup", f"Uniqueid: {uniqueid}"))
        await client.action("Ping")
        assert seen == ["1", "2", "3"]
        assert client.counters.callback_failures == 3
        assert heard.of(LinkPhase.DOWN) == []


async def test_a_link_that_is_given_up_on_purpose_is_made_anew(server: AmiServer) -> None:
    async with running(server) as (client, heard):
        client.drop()  # there is none yet
        await heard.until_phase(LinkPhase.UP)
        client.drop()
        down = await heard.until_phase(LinkPhase.DOWN)
        await heard.until_phase(LinkPhase.UP)

    assert down.reason is DownReason.OVERLOADED


async def test_events_come_in_order_and_only_while_the_link_is_up(server: AmiServer) -> None:
    async def answer_amid_events(peer: AmiPeer, action: ReceivedAction) -> None:
        await peer.send(message("Event: Hangup", "Uniqueid: early"))
        await peer.succeed(action, "CoreStartupDate: d", "CoreStartupTime: t")

    server.answers["CoreStatus"] = answer_amid_events
    async with up(server) as (client, heard):
        for number in range(50):
            await server.peer.send(message("Event: Hangup", f"Uniqueid: {number}"))
        events = await heard.until_events(50)
        assert [event.get("Uniqueid") for event in events] == [str(n) for n in range(50)]
        assert client.counters.events_before_up == 1
        assert heard.order.index("up") < heard.order.index("Hangup")


async def test_hostile_messages_leave_the_link_up_and_the_next_event_true(
    server: AmiServer,
) -> None:
    async with up(server) as (client, heard):
        await server.peer.send(message("Event: Newchannel", "CallerIDNum: 1", "Event: Hangup"))
        await server.peer.send(message("X:1", "CallerIDName: y"))
        await server.peer.send(b"Event: Newchannel\r\nCallerIDName: \xd0\r\n\r\n")
        await server.peer.send(message("Event: Newchannel", "CallerIDName: Жанна"))
        events = await heard.until_events(3)
        assert [event.name for event in events] == ["Newchannel"] * 3
        assert [event.get("CallerIDName") for event in events] == ["", "\ufffd", "Жанна"]
        assert (client.counters.noise, client.counters.doubled_headers) == (1, 1)
        assert heard.of(LinkPhase.DOWN) == []
