"""The scripts of the page for integrators run against a real server; its responses are what it shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text("utf-8")
SCRIPTS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NO_CAMPAIGN = "/api/v1/parts/labeling/campaigns/00000000-0000-0000-0000-000000000000"
JSON_BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_scripts_work_in_their_order(tmp_path: Path) -> None:
    gonogo = f'"{sys.executable}" -m gonogo'
    subprocess.run([sys.executable, "-m", "gonogo", "demo", "--prepare"], check=True, capture_output=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "gonogo", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        address = server.stderr.readline().split()[2]
        key = subprocess.run(f"{gonogo} keys create --name k", shell=True, check=True, capture_output=True, text=True)
        environment = {**os.environ, "GONOGO_API_KEY": key.stdout.split()[0]}
        for script in SCRIPTS[1:]:
            done = subprocess.run(
                ["bash", "-euc", script.replace("http://127.0.0.1:8000", address)],
                capture_output=True,
                text=True,
                env=environment,
                cwd=tmp_path,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            assert answers
            assert not any("error" in answer for answer in answers), answers
            if "campaigns\n" in script:
                assert set(JSON_BLOCKS[0]) == set(answers[0])
                assert set(JSON_BLOCKS[0]["data"][0]) <= set(answers[0]["data"][0])
        missing = subprocess.run(
            ["curl", "-s", "-H", f"X-API-Key: {environment['GONOGO_API_KEY']}", f"{address}{NO_CAMPAIGN}"],
            capture_output=True,
            text=True,
        )
        error = json.loads(missing.stdout)
        assert error["error"] == JSON_BLOCKS[1]["error"]
        assert set(error) == set(JSON_BLOCKS[1])
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
