"""The address that sign-ins are limited by: nobody chooses it by a header, over a real uvicorn."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from starlette.requests import Request

from gonogo.server.http.client_address import client_address
from gonogo.server.settings import ServerSettings
from tests.server.http.conftest import on_both_databases, uvicorn_over
from tests.server.http.work import GONOGO

WRONG = {"magic_link_token": "gl_guess", "client_nonce": "nonce-of-ours"}


def guess(url: str, forwarded: str | None) -> int:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return httpx.post(f"{url}{GONOGO}/sessions", json=WRONG, headers=headers, trust_env=False).status_code


@on_both_databases
def test_a_made_up_forwarded_address_neither_lifts_nor_moves_the_limit(
    settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn's own variable has no say
    with uvicorn_over(settings) as url:
        assert [guess(url, f"198.51.100.{n}") for n in range(12)] == [401] * 10 + [429] * 2
        assert guess(url, None) == 429


@on_both_databases
def test_behind_a_trusted_proxy_each_client_has_its_own_limit(settings: ServerSettings) -> None:
    behind = replace(settings, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))
    with uvicorn_over(behind) as url:
        victim, attacker = "203.0.113.7", "198.51.100.9"
        # What the attacker writes himself stands to the left of what the proxies add.
        assert [guess(url, f"{victim}, {attacker}, 10.1.2.3") for _ in range(11)] == [401] * 10 + [429]
        assert guess(url, victim) == 401
        assert guess(url, f"{attacker}") == 429


@pytest.mark.parametrize("proxy", ["*", "proxy.example.com", "10.0.0.0/99", ""])
def test_a_trusted_proxy_is_an_address(settings: ServerSettings, proxy: str) -> None:
    with pytest.raises(ValueError, match=r"network|addr"):
        replace(settings, trusted_proxies=(proxy,))


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
    ],
)
def test_what_an_address_is_counted_as(host: str, counted: str) -> None:
    assert client_address(Request({"type": "http", "client": (host, 1), "headers": []})) == counted
