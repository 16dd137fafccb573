"""HTTP transport: the credential goes to one host only, whatever redirects and paths say."""

from __future__ import annotations

import logging

import httpx
import pytest

from gonogo.client.credential import ApiKey, Credential, SessionToken
from gonogo.client.errors import InvalidInputError, UnexpectedAnswerError
from gonogo.client.transport.http_transport import CredentialGuard, base_url, is_loopback
from gonogo.schemas.labeling import LabelSubmit
from tests.client.conftest import ClientFor
from tests.client.scripted_server import Reply, ScriptedServer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("credential", [ApiKey("ak_test_0a1b2c3d_secret"), SessionToken("session-secret")], ids=repr)
async def test_a_redirect_carries_nothing_to_another_host(
    status: int, credential: Credential, client_for: ClientFor
) -> None:
    async with ScriptedServer([Reply(200, {"id": "x"})]) as collector:
        away = Reply(status, b"", {"Location": f"{collector.url}/api?stolen=1"})
        async with ScriptedServer([away]) as server, client_for(server.url, credential=credential) as client:
            for call in (client.get_campaign("c1"), client.submit("t1", LabelSubmit(verdict="correct"))):
                with pytest.raises(UnexpectedAnswerError, match="did not follow"):
                    await call
            assert [set(credential.headers().items()) <= set(_titled(got.headers)) for got in server.requests]
        assert collector.connections == 0


def _titled(headers: dict[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}


@pytest.mark.parametrize(
    "elsewhere",
    ["http://127.0.0.1:2/a", "https://127.0.0.1:1/a", "http://localhost:1/a", "http://127.0.0.1.evil.example:1/a"],
)
async def test_the_guard_refuses_any_other_origin(elsewhere: str) -> None:
    """Even a caller that asks httpx to follow redirects cannot make it."""
    reached: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        reached.append(request)
        return httpx.Response(200)

    guard = CredentialGuard(httpx.MockTransport(handler), base_url("http://127.0.0.1:1"), ApiKey("ak_test_x_y"))
    async with httpx.AsyncClient(transport=guard, follow_redirects=True) as http:
        with pytest.raises(InvalidInputError):
            await http.get(elsewhere)
        assert reached == []
        answer = await http.get("http://127.0.0.1:1/a")
    assert len(reached) == 1
    assert "x-api-key" not in answer.request.headers  # taken out again: tracebacks keep requests alive


async def test_the_environment_is_not_asked(client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer([Reply(200, {})]) as proxy, ScriptedServer([Reply(200, {"id": "c1"})]) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with client_for(server.url) as client:
            await client.get_campaign("c1")
        assert (proxy.connections, len(server.requests)) == (0, 1)


async def test_urls_are_not_logged(client_for: ClientFor, caplog: pytest.LogCaptureFixture) -> None:
    async with ScriptedServer([Reply(200, {"count": 0, "data": []})]) as server, client_for(server.url) as client:
        with caplog.at_level(logging.DEBUG):
            await client.list_campaigns(cursor="signed-cursor")
    assert "signed-cursor" not in caplog.text
    assert "ak_test" not in caplog.text


@pytest.mark.parametrize(
    "text",
    ["https://api.arcnm.io", "https://x.example:8443/prefix", "http://localhost:8000", "http://127.8.9.1:1",
     "http://[::1]:8000", "http://embedded.localhost", " https://x.example/ "],
)  # fmt: skip
def test_addresses_that_are_one(text: str) -> None:
    assert str(base_url(text)) == text.strip().rstrip("/")


@pytest.mark.parametrize(
    "text",
    ["", "api.arcnm.io", "ftp://x", "http://x.example", "http://10.0.0.1", "http://localhost.evil.example",
     "https://user:pw@x.example", "https://x.example?key=1", "https://x.example/#a", "https://", "http://[::1",
     "https://x\x00.example", "http://127.0.0.1.nip.example", "javascript:alert(1)"],
)  # fmt: skip
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        base_url(text)
    assert caught.value.next_step
    assert "pw" not in str(caught.value)


def test_loopback() -> None:
    assert is_loopback("LOCALHOST.")
    assert is_loopback("a.b.localhost")
    assert not is_loopback("notlocalhost")
    assert not is_loopback("0.0.0.0")


@pytest.mark.parametrize("make", [ApiKey, SessionToken])
@pytest.mark.parametrize("bad", ["", "  ", "a b", "a\nX-Evil: 1", "ключ", "x" * 5000, "\x7f"])
def test_what_cannot_travel_in_a_header_is_no_credential(make: type[Credential], bad: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(bad)
    assert not bad.strip() or bad not in str(caught.value)


def test_credentials_are_masked_and_compare() -> None:
    key, token = ApiKey(" ak_live_0a1b2c3d_hidden\n"), SessionToken("hidden")
    assert repr(key) == str(key) == "ApiKey('ak_live_0a1b2c3d_…')"
    assert f"{token} {token!r}" == "SessionToken('…') SessionToken('…')"
    assert repr(ApiKey("hidden")) == "ApiKey('…')"
    assert key.headers() == {"X-API-Key": "ak_live_0a1b2c3d_hidden"}
    assert token.headers() == {"Authorization": "Bearer hidden"}
    assert key == ApiKey("ak_live_0a1b2c3d_hidden")
    assert ApiKey("x") != SessionToken("x")
