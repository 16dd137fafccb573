"""`gonogo doctor` and the place of the drawings: of the database on this machine, and of a server elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.server.http.conftest import uvicorn_over
from tests.sqlite import fresh_database


def doctor(home: Path, *arguments: str, **environment: str) -> dict[str, dict[str, Any]]:
    """The checks of a report, by name."""
    command = [sys.executable, "-m", "gonogo", "doctor", "--no-card", "--json", *arguments]
    names = {"GONOGO_HOME": str(home), "NO_PROXY": "127.0.0.1", **environment}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **names})
    assert "Traceback" not in done.stderr
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.mark.slow
def test_a_place_that_cannot_be_used_is_said_here_and_at_a_server(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "drawings"
    url = fresh_database(tmp_path / "server.db")
    assert "drawing place" not in doctor(home)
    assert "drawing place" not in doctor(home, GONOGO_DATABASE_URL=url)
    store = Store(url)
    DrawingPlaces(store).choose(folder.as_uri(), datetime.now(UTC))
    store.close()
    fine = doctor(home, GONOGO_DATABASE_URL=url)["drawing place"]
    assert (fine["state"], fine["found"]) == ("ok", f"0 drawings in {folder.as_uri()}")
    with uvicorn_over(ServerSettings(database_url=url)) as base:
        assert doctor(home, "--base-url", base)["server"]["state"] == "ok"
        folder.rename(tmp_path / "unmounted")
        remote = doctor(home, "--base-url", base)["server"]
        assert remote["state"] == "bad"
        assert "The place of the drawings can't be used" in remote["found"]
        assert str(folder) not in remote["found"]
    local = doctor(home, GONOGO_DATABASE_URL=url)["drawing place"]
    assert local["state"] == "bad"
    assert str(folder) in local["found"]
    assert "Is its disk mounted" in local["next_step"]
