"""What a hostile client can send: always an answer or the right close code, and no effect."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.settings import ConnectionSettings, WebSettings
from protocols.ws.codes import CloseCode
from protocols.ws.commands import COMMANDS, MESSAGE_BYTES_MAX
from protocols.ws.frames import FRAGMENTS_MAX
from tests.agents.fakes import PASSWORD
from tests.agents.house import House, RawSocket, house, raw_websocket

SIGN_IN = {"id": "0", "type": "sign_in", "data": {"agent": "ann", "password": PASSWORD}}


async def signed_in(client: RawSocket) -> None:
    client.say(SIGN_IN)
    assert (await client.hear())["type"] == "done"
    assert (await client.hear())["event"] == "snapshot"


async def still_serves(here: House) -> None:
    async with raw_websocket(here.port) as other:
        other.say({"id": "1", "type": "ready"})
        assert (await other.hear())["code"] == "not_signed_in"


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind != "sign_in"])
async def test_nothing_is_done_before_sign_in(kind: str) -> None:
    data = {"not_ready": {"reason": "lunch"}, "extend_wrap_up": {"by_s": 30}}.get(kind, {})
    async with house() as here, raw_websocket(here.port) as client:
        client.say({"id": "x", "type": kind, "data": data})

        answer = await client.hear()
        assert (answer["type"], answer["id"], answer["code"]) == ("refused", "x", "not_signed_in")
        assert here.inbox.facts == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("[]", "malformed"),
        ("nonsense", "malformed"),
        ('{"id":"1","type":"ready","id":"2"}', "malformed"),
        ('{"id":"1","type":"ready","data":NaN}', "malformed"),
        ('{"id":"1","type":"ready","data":1e999}', "malformed"),
        ('{"id":"1","type":"ready","data":' + "9" * 30_000 + "}", "malformed"),
        ("[" * 60_000, "malformed"),
        ('{"a":' * 9 + "1" + "}" * 9, "malformed"),
        ('{"id":"1","type":"make_admin"}', "unknown_type"),
        ('{"id":"1"}', "unknown_type"),
        ('{"id":"1","type":["ready"]}', "unknown_type"),
        ('{"id":"1","type":"ready","role":"admin"}', "invalid"),
        ('{"id":"1","type":"ready","data":{"agent":"ben"}}', "invalid"),
        ('{"id":"1","type":"log_on","data":{"phone":true}}', "invalid"),
        ('{"id":"1","type":"log_on","data":{"phone":"\\ud800"}}', "invalid"),
        ('{"id":"1","type":"log_on","data":{"phone":"a1&PJSIP/trunk"}}', "invalid"),
        ('{"id":"1","type":"not_ready"}', "invalid"),
        ('{"id":"1","type":"not_ready","data":{"reason":""}}', "invalid"),
        ('{"id":"1","type":"not_ready","data":{"reason":"a\\r\\nb"}}', "invalid"),
        ('{"id":"1","type":"not_ready","data":{"reason":"' + "x" * 65 + '"}}', "invalid"),
        ('{"id":true,"type":"ready"}', "invalid"),
        ('{"id":"","type":"ready"}', "invalid"),
        ('{"id":"' + "x" * 65 + '","type":"ready"}', "invalid"),
        ('{"id":"a b","type":"ready"}', "invalid"),
        ('{"id":"1","type":"log_on","data":{"phone":"b1"}}', "unknown_phone"),
        ('{"id":"1","type":"ready"}', "not_logged_on"),
        ('{"id":"1","type":"not_ready","data":{"reason":"x"}}', "not_logged_on"),
        ('{"id":"1","type":"end_wrap_up"}', "not_logged_on"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":30}}', "not_logged_on"),
        ('{"id":"1","type":"extend_wrap_up"}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":0}}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":-30}}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":3601}}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":1.5}}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":"30"}}', "invalid"),
        ('{"id":"1","type":"extend_wrap_up","data":{"by_s":true}}', "invalid"),
        ('{"id":"1","type":"log_off"}', "not_logged_on"),
        (json.dumps(SIGN_IN), "already_signed_in"),
    ],
)
async def test_a_wrong_message_is_refused_by_its_code_and_the_connection_lives(
    text: str, code: str
) -> None:
    async with house() as here, raw_websocket(here.port) as client:
        await signed_in(client)
        client.frame(text.encode())
        answer = await client.hear()
        client.say({"id": "last", "type": "log_on"})

        assert (answer["type"], answer["code"]) == ("refused", code)
        assert len(str(answer["message"])) <= 300
        assert (await client.hear())["type"] == "done"
        assert len(here.inbox.facts) == 1


async def test_a_refusal_does_not_repeat_a_password() -> None:
    async with house() as here, raw_websocket(here.port) as client:
        client.say({"id": "1", "type": "sign_in", "data": {"agent": "ann", "password": ["canary"]}})

        assert "canary" not in str(await client.hear())


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"payload": b"{}", "masked": False}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"{}", "opcode": 2}, CloseCode.UNSUPPORTED_DATA),
        ({"payload": b"\xff\xfe"}, CloseCode.INVALID_TEXT),
        ({"payload": b"", "opcode": 3}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"", "opcode": 0}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"", "opcode": 11}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"", "reserved": 0x40}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"", "opcode": 9, "final": False}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"x" * 126, "opcode": 9}, CloseCode.PROTOCOL_ERROR),
        ({"payload": b"x" * (MESSAGE_BYTES_MAX + 1)}, CloseCode.MESSAGE_TOO_BIG),
        ({"payload": b"", "length": 64 * 2**20}, CloseCode.MESSAGE_TOO_BIG),
        ({"payload": b"", "length": 2**63}, CloseCode.MESSAGE_TOO_BIG),
        ({"payload": b"", "length": 2**64 - 1}, CloseCode.MESSAGE_TOO_BIG),
    ],
)
async def test_a_broken_stream_is_closed_with_the_code_for_it(
    frame: dict[str, object], code: CloseCode
) -> None:
    async with house() as here, raw_websocket(here.port) as client:
        client.frame(**frame)  # type: ignore[arg-type]

        assert await client.close_code() == code
        await still_serves(here)


async def test_the_longest_message_is_read() -> None:
    async with house() as here, raw_websocket(here.port) as client:
        text = '{"id":"1","type":"ready"}'
        client.frame(text.ljust(MESSAGE_BYTES_MAX).encode())

        assert (await client.hear())["code"] == "not_signed_in"


async def test_a_message_in_fragments_with_a_ping_between_is_one_message() -> None:
    async with house() as here, raw_websocket(here.port) as client:
        client.frame(b'{"id":"1",', final=False)
        client.frame(b"are you there", opcode=9)
        client.frame(b'"type":"ready"}', opcode=0)

        assert await client.hear_frame() == (10, b"are you there")
        assert (await client.hear())["code"] == "not_signed_in"


@pytest.mark.parametrize("payload", [b"", b"x"])
async def test_a_message_without_end_is_cut_off(payload: bytes) -> None:
    async with house() as here, raw_websocket(here.port) as client:
        client.frame(payload, final=False)
        for _ in range(FRAGMENTS_MAX):
            client.frame(payload, opcode=0, final=False)

        assert await client.close_code() == CloseCode.POLICY_VIOLATION
        await still_serves(here)


@pytest.mark.parametrize("opcode", [1, 9, 10])
async def test_ten_thousand_frames_at_once_end_the_connection(opcode: int) -> None:
    async with house() as here, raw_websocket(here.port) as client:
        for _ in range(10_000):
            client.frame(b"[]", opcode=opcode)

        assert await client.close_code() == CloseCode.POLICY_VIOLATION
        await still_serves(here)


async def test_commands_beyond_the_rate_are_refused_and_their_ids_stay_free() -> None:
    limits = ConnectionSettings(command_burst=3, command_rate_per_s=0.001)
    async with (
        house(web=WebSettings(port=0, connection=limits)) as here,
        raw_websocket(here.port) as client,
    ):
        await signed_in(client)
        for command_id in ("a", "b", "c"):
            client.say({"id": command_id, "type": "log_on"})
        answers = [await client.hear() for _ in range(3)]

        assert [(answer["type"], answer.get("code")) for answer in answers] == [
            ("done", None),
            ("done", None),
            ("refused", "rate_limited"),
        ]


async def test_a_stranger_who_does_not_sign_in_is_shown_out() -> None:
    limits = ConnectionSettings(sign_in_s=0.05)
    async with (
        house(web=WebSettings(port=0, connection=limits)) as here,
        raw_websocket(here.port) as client,
    ):
        assert await client.close_code() == CloseCode.SIGN_IN_OVERDUE


async def test_who_signed_in_in_time_stays() -> None:
    limits = ConnectionSettings(sign_in_s=0.2)
    async with (
        house(web=WebSettings(port=0, connection=limits)) as here,
        raw_websocket(here.port) as client,
        raw_websocket(here.port) as stranger,
    ):
        await signed_in(client)
        assert await stranger.close_code() == CloseCode.SIGN_IN_OVERDUE
        client.say({"id": "1", "type": "log_on"})

        assert (await client.hear())["type"] == "done"


async def test_a_client_that_answers_no_ping_is_dropped_and_his_lease_begins() -> None:
    limits = ConnectionSettings(heartbeat_s=0.1)
    async with (
        house(web=WebSettings(port=0, connection=limits)) as here,
        raw_websocket(here.port) as client,
    ):
        await signed_in(client)

        assert await client.hear_frame() == (9, b"")
        assert await client.close_code() is None
        await here.leases.armed.wait()
        assert here.leases.running() == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NEARLY_COMMANDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=70) | ANYTHING,
        "type": st.sampled_from([*COMMANDS, "x"]) | ANYTHING,
        "data": st.fixed_dictionaries(
            {},
            optional={
                "agent": st.sampled_from(["ann", "ben"]) | ANYTHING,
                "password": st.just("wrong") | ANYTHING,
                "phone": ANYTHING,
                "reason": ANYTHING,
            },
        )
        | ANYTHING,
    },
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages=st.lists(NEARLY_COMMANDS.map(json.dumps) | st.text(), min_size=1, max_size=8))
def test_every_message_gets_one_answer_whatever_it_holds(messages: list[str]) -> None:
    async def converse() -> None:
        async with house() as here, raw_websocket(here.port) as client:
            for message in messages:
                client.frame(message.encode("utf-8", "replace"))
                answer = await client.hear()
                assert answer["type"] == "refused"

    asyncio.run(converse())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_end_in_an_answer_or_a_close(data: bytes) -> None:
    async def converse() -> None:
        async with house() as here:
            async with raw_websocket(here.port) as client:
                client.writer.write(data)
                client.writer.write_eof()
                await client.end()
            await still_serves(here)

    asyncio.run(converse())
