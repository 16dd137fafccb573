"""The lead's page: its commands run in their order on a fresh workspace and print what it shows."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from PIL import Image

PAGE = (Path(__file__).parents[2] / "docs" / "leading.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
STEPS = [
    (head, rest.splitlines())
    for block in BLOCKS
    for head, _, rest in (part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part)
]
"""Command lines with the lines that the page shows below them."""
TEXTS = ("⌀16,5 +0,1 0", "R5", "Ra 6,3", "M8×1,25", "45°", "120 ±0,2", "⌀40 h6", "2×⌀8,8", "□20", "Rz 25")
ANNOTATORS = ("ana@example.com", "bob@example.com", "cem@example.com")
pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the files that the page names, and a program `gonogo`."""
    (tmp_path / "scans").mkdir()
    Image.new("L", (1600, 1200), 255).save(tmp_path / "scans" / "flange.png")
    rows = [
        {
            **{"part": "flange", "drawing": "flange.png", "page": 1, "bbox_unit": "px"},
            **{"bbox": [100 + 90 * place, 100, 180 + 90 * place, 150], "predicted_confidence": 0.6 + 0.03 * place},
            **{"predicted_value": {"text": text}, "truth": {"text": text}},
        }
        for place, text in enumerate(TEXTS)
    ]
    (tmp_path / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "titles.md").write_text("Read the sign, too.\n")
    people = ["email,name,role", "ana@example.com,Ana,", "bob@example.com,Bob,", "cem@example.com,Cem,"]
    (tmp_path / "people.csv").write_text("\n".join([*people, "chief@example.com,Chief,reviewer", ""]))
    (tmp_path / "gonogo").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gonogo "$@"\n')
    (tmp_path / "gonogo").chmod(0o700)
    return tmp_path


def run(desk: Path, line: str) -> str:
    done = subprocess.run(
        ["sh", "-c", line.replace("gonogo", f"{desk}/gonogo", 1)], capture_output=True, text=True, cwd=desk, timeout=60
    )
    refused = "gonogo: " in done.stderr
    assert refused or done.returncode == 0, done.stderr
    return done.stdout + done.stderr


class Server:
    """`gonogo serve` on the workspace, for the annotators."""

    def __init__(self, public_url: str = "") -> None:
        options = ["--public-url", public_url] if public_url else []
        command = [sys.executable, "-m", "gonogo", "serve", "--port", "0", *options]
        self._running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._running.stderr is not None
        self.url = self._running.stderr.readline().split()[2]

    def stop(self) -> None:
        self._running.send_signal(signal.SIGTERM)
        self._running.communicate(timeout=30)


def vote(tokens: list[str]) -> None:
    """Each person answers all questions; one value is wrong for all, the angle for one of them."""
    server = Server()
    try:
        for person, token in enumerate(tokens):
            with httpx.Client(base_url=server.url) as client:
                redeemed = client.post(
                    "/api/v1/gonogo/sessions", json={"magic_link_token": token, "client_nonce": f"desk-{person:04}"}
                ).json()
                client.headers["Authorization"] = f"Bearer {redeemed['session_token']}"
                campaign = redeemed["campaign_id"]
                while task := client.post(f"/api/v1/parts/labeling/campaigns/{campaign}/next-task").json():
                    text = task["predicted_value"]["text"]
                    verdict = "incorrect" if text == "R5" or (text == "45°" and person == 0) else "correct"
                    body = {"verdict": verdict, "duration_ms": 3000}
                    client.post(f"/api/v1/parts/labeling/tasks/{task['id']}/submit", json=body).raise_for_status()
    finally:
        server.stop()


def normal(line: str) -> str:
    """A line without ids, secrets and numbers, and without what differs from a terminal to a pipe: gaps, case."""
    line = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", line)
    line = re.sub(r"(gl|gp)_\S+|(?<=ak_live_)\S+|(?<=key-)[0-9a-f]+", "…", line)
    line = re.sub(r"-?\d[\d.]*", "#", re.sub(r"\d:\d\d:\d\d", "#", line))
    return " ".join(line.replace("_", " ").split()).casefold()


def test_the_commands_print_what_the_page_shows(desk: Path) -> None:
    Server("https://label.example.com").stop()
    tokens: list[str] = []
    for line, shown in STEPS:
        if "watch" in line:
            vote(tokens)
        printed = run(desk, line)
        if line.startswith("gonogo assign"):
            links = re.findall(r"(?:(\S+)\t)?https://label\.example\.com/#token=(gl_\S+)", printed)
            tokens += [token for email, token in links if email in ("", *ANNOTATORS)]
        wanted = {normal(row) for row in shown if row != "…"}
        assert wanted <= {normal(row) for row in printed.splitlines()}, f"$ {line}\n{printed}"
    assert len(tokens) == len(ANNOTATORS)
    assert len((desk / "truth.jsonl").read_text().splitlines()) == 9
