"""The server as a process: silent, gracious when stopped, and discreet in its access log."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gonogo.server.run import bind
from tests.server.http.work import GONOGO, LABELING, PNG

PROGRAM = """
import socket, sys
from gonogo.server.run import run_server
from gonogo.server.settings import ServerSettings
run_server(ServerSettings(database_url=sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
"""


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    listening = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    arguments = [sys.executable, "-c", PROGRAM, f"sqlite:///{folder}/server.db", str(listening.fileno())]
    pipe = subprocess.PIPE
    running = subprocess.Popen(arguments, pass_fds=[listening.fileno()], stdout=pipe, stderr=pipe)
    listening.close()
    try:
        yield running, url
    finally:
        running.kill()
        running.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopping_is_a_good_end(tmp_path: Path, stop: signal.Signals) -> None:
    with process(tmp_path) as (running, url):
        answer = httpx.get(f"{url}{GONOGO}/capabilities", timeout=30, trust_env=False)  # waits in the backlog
        assert answer.json()["server"] == "gonogo"
        running.send_signal(stop)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (0, b"", b"")


def test_connections_are_tcp_by_name_so_that_answers_do_not_wait_for_acks() -> None:
    with bind("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_an_address_that_is_taken_is_an_oserror() -> None:
    listening = bind("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", listening.getsockname()[1])
    listening.close()


async def test_the_access_log_names_routes_and_no_secrets(
    app: FastAPI, lead: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="gonogo")
    stored = await lead.post(f"{GONOGO}/drawings", params={"part": "secret-part"}, content=PNG)
    path = f"/api/v1/parts/geometry/{stored.json()['part_revision_id']}/drawing-url"
    url = (await lead.get(path)).json()["url"]
    await lead.get(url)
    answer = await lead.get(f"{LABELING}/nothing/%0a%1b[31m?token=secret-token")
    lines = [record.getMessage() for record in caplog.records if record.name == "gonogo.access"]
    assert len(lines) == 4
    assert lines[0].startswith(f"POST {GONOGO}/drawings 201 ")
    assert f"{GONOGO}/drawings/{{token}}/{{name}} 200 " in lines[2]
    assert lines[3].startswith("GET (no route) 404 ")
    assert lines[3].endswith(answer.headers["X-Request-ID"])
    for hidden in ("secret", url.rsplit("/", 2)[1], "\x1b", "\n"):
        assert hidden not in "".join(lines)


def test_the_rate_limits_of_a_server_are_options(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gonogo", "serve", "--port", "0", "--sign-in-rate", "2", "--key-rate", "0"]
    command += ["--database", f"sqlite:///{tmp_path}/server.db"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        url = running.stderr.readline().split()[2]
        body = {"magic_link_token": "gl_" + "x" * 40, "client_nonce": "a nonce of a test"}
        codes = [httpx.post(f"{url}/api/v1/gonogo/sessions", json=body).status_code for _ in range(3)]
        assert codes == [401, 401, 429]
    finally:
        running.terminate()
        running.communicate(timeout=30)
