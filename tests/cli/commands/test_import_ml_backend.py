"""`gonogo import --ml-backend` by a person at the command line."""

from __future__ import annotations

import socket
from pathlib import Path

from fastapi import Response

from tests.cli.conftest import Gonogo
from tests.server.live import uvicorn_serving
from tests.support.label_studio_backend import Backend, reading


def test_what_a_backend_reads_becomes_a_campaign(gonogo: Gonogo, readings: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.xml"
    config.write_text('<View><Image name="image" value="$ocr"/></View>')
    backend = Backend(lambda task: {"result": reading("M8", "r") if "ocr" in task["data"] else []})
    with uvicorn_serving(backend.app) as port:
        asked = ("import", "--ml-backend", f"http://127.0.0.1:{port}", "--drawings", str(readings.parent))
        dry = gonogo(*asked, "--campaign", "ocr", "--label-config", str(config), "--dry-run").stderr
        assert "1 prediction on 1 drawing would be imported" in dry
        words = gonogo(*asked, "--campaign", "ocr", "--label-config", str(config)).stderr
        assert "Campaign 'ocr' (new): 1 new task." in words
        assert "The backend looked at 1 sheet (model ocr-1), 1 of them in the run before." in words
        assert len(backend.tasks) == 1, "the dry run asked, and its answer was kept"
        nothing = gonogo(*asked, "--campaign", "none", code=1).stderr
        assert "read nothing on 1 sheet" in nothing
        backend.answer = lambda body: Response("KeyError", 500)
        broken = gonogo(*asked, "--campaign", "none", code=1).stderr
        assert f"127.0.0.1:{port}:1: a.png: no prediction" in broken
    assert gonogo.json("campaigns", "show", "ocr")["task_count"] == 1


def test_a_backend_that_is_down_and_options_that_do_not_go_together(gonogo: Gonogo, readings: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        down = gonogo("import", "--ml-backend", url, "--drawings", str(readings.parent), "--campaign", "c", code=5)
    assert "isn't up" in down.stderr
    assert "GET /health must answer" in down.stderr
    alone = gonogo("import", "--ml-backend", url, "--campaign", "c", code=2).stderr
    assert "--ml-backend needs --drawings" in alone
    for option in (("--label-config", str(readings)), ("--pictures", "inline")):
        without = gonogo("import", str(readings), *option, "--campaign", "c", code=2).stderr
        assert f"{option[0]} goes with --ml-backend" in without
    other = ("--drawings", str(readings.parent), "--format", "csv", "--campaign", "c")
    assert "--format is for a FILE" in gonogo("import", "--ml-backend", url, *other, code=2).stderr
    no_url = ("--ml-backend", "127.0.0.1:9090", "--drawings", str(readings.parent), "--campaign", "c")
    assert "--ml-backend must begin with http://" in gonogo("import", *no_url, code=2).stderr
    both = gonogo("import", str(readings), "--ml-backend", url, "--campaign", "c", code=2).stderr
    assert "give a FILE, --watch DIR, --ml-backend URL" in both
    assert gonogo.json("campaigns", "list") == []
