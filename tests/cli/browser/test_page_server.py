"""The page of `gonogo web`, over real sockets: one browser gets the workstation, nobody and nothing else does."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import websockets.exceptions
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import gonogo.cli.browser
from gonogo.cli.browser.page_server import MOST_WINDOWS
from tests.e2e.tmux import wait_until
from tests.support.web_command import WebCommand, web_command

PAGE = Path(gonogo.cli.browser.__file__).parent / "page"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = str(tmp_path_factory.mktemp("home"))
    return {"GONOGO_HOME": home, "HOME": home, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def web(env: dict[str, str]) -> Iterator[WebCommand]:
    with web_command(env) as command:
        yield command


def ask(web: WebCommand, method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body.encode() if body is not None else None, named)
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]  # read before the connection ends
    connection.close()
    return response


def open_link(web: WebCommand) -> str:
    """The cookie of a browser that opened the link."""
    response = ask(web, "POST", "/session", web.token, Origin=web.url)
    assert response.status == 204
    return (response.getheader("Set-Cookie") or "").partition(";")[0]


def open_window(web: WebCommand, cookie: str, origin: str | None = None) -> ClientConnection:
    url = web.url.replace("http:", "ws:") + "/window?width=100&height=30"
    return connect(url, origin=Origin(origin or web.url), additional_headers={"Cookie": cookie}, max_size=None)


def test_the_link_makes_a_cookie_once_that_no_script_and_no_other_site_gets(web: WebCommand) -> None:
    before = ask(web, "GET", "/")
    first = ask(web, "POST", "/session", web.token, Origin=web.url)
    again = ask(web, "POST", "/session", web.token, Origin=web.url)
    assert (before.status, first.status, again.status) == (200, 204, 401)
    flags = (first.getheader("Set-Cookie") or "").split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert again.getheader("Set-Cookie") is None
    cookie = (first.getheader("Set-Cookie") or "").partition(";")[0]
    after = ask(web, "GET", "/", Cookie=cookie)
    assert b'id="terminal"' not in before.body  # type: ignore[attr-defined]
    assert b'id="terminal"' in after.body  # type: ignore[attr-defined]


def test_other_sites_and_other_names_are_refused(web: WebCommand) -> None:
    evil = "https://evil.example"
    assert ask(web, "POST", "/session", web.token, Origin=evil).status == 403
    assert ask(web, "POST", "/session", web.token).status == 403
    assert ask(web, "GET", "/", Host="evil.example").status == 421
    cookie = open_link(web)
    for wrong_cookie, origin in ((cookie, evil), ("", web.url), (cookie + "x", web.url)):
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            open_window(web, wrong_cookie, origin).__enter__()
        assert refused.value.response.status_code in (401, 403)
    assert web.apps() == []


def test_a_link_that_is_none_is_refused_in_words(web: WebCommand) -> None:
    for body in ("", "é", "x" * 4000):
        response = ask(web, "POST", "/session", body, Origin=web.url, Content_Type="text/plain; charset=nonsense")
        assert response.status in (401, 413)
        assert response.getheader("Set-Cookie") is None
    assert open_link(web)


def test_the_page_asks_nobody_else(web: WebCommand) -> None:
    response = ask(web, "GET", "/")
    policy = dict(
        part.strip().split(" ", 1) for part in (response.getheader("Content-Security-Policy") or "").split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    port = urlsplit(web.url).port
    assert set(re.findall(r"[a-z]+://(\S+)", " ".join(policy.values()))) == {
        f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")
    }
    assert response.getheader("Referrer-Policy") == "no-referrer"
    for file in PAGE.iterdir():
        assert not re.search(r"(https?:)?//[a-z]", re.sub(r"(?m)^//.*$", "", file.read_text("utf-8"))), file.name


def test_behind_a_proxy_link_cookie_and_origin_are_those_of_the_public_url(env: dict[str, str]) -> None:
    public = "https://check.example.com"
    with web_command(env, "--public-url", f"{public}/") as web:
        assert web.url == public
        (listening,) = psutil.Process(web.process.pid).net_connections("tcp4")
        near = WebCommand(web.process, f"http://127.0.0.1:{listening.laddr.port}", web.token)
        asked = {"Host": "check.example.com", "Origin": public}
        page = ask(near, "GET", "/", **asked)
        assert page.status == 200
        assert "wss://check.example.com" in (page.getheader("Content-Security-Policy") or "")
        opened = ask(near, "POST", "/session", web.token, **asked)
        assert opened.status == 204
        assert "Secure" in (opened.getheader("Set-Cookie") or "").split("; ")


@pytest.mark.slow
def test_windows_have_a_limit_and_end_with_the_command(web: WebCommand) -> None:
    cookie = open_link(web)
    with contextlib.ExitStack() as stack:
        windows = [stack.enter_context(open_window(web, cookie)) for _ in range(MOST_WINDOWS)]
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            stack.enter_context(open_window(web, cookie))
        assert refused.value.response.status_code == 503
        page = ask(web, "GET", "/", Cookie=cookie)
        assert page.status == 503
        assert b"Close one" in page.body  # type: ignore[attr-defined]
        windows[0].close()
        wait_until(lambda: len(web.apps()) == MOST_WINDOWS - 1, lambda: f"{web.apps()}")
        apps = web.apps()
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(20) == 0
        gone, alive = psutil.wait_procs(apps, timeout=10)
        assert (len(gone), alive) == (MOST_WINDOWS - 1, [])


@pytest.mark.slow
def test_an_app_does_not_outlive_a_killed_command(web: WebCommand) -> None:
    with open_window(web, open_link(web)) as window:
        window.recv(timeout=30)  # its first frame
        apps = web.apps()
        assert len(apps) == 1
        web.process.kill()
    assert psutil.wait_procs(apps, timeout=20)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("junk", ["[", "7", '["resize", {"width": "x"}]', "[]", "[" * 100_000])
def test_a_malformed_message_closes_its_window_alone(web: WebCommand, junk: str) -> None:
    cookie = open_link(web)
    with open_window(web, cookie) as window:
        window.send(junk)
        wait_until(lambda: web.apps() == [], lambda: f"{web.apps()}")
    assert ask(web, "GET", "/", Cookie=cookie).status == 200
