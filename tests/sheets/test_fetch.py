"""Fetcher: no credentials, https only, limits, SSRF guard, and the sentence of each failure."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.addresses import Address, reach
from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.fetch import DrawingFetcher
from gonogo.sheets.ssrf_guard import is_loopback, refuse_nearer_than
from tests.sheets.conftest import sheet_pdf
from tests.support.loopback_server import LoopbackServer

LOCAL = "http://127.0.0.1:1"
REMOTE = "https://api.example"


@dataclass(frozen=True)
class Answer:
    url: str | None
    status: str | None = "ready"
    sha256: str | None = None
    title: str | None = None


def _answers(url: str | None, status: str | None = "ready") -> Callable[[str], Awaitable[Answer]]:
    async def drawing_url(_: str) -> Answer:
        return Answer(url, status)

    return drawing_url


def _fetcher(url: str | None, handler: Callable[[httpx.Request], httpx.Response], **settings: object) -> DrawingFetcher:
    base_url = str(settings.pop("base_url", REMOTE))
    return DrawingFetcher(_answers(url), base_url=base_url, transport=httpx.MockTransport(handler), **settings)  # type: ignore[arg-type]


async def _refusal(fetcher: DrawingFetcher) -> CannotShowError:
    with pytest.raises(CannotShowError) as refused:
        await fetcher.fetch("rev-1")
    return refused.value


def _never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.url} was asked for")


async def test_no_credential_travels_not_even_after_a_redirect() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "store.example":
            return httpx.Response(302, headers={"location": "https://cdn.example/a?sig=1", "set-cookie": "a=1"})
        return httpx.Response(200, content=sheet_pdf())

    assert (await _fetcher("https://store.example/d.pdf?sig=2", handler).fetch("rev-1")).data == sheet_pdf()
    assert [str(request.url) for request in seen] == [
        "https://store.example/d.pdf?sig=2",
        "https://cdn.example/a?sig=1",
    ]
    for request in seen:
        assert not {"authorization", "x-api-key", "cookie", "idempotency-key"} & set(request.headers)


@pytest.mark.parametrize(
    "url",
    ["http://store.example/d.pdf", "ftp://store.example/d", "file:///etc/passwd", "http://127.0.0.1:9/d"],
)
async def test_only_https_is_fetched(url: str) -> None:
    assert "not https" in (await _refusal(_fetcher(url, _never))).reason


@pytest.mark.parametrize("to", ["http://cdn.example/x", "http://localhost/x", "file:///etc/passwd"])
async def test_a_redirect_away_from_https_is_refused(to: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "store.example"
        return httpx.Response(307, headers={"location": to})

    assert "not https" in (await _refusal(_fetcher("https://store.example/d", handler))).reason


async def test_redirects_end() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": f"{request.url}x"})

    assert "more than 3 times" in (await _refusal(_fetcher("https://store.example/", handler))).reason


async def test_http_is_taken_from_this_machine_for_a_server_on_this_machine() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=sheet_pdf())

    embedded = _fetcher("http://embedded.localhost/d", handler, base_url="http://embedded.localhost")
    assert await embedded.fetch("rev-1")
    assert await _fetcher("/api/v1/d", handler, base_url="http://127.0.0.1:8000").fetch("rev-1")


@pytest.mark.parametrize(
    ("response", "sentence", "retry"),
    [
        (httpx.Response(404), "404", False),
        (httpx.Response(503), "status 503", True),
        (httpx.Response(200, text="<html>sign in</html>"), "a web page", False),
        (httpx.Response(200, content=b""), "is empty", False),
        (httpx.Response(200, content=b"x" * 3000, headers={"content-type": "image/png"}), "is text", False),
        (httpx.Response(200, content=b"", headers={"content-length": "99999999999"}), "larger than 50 MB", False),
    ],
)
async def test_answers_that_are_no_drawing(response: httpx.Response, sentence: str, retry: bool) -> None:
    refused = await _refusal(_fetcher("https://store.example/d", lambda _: response))
    assert sentence in refused.reason
    assert refused.retry is retry


@pytest.mark.parametrize("error", [httpx.ConnectError("no route"), httpx.ReadTimeout("slow")])
async def test_being_offline_may_be_tried_again(error: httpx.HTTPError) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    assert (await _refusal(_fetcher("https://store.example/d", handler))).retry


async def test_no_dataset_and_not_ready() -> None:
    none = await _refusal(DrawingFetcher(_answers(None, "no_dataset"), base_url=REMOTE))
    assert none.reason == "The server has no drawing for this part."
    assert not none.retry
    assert (await _refusal(DrawingFetcher(_answers(None, "processing"), base_url=REMOTE))).retry


async def test_an_error_of_the_server_keeps_its_next_step() -> None:
    class ApiError(Exception):
        status = 500
        next_step = "Tell the server's keeper."

    class Gone(ApiError):
        status = 404

    async def fails(_: str) -> Answer:
        raise ApiError("The server failed.")

    async def knows_nothing(_: str) -> Answer:
        raise Gone("not found")

    refused = await _refusal(DrawingFetcher(fails, base_url=REMOTE, errors=(ApiError,)))
    assert "The server failed." in refused.reason
    assert refused.next_step == "Tell the server's keeper."
    assert refused.retry
    assert not (await _refusal(DrawingFetcher(knows_nothing, base_url=REMOTE, errors=(ApiError,)))).retry


@asynccontextmanager
async def _server(
    body: Callable[[asyncio.StreamWriter], Awaitable[None]], asked: list[bytes] | None = None
) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(head)
        await body(writer)

    async with LoopbackServer(answer) as server:
        yield f"http://127.0.0.1:{server.port}/d.pdf"


async def test_an_endless_body_is_cut_off() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"%" * 65536 + b"\r\n")
            await writer.drain()

    async with _server(endless) as url:
        limits = dataclasses.replace(DrawingLimits(), transfer_bytes=2 * 1024 * 1024)
        refused = await _refusal(DrawingFetcher(_answers(url), base_url=LOCAL, limits=limits))
    assert "larger than 2 MB" in refused.reason


async def test_a_dripping_body_runs_out_of_time() -> None:
    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%PDF-")
        await writer.drain()
        await asyncio.sleep(5)

    async with _server(dripping) as url:
        limits = dataclasses.replace(DrawingLimits(), transfer_seconds=1.5)  # well after the connection stands
        refused = await _refusal(DrawingFetcher(_answers(url), base_url=LOCAL, limits=limits))
    assert "within 1.5 seconds" in refused.reason
    assert refused.retry


async def test_a_body_that_breaks_off_may_be_tried_again() -> None:
    async def broken(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%PDF-")
        await writer.drain()

    async with _server(broken) as url:
        assert (await _refusal(DrawingFetcher(_answers(url), base_url=LOCAL))).retry


def _looked_up(table: dict[str, str]) -> Callable[[str], Awaitable[list[Address]]]:
    async def look_up(url: str) -> list[Address]:
        host = urlsplit(url).hostname or ""
        return [ip_address(part) for part in table.get(host, host).split()]

    return look_up


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1", "fd00::1",
     "::ffff:127.0.0.1", "64:ff9b::a00:1", "0.0.0.0", "224.0.0.1", "93.184.216.34 10.0.0.1"],
)  # fmt: skip
async def test_a_name_of_our_own_network_is_refused_before_a_packet_is_sent(address: str) -> None:
    table = {"api.example": "93.184.216.34", "store.example": address}
    fetcher = DrawingFetcher(_answers("https://store.example/d"), base_url=REMOTE, look_up=_looked_up(table))
    assert "own network" in (reason := (await _refusal(fetcher)).reason) or "leads nowhere" in reason


@pytest.mark.parametrize("host", ["10.0.0.7", "[::1]", "127.1", "0x7f000001", "2130706433", "[fe80::1%25eth0]"])
async def test_an_address_spelled_out_is_refused_too(host: str) -> None:
    assert "own network" in (await _refusal(_fetcher(f"https://{host}/d", _never))).reason


async def test_a_redirect_into_our_own_network_is_refused() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "store.example"
        return httpx.Response(302, headers={"location": "https://169.254.169.254/latest/meta-data"})

    assert "own network" in (await _refusal(_fetcher("https://store.example/d", handler))).reason


async def test_a_server_in_a_private_network_may_point_into_it_but_not_to_this_machine() -> None:
    table = {"api.example": "10.0.0.5", "store.example": "10.0.0.6", "here.example": "127.0.0.1"}
    here = DrawingFetcher(_answers("https://here.example/d"), base_url=REMOTE, look_up=_looked_up(table))
    assert "own network" in (await _refusal(here)).reason
    refuse_nearer_than([ip_address("10.0.0.6")], reach(ip_address("10.0.0.5")))


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """A name that answers differently the second time is not asked a second time."""
    asked: list[bytes] = []

    async def drawing(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Disposition: inline; filename=Halter.pdf\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(sheet_pdf()), sheet_pdf()))
        await writer.drain()

    async with _server(drawing, asked) as url:
        renamed = url.replace("127.0.0.1", "store.localhost")
        look_up = _looked_up({"store.localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1"})
        fetched = await DrawingFetcher(_answers(renamed), base_url=LOCAL, look_up=look_up).fetch("rev-1")
    assert fetched.data == sheet_pdf()
    assert fetched.title == "Halter"
    assert b"Host: store.localhost:" in asked[0]


def test_this_machine_is_known_by_name() -> None:
    for url in ("http://localhost:8000", "http://embedded.localhost/x", "http://127.9.9.9", "http://[::1]:80"):
        assert is_loopback(url)
    for url in ("http://localhost.example", "http://10.0.0.1", "http://0x7f000001", "", "http://notlocalhost"):
        assert not is_loopback(url)


async def test_two_hosts_at_one_address_share_no_cookie() -> None:
    """Connections go to the checked address, by which a cookie jar would take both hosts for one."""
    asked: list[bytes] = []
    elsewhere = ""

    async def answer(writer: asyncio.StreamWriter) -> None:
        if len(asked) == 1:
            head = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nSet-Cookie: signed=secret; Path=/\r\n"
            writer.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        else:
            drawing = sheet_pdf()
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(drawing)}\r\nConnection: close\r\n\r\n".encode())
            writer.write(drawing)
        await writer.drain()

    async with _server(answer, asked) as url:
        one, elsewhere = [url.replace("127.0.0.1", f"{name}.localhost") for name in ("one", "another")]
        fetched = await DrawingFetcher(_answers(one), base_url=LOCAL).fetch("rev-1")
    assert fetched.data == sheet_pdf()
    assert [b"host: another.localhost" in head.lower() for head in asked] == [False, True]
    assert b"cookie" not in asked[1].lower()
