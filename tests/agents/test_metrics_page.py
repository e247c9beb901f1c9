"""`/metrics`: who may read it."""

import aiohttp
import pytest

from agents.figures import PROXY_HEADERS, may_read
from agents.settings import WebSettings
from tests.agents.house import house

LOOPBACK = ("127.0.0.1", "::1")


class Page:
    """One figure, whatever is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def page(self, accept: str) -> tuple[str, bytes]:
        self.asked.append(accept)
        return "text/plain; version=0.0.4; charset=utf-8", b"figure 1\n"


async def read(url: str, **headers: str) -> tuple[int, str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{url}/metrics", headers=named) as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_this_machine_may_read_the_figures_in_the_form_it_asks_for() -> None:
    page = Page()
    async with house(figures=page) as here:
        got = await read(here.url, Accept="application/openmetrics-text")

    assert got == (200, "text/plain; version=0.0.4; charset=utf-8", "figure 1\n")
    assert page.asked == ["application/openmetrics-text"]


async def test_nobody_else_may() -> None:
    page = Page()
    web = WebSettings(port=0, metrics_peers=frozenset({"203.0.113.9"}))
    async with house(web=web, figures=page) as here:
        status, _, text = await read(here.url)

    assert status == 403
    assert "web.metrics_peers" in text
    assert page.asked == []


@pytest.mark.parametrize("header", PROXY_HEADERS)
async def test_a_request_that_came_by_a_proxy_is_not_of_this_machine(header: str) -> None:
    page = Page()
    async with house(figures=page) as here:
        status, _, _ = await read(here.url, **{header: "127.0.0.1"})

    assert (status, page.asked) == (403, [])


@pytest.mark.parametrize(
    ("remote", "peers", "allowed"),
    [
        ("127.0.0.1", LOOPBACK, True),
        ("::1", LOOPBACK, True),
        ("::ffff:127.0.0.1", LOOPBACK, True),
        ("127.0.0.2", LOOPBACK, False),
        ("192.0.2.1", LOOPBACK, False),
        ("192.0.2.1", ("192.0.2.1",), True),
        ("2001:db8:0:0::1", ("2001:db8::1",), True),
        ("fe80::1%eth0", ("fe80::1",), True),
        ("127.0.0.1", (), False),
        ("", LOOPBACK, False),
        (None, LOOPBACK, False),
    ],
)
def test_addresses_are_compared_as_addresses(
    remote: str | None, peers: tuple[str, ...], allowed: bool
) -> None:
    assert may_read(remote, {}, peers) is allowed


async def test_a_server_without_figures_has_no_such_page() -> None:
    async with house() as here:
        status, _, _ = await read(here.url)

    assert status == 404
