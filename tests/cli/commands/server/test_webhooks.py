"""`gonogo webhooks` on the embedded workspace, and on a server that has none."""

from __future__ import annotations

import json
import socket

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Gonogo
from tests.support.strict_arcnm import strict_arcnm

URL = "https://hooks.example.com/gonogo"


@pytest.fixture
def closed_url() -> str:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def test_an_endpoint_from_its_secret_to_its_end(gonogo: Gonogo, imported: object) -> None:
    added = gonogo("webhooks", "add", URL, "--campaign", "pmi", "--event", "campaign.done")
    secret = added.stdout.strip()
    assert secret.startswith("whsec_")
    assert "isn't shown again" in added.stderr
    (listed,) = gonogo.json("webhooks", "list")
    assert (listed["url"], listed["events"], listed["campaign"], listed["state"]) == (
        URL,
        ["campaign.done"],
        "pmi",
        "active",
    )
    assert secret not in json.dumps(listed)
    assert secret not in gonogo("webhooks", "show", URL).stdout
    rotated = gonogo("webhooks", "rotate", URL)
    assert rotated.stdout.strip() not in ("", secret)
    assert "The old secret signs until" in rotated.stderr
    assert "is disabled" in gonogo("webhooks", "disable", URL).stderr
    refused = gonogo("webhooks", "test", URL, code=4)
    assert "enable it first" in refused.stderr
    assert "is enabled" in gonogo("webhooks", "enable", listed["id"]).stderr
    assert "0 messages" in gonogo("webhooks", "remove", URL, "--dry-run").stderr
    gonogo("webhooks", "remove", URL, "--yes")
    assert gonogo.json("webhooks", "list") == []
    assert "no webhook yet" in gonogo("webhooks", "list").stderr
    assert "There is no webhook" in gonogo("webhooks", "show", URL, code=4).stderr


def test_what_failed_is_listed_and_sent_again(gonogo: Gonogo, closed_url: str) -> None:
    gonogo("webhooks", "add", closed_url)
    failed = gonogo("webhooks", "test", closed_url, code=1)
    assert "cannot connect" in failed.stderr
    assert "It is tried again at" in failed.stderr
    (delivery,) = gonogo.json("webhooks", "deliveries", closed_url, "--state", "pending")
    assert (delivery["event"], delivery["last_error"]) == ("ping", "cannot connect")
    assert "cannot connect" in gonogo("webhooks", "deliveries", closed_url).stdout
    assert gonogo.json("webhooks", "replay", closed_url, delivery["id"])["attempts"] == 0
    assert gonogo.json("webhooks", "replay", closed_url, "--failed-since", "2026-01-01") == {"replayed": 0}
    bad = gonogo("webhooks", "replay", closed_url, "--all-since", "yesterday", code=4)
    assert "2026-11-30T12:00:00Z" in bad.stderr


@pytest.mark.parametrize("given", [(), ("an-id", "--all-since", "2026-01-01")])
def test_a_replay_names_one_thing(gonogo: Gonogo, given: tuple[str, ...]) -> None:
    assert "--failed-since" in gonogo("webhooks", "replay", URL, *given, code=2).stderr


@pytest.mark.parametrize("url", ["ftp://x.example.com", "https://me:secret@x.example.com/", "nothing"])
def test_a_url_that_is_none_is_refused_with_the_reason(gonogo: Gonogo, url: str) -> None:
    code, words = (4, "no user name") if url.startswith("https") else (2, "is no web address")
    assert words in gonogo("webhooks", "add", url, code=code).stderr
    assert gonogo.json("webhooks", "list") == []


def test_a_plain_server_has_none_and_the_commands_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with strict_arcnm() as foreign:
        for name, value in foreign.env.items():
            monkeypatch.setenv(name, value)
        gonogo = Gonogo(CliRunner())
        for command in (["list"], ["add", URL], ["test", URL], ["deliveries", URL]):
            refused = gonogo("webhooks", *command, code=4)
            assert "plain ARCNM server: it sends no webhooks" in refused.stderr
            assert "gonogo export" in refused.stderr
        assert foreign.server.complaints == []
