"""HTTP over aiohttp behaves as httpx2's own: it tells what goes out, and sends nothing twice."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from functions.stories.model.transport import AiohttpTransport
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, Exchange, HostileOpenAI
from tests.unit.stories.calls import wait_until

PATH = "/v1/responses"
Use = Callable[[httpx2.AsyncClient], Awaitable[None]]


@dataclass
class Sent:
    """Counts requests that go out."""

    times: int = 0

    def __call__(self) -> None:
        self.times += 1


@dataclass
class Ports:
    """Answers `told`, and notes which connection was used."""

    told: Behaviour
    seen: list[int] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        self.seen.append(exchange.connection.getpeername()[1])
        self.told(exchange)


def use(address: str, work: Use) -> int:
    """How many requests went out while `work` used a client of `address`."""
    sent = Sent()

    async def run() -> None:
        transport = AiohttpTransport(5.0, sent)
        async with httpx2.AsyncClient(base_url=address, transport=transport) as client:
            async with asyncio.timeout(10):
                await work(client)

    asyncio.run(run())
    return sent.times


async def ask(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.post("/responses", json={"input": "the sea"})


def test_certificates_are_not_read_on_the_loop(
    server: HostileOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = AiohttpTransport(5.0, Sent())
    read: list[bool] = []
    create = httpx2.create_ssl_context

    def noted() -> ssl.SSLContext:
        read.append(True)
        return create()

    async def work() -> None:
        async with httpx2.AsyncClient(base_url=server.address, transport=made) as client:
            monkeypatch.setattr(httpx2, "create_ssl_context", noted)
            assert (await ask(client)).status_code == 200

    server.play(hostile.reply({"told": "é"}))
    asyncio.run(work())
    assert read == []


def test_requests_share_a_connection(server: HostileOpenAI) -> None:
    ports = Ports(hostile.reply({"told": "é"}))
    server.play(ports)

    async def work(client: httpx2.AsyncClient) -> None:
        for _ in range(3):
            answered = await ask(client)
            assert (answered.status_code, answered.json()) == (200, {"told": "é"})
            assert answered.headers["X-Request-Id"] == "req_hostile"

    assert use(server.address, work) == 3
    assert len(set(ports.seen)) == 1
    assert [each["input"] for each in server.requests] == ["the sea"] * 3


def test_only_the_headers_that_were_given(server: HostileOpenAI) -> None:
    server.play(hostile.reply({}))

    async def work(client: httpx2.AsyncClient) -> None:
        await client.post("/responses", json={}, headers={"User-Agent": "tests", "X-Mine": "1"})

    use(server.address, work)
    [headers] = server.headers
    assert headers["user-agent"] == "tests"
    assert headers["x-mine"] == "1"
    assert headers["accept"] == "*/*"
    assert headers["content-type"] == "application/json"
    assert "cookie" not in headers


def test_cookies_are_not_kept(server: HostileOpenAI) -> None:
    server.play(hostile.reply({}, headers={"Set-Cookie": "a=b; Path=/"}))

    async def work(client: httpx2.AsyncClient) -> None:
        await ask(client)
        client.cookies.clear()
        await ask(client)

    use(server.address, work)
    assert [each.get("cookie") for each in server.headers] == [None, None]


def test_a_body_may_be_compressed(server: HostileOpenAI) -> None:
    packed = gzip.compress(b'{"told": 1}')
    server.play(hostile.reply(packed, headers={"Content-Encoding": "gzip"}))

    async def work(client: httpx2.AsyncClient) -> None:
        assert (await ask(client)).json() == {"told": 1}

    use(server.address, work)


def test_a_redirect_is_an_answer(server: HostileOpenAI) -> None:
    elsewhere = {"Location": f"{server.address}/elsewhere"}
    server.play(hostile.reply({}, status=307, headers=elsewhere))

    async def work(client: httpx2.AsyncClient) -> None:
        assert (await ask(client)).status_code == 307

    assert use(server.address, work) == 1
    assert len(server.requests) == 1


def test_a_connection_that_the_server_has_closed_is_not_used_again(server: HostileOpenAI) -> None:
    """It closes without having said so, while the loop is busy with something else: whoever wrote
    to that connection would have sent for nothing."""

    def silently(exchange: Exchange) -> None:
        hostile.reply({})(exchange)
        exchange.keep_alive = False

    server.play(silently)

    async def work(client: httpx2.AsyncClient) -> None:
        for _ in range(5):
            assert (await ask(client)).status_code == 200
            time.sleep(0.05)

    assert use(server.address, work) == 5


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.drop(), id="nothing"),
        pytest.param(hostile.cut(), id="half a body"),
        pytest.param(lambda exchange: exchange.send(b"SSH-2.0-x\r\n\r\n"), id="no HTTP"),
        pytest.param(
            lambda exchange: exchange.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
            id="chunks that are none",
        ),
    ],
)
def test_what_is_no_answer(server: HostileOpenAI, behaviour: Behaviour) -> None:
    server.play(behaviour)

    async def work(client: httpx2.AsyncClient) -> None:
        with pytest.raises(httpx2.TransportError) as caught:
            await ask(client)
        assert "sea" not in str(caught.value)

    assert use(server.address, work) == 1
    assert len(server.requests) == 1


def test_without_a_connection_nothing_goes_out() -> None:
    async def work(client: httpx2.AsyncClient) -> None:
        with pytest.raises(httpx2.ConnectError):
            await ask(client)

    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert use(f"http://127.0.0.1:{port}/v1", work) == 0


def test_who_leaves_in_the_middle_closes_the_connection(server: HostileOpenAI) -> None:
    server.play(hostile.drip(0.02))

    async def work(client: httpx2.AsyncClient) -> None:
        async with client.stream("POST", "/responses", json={}) as answered:
            async for _ in answered.aiter_raw():
                break
        await asyncio.to_thread(wait_until, lambda: server.abandoned == 1)

    assert use(server.address, work) == 1


def test_whoever_is_cancelled_closes_the_connection(server: HostileOpenAI) -> None:
    server.play(hostile.hang())

    async def work(client: httpx2.AsyncClient) -> None:
        waiting = asyncio.create_task(ask(client))
        await asyncio.to_thread(wait_until, lambda: len(server.requests) == 1)
        waiting.cancel()
        await asyncio.to_thread(wait_until, lambda: server.abandoned == 1)

    assert use(server.address, work) == 1
