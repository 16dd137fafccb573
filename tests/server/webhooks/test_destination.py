"""Where messages may go: not into the server's own network, unless the operator allows it."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import httpx
import pytest

from gonogo.server.webhooks.destination import (
    DestinationError,
    check_addresses,
    parse_destination,
    resolve_destination,
)
from tests.server.house import House
from tests.server.web import OURS
from tests.server.webhooks.conftest import Hooks, hooks_of
from tests.support.webhook_receiver import Receiver

INWARD = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.5.5", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
NEVER = ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1"]


def checked(host: str, *, private: bool, scheme: str = "https") -> None:
    address = ipaddress.ip_address(host)
    check_addresses(httpx.URL(f"{scheme}://example.com/"), [address], private=private)


@pytest.mark.parametrize("host", INWARD)
def test_the_own_network_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(DestinationError, match="--webhook-private"):
        checked(host, private=False)
    checked(host, private=True)
    checked(host, private=True, scheme="http")


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("private", [False, True])
def test_addresses_that_keep_credentials_are_always_refused(host: str, private: bool) -> None:
    with pytest.raises(DestinationError):
        checked(host, private=private)


@pytest.mark.parametrize("host", PUBLIC)
def test_the_internet_is_reached_by_https_alone(host: str) -> None:
    checked(host, private=False)
    with pytest.raises(DestinationError, match="https"):
        checked(host, private=True, scheme="http")


def test_one_bad_address_among_good_ones_is_enough() -> None:
    addresses = [ipaddress.ip_address(PUBLIC[0]), ipaddress.ip_address("10.0.0.1")]
    with pytest.raises(DestinationError):
        check_addresses(httpx.URL("https://example.com/"), addresses, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://",
        "https:///x",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://\x00/",
    ],
)
def test_urls_that_nothing_is_sent_to(url: str) -> None:
    with pytest.raises(DestinationError):
        parse_destination(url, private=False)


async def test_an_unknown_name_is_an_error_of_the_endpoint() -> None:
    with pytest.raises(DestinationError, match="not known"):
        await resolve_destination("https://no-such-host.invalid/", private=False)


async def test_the_host_that_is_looked_up_is_the_one_that_the_message_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own IDNA makes `strasse.de` of this name, which belongs to somebody else."""
    looked_up: list[str] = []

    async def look_up(host: str, port: int, **_options: Any) -> list[Any]:
        looked_up.append(host)
        return [(None, None, 0, "", ("93.184.216.34", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    checked_url = await resolve_destination("https://straße.de/", private=False)
    assert [checked_url.host, checked_url.host_header, *looked_up] == ["xn--strae-oqa.de"] * 3


async def test_a_name_that_leads_inside_is_refused_when_it_is_sent(sqlite_house: House, receiver: Receiver) -> None:
    """At the creation nobody looks it up; and a look-up then would say nothing about one later."""
    async with hooks_of(sqlite_house, private=False) as hooks:
        hook = await hooks.add(f"https://localhost:{receiver.port}/")
        await hooks.post(hook, "test")
        await hooks.run()
        (delivery,) = await hooks.deliveries(hook)
        assert "own network" in delivery["last_error"]
        assert receiver.messages == []


async def test_a_refused_url_says_what_to_do(sqlite_house: House) -> None:
    async with hooks_of(sqlite_house, private=False) as hooks:
        answer = await hooks.web.lead.post(f"{OURS}/webhooks", json={"url": "http://127.0.0.1:1/"})
        (error,) = answer.json()["error"]["details"]["errors"]
        assert (answer.status_code, error["loc"]) == (422, ["body", "url"])
        assert "--webhook-private" in error["msg"]


async def test_a_name_is_sent_as_host_to_its_address(hooks: Hooks, receiver: Receiver) -> None:
    hook = await hooks.add(f"http://localhost:{receiver.port}/a%20b?c=d")
    await hooks.post(hook, "test")
    await hooks.run()
    (message,) = receiver.messages
    assert (message.headers["host"], message.target) == (f"localhost:{receiver.port}", "/a%20b?c=d")
