"""The page on webhooks: its receiver runs as it stands there, and takes what a server sends."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gonogo.schemas.webhooks import PING, SettledTask, WebhookEvent, WebhookMessage
from gonogo.server.webhooks.changes import MAX_PENDING
from gonogo.server.webhooks.endpoints import MAX_ENDPOINTS
from tests.cli.conftest import Gonogo, gonogo

__all__ = ["gonogo"]

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
(RECEIVER,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(EXAMPLE,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.mark.slow
def test_the_receiver_takes_what_is_signed_and_nothing_else(gonogo: Gonogo, tmp_path: Path, port: int) -> None:
    (tmp_path / "receiver.py").write_text(RECEIVER, "utf-8")
    url = f"http://127.0.0.1:{port}/"
    secret = gonogo("webhooks", "add", url).stdout.strip()
    failed = gonogo("webhooks", "test", url, code=1)
    assert "cannot connect" in failed.stderr
    receiver = subprocess.Popen(
        [sys.executable, "-u", str(tmp_path / "receiver.py"), str(port)],
        env={"WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.stdout is not None
        _wait_for(port)
        assert "took the message (answered 204)" in gonogo("webhooks", "test", url).stderr
        assert receiver.stdout.readline().split() == [PING, "None"]
        other = gonogo.json("webhooks", "add", url + "other")
        refused = gonogo("webhooks", "test", other["id"], code=1)
        assert "answered 401" in refused.stderr
    finally:
        receiver.kill()
        receiver.communicate()


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return


def test_the_page_names_events_fields_and_limits_as_they_are() -> None:
    assert re.findall(r"^\| `(task\.\w+|campaign\.\w+)`", PAGE, re.MULTILINE) == list(WebhookEvent)
    message = json.loads(EXAMPLE)
    assert list(message) == list(WebhookMessage.model_fields)
    assert list(message["data"]) == list(SettledTask.model_fields)
    assert f"at most {MAX_ENDPOINTS} endpoints" in PAGE
    assert f"about {MAX_PENDING:,} messages" in PAGE
