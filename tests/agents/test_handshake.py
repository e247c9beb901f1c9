"""Who may open a websocket, and what stays unsaid in the log."""

import json
import logging

import pytest
from structlog.testing import capture_logs

from agents.settings import ConnectionSettings, WebSettings
from tests.agents.house import House, head, house, raw, raw_websocket

CANARY = "canary-4711"


async def status_of(here: House, request: bytes) -> tuple[int, dict[str, object]]:
    async with raw(here.port) as client:
        client.writer.write(request)
        answer = await client.end()
    start, _, body = answer.partition(b"\r\n\r\n")
    return int(start.split(b" ", 2)[1]), json.loads(body) if body.startswith(b"{") else {}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "https://desk.example.evil",
        "https://desk.example:444",
        "http://desk.example",
        "https://desk.example@evil.example",
        "https://desk.example/",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "file://",
    ],
)
async def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    web = WebSettings(port=0, origins=frozenset({"https://desk.example"}))
    async with house(web=web) as here:
        status, answer = await status_of(here, head(here.port, Origin=origin))

        assert status == 403
        assert answer["message"] == "pages of this origin may not connect"


async def test_two_origins_are_none() -> None:
    web = WebSettings(port=0, origins=frozenset({"https://desk.example"}))
    async with house(web=web) as here:
        request = head(here.port, Origin="https://desk.example\r\nOrigin: https://evil.example")
        status, _ = await status_of(here, request)

        assert status == 403


async def test_pages_of_the_server_itself_and_of_named_origins_connect() -> None:
    web = WebSettings(port=0, origins=frozenset({"https://desk.example"}))
    async with house(web=web) as here:
        for origin in (f"http://127.0.0.1:{here.port}", "https://desk.example"):
            async with raw(here.port) as client:
                client.writer.write(head(here.port, Origin=origin))
                answer = await client.reader.readuntil(b"\r\n\r\n")

            assert answer.startswith(b"HTTP/1.1 101 ")


async def test_a_name_of_the_attackers_own_is_not_the_servers() -> None:
    async with house() as here:
        host = f"evil.example:{here.port}"
        status, _ = await status_of(here, head(here.port, Host=host, Origin=f"http://{host}"))

        assert status == 403


@pytest.mark.parametrize("query", ["token", "password", "access_token", "x"])
async def test_a_query_is_refused_with_an_explanation_and_logged_nowhere(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        async with house() as here:
            request = head(here.port, f"/ws/v1?{query}={CANARY}")
            status, answer = await status_of(here, request)

    assert status == 400
    assert "sign in with the first message" in str(answer["message"])
    assert CANARY not in str(logs) + caplog.text


@pytest.mark.parametrize(
    "request_text",
    [
        f"GET /nowhere/{CANARY}?password={CANARY} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /healthz?password={CANARY} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /?password={CANARY} HTTP/9.9\r\nHost: x\r\n\r\n",
        f"GET /?password={CANARY}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{CANARY}\x00: 1\r\n\r\n",
        f"GET / HTTP/1.1\r\nContent-Length: {CANARY}\r\n\r\n",
        f"{CANARY} / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {CANARY}{'x' * 9000}\r\n\r\n",
    ],
)
async def test_secrets_in_odd_requests_do_not_reach_the_log(
    request_text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        async with house() as here, raw(here.port) as client:
            client.writer.write(request_text.encode())
            answer = await client.end()

    assert answer.startswith(b"HTTP/")
    assert CANARY not in str(logs) + caplog.text


async def test_a_plain_request_is_told_to_upgrade() -> None:
    async with house() as here:
        status, _ = await status_of(here, b"GET /ws/v1 HTTP/1.1\r\nHost: x\r\n\r\n")

        assert status == 426


async def test_frames_before_the_handshakes_answer_are_refused() -> None:
    async with house() as here:
        status, answer = await status_of(here, head(here.port) + b"\x81\x02{}")

        assert (status, answer["message"]) == (400, "wait for the handshake's answer")


async def test_compression_is_never_agreed_to() -> None:
    async with house() as here, raw(here.port) as client:
        extension = "permessage-deflate; client_max_window_bits"
        client.writer.write(head(here.port, Sec_WebSocket_Extensions=extension))
        answer = await client.reader.readuntil(b"\r\n\r\n")

        assert b"extensions" not in answer.lower()


async def test_health_is_told_and_the_connection_closed() -> None:
    async with house() as here:
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

        assert await status_of(here, request) == (200, {"status": "ok"})


async def test_readiness_follows_the_parts() -> None:
    async with house() as here:
        request = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert await status_of(here, request) == (
            200,
            {"status": "ready", "parts": {"journal": True}, "beside": {}},
        )

        here.health.parts["pbx:main"] = False
        assert await status_of(here, request) == (
            503,
            {
                "status": "not ready",
                "parts": {"journal": True, "pbx:main": False},
                "beside": {},
            },
        )


async def test_what_calls_do_not_need_is_shown_beside_and_does_not_make_unready() -> None:
    async with house() as here:
        here.health.helpers["database"] = False
        request = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"

        assert await status_of(here, request) == (
            200,
            {"status": "ready", "parts": {"journal": True}, "beside": {"database": False}},
        )


async def test_a_head_that_never_ends_is_cut_off() -> None:
    async with house() as here, raw(here.port) as client:
        client.writer.write(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 4000)

        # Cut off, or refused by the HTTP parser first; a welcome it is not.
        assert not (await client.end()).startswith(b"HTTP/1.1 2")


@pytest.mark.parametrize("said", [b"", b"GET /ws", b"GET /ws/v1 HTTP/1.1\r\nHost: x\r\n"])
async def test_whoever_does_not_finish_his_request_is_dropped(said: bytes) -> None:
    web = WebSettings(port=0, connection=ConnectionSettings(sign_in_s=0.05))
    async with house(web=web) as here, raw(here.port) as client:
        client.writer.write(said)

        assert await client.end() == b""


async def test_strangers_beyond_the_limit_are_dropped_and_the_others_stay() -> None:
    settings = ConnectionSettings(strangers_max=2)
    async with (
        house(web=WebSettings(port=0, connection=settings)) as here,
        raw_websocket(here.port) as first,
        raw_websocket(here.port),
    ):
        async with raw(here.port) as third:
            assert await third.end() == b""
        first.say({"id": "1", "type": "ready"})
        assert (await first.hear())["code"] == "not_signed_in"

        first.close()
        while True:  # The server sees that the first has gone when it comes to it.
            async with raw(here.port) as fourth:
                fourth.writer.write(head(here.port))
                if await fourth.reader.read(12) == b"HTTP/1.1 101":
                    break


async def test_one_address_cannot_take_all_places() -> None:
    settings = ConnectionSettings(strangers_per_address_max=1)
    async with (
        house(web=WebSettings(port=0, connection=settings)) as here,
        raw_websocket(here.port),
        raw(here.port) as second,
    ):
        assert await second.end() == b""
