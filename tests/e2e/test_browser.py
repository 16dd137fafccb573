"""The workstation in a real browser: three questions of the demo are answered by keys."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.tmux import wait_until
from tests.support.chromium import PROGRAM, BrowserPage, chromium
from tests.support.web_command import web_command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed; .ci/run installs it"),
]
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=$]*[A-Za-z]|\][^\x07]*\x07)")
HUMAN = 0.35
"""Seconds between two keys of a person."""


def progress(page: BrowserPage) -> int:
    """Answers that the status bar counts; -1 before there is one."""
    page.text()  # reads what came
    counts = re.findall(r"(\d+) / \d+", ESCAPES.sub("", page.frames.decode("utf-8", "replace")))
    return int(counts[-1]) if counts else -1


def votes(lead: Cli, campaign: str) -> list[dict[str, object]]:
    """The votes of the campaign, oldest first."""
    lines = [json.loads(line) for line in lead("export", campaign).splitlines()]
    return sorted((vote for line in lines for vote in line["submissions"]), key=lambda vote: str(vote["created_at"]))


def test_three_questions_are_answered_in_a_browser(lead: Cli, tmp_path: Path) -> None:
    campaign = lead("demo", "--prepare", "--no-tour").strip()
    before = votes(lead, campaign)
    with web_command(lead.env) as web, chromium(tmp_path) as page:
        page.open(f"{web.url}/#{web.token}")
        wait_until(lambda: progress(page) == 0, lambda: f"no question: {page.text()} {page.messages}", 60)
        for number, key in enumerate("asf", 1):

            def attempt(key: str = key, number: int = number) -> bool:
                threading.Event().wait(HUMAN)
                page.press(key)
                threading.Event().wait(HUMAN)
                return progress(page) >= number

            wait_until(attempt, lambda: f"{progress(page)} counted: {page.messages}", 30)
        page.picture(tmp_path / "three.png")
        assert (tmp_path / "three.png").stat().st_size > 10_000
        assert page.value("window.location.hash") == ""
        assert page.value("document.cookie") == ""
        assert {re.sub(r"^ws", "http", url).split("/")[2] for url in page.requests if "://" in url} == {
            web.url.removeprefix("http://")
        }
        page.press("q", control=True)
        wait_until(lambda: "workstation has ended" in page.text(), page.text, 30)
        wait_until(lambda: web.apps() == [], lambda: f"{web.apps()}")
    ours = votes(lead, campaign)[len(before) :]
    assert [vote["verdict"] for vote in ours] == ["correct", "incorrect", "unsure"]
    for vote in ours:  # the page tells when it has the keys, so that the time is known
        assert isinstance(vote["duration_ms"], int)
        assert 100 <= vote["duration_ms"] <= 60_000
