"""`gonogo import --update`: newer predictions for tasks that are there, by a person at the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Gonogo
from tests.client.arcnm_server import KEY
from tests.client.scripted_server import Got, Reply, ScriptedServer, envelope

UPDATE = ("--campaign", "pmi", "--update")


def rewritten(readings: Path, **changes: Any) -> Path:
    """The same file with new values, as a pipeline writes it again: the same ids, and one more line."""
    lines = [json.loads(line) for line in readings.read_text().splitlines()]
    for line in lines:
        line.pop("truth", None)
        line["predicted_value"] = {"text": changes.get(f"r{line['id']}", line["predicted_value"]["text"])}
    lines.append({**lines[0], "id": "5", "bbox": [200, 20, 310, 60], "predicted_value": {"text": "20"}})
    readings.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return readings


def values(gonogo: Gonogo) -> dict[str, str]:
    lines = gonogo("export", "pmi").stdout.splitlines()
    return {line["prediction_id"]: line["predicted_value"]["text"] for line in map(json.loads, lines)}


def test_a_rewritten_file_updates_what_nobody_has_answered(gonogo: Gonogo, imported: Path) -> None:
    newer = rewritten(imported, r1="⌀18", r2="M10")
    words = gonogo("import", str(newer), *UPDATE).stderr
    assert "Campaign 'pmi' (already there): 2 updated, 2 unchanged, 1 new task." in words
    assert values(gonogo) == {"1": "⌀18", "2": "M10", "3": "R0,2", "4": "45°", "5": "20"}
    again = gonogo.json("import", str(newer), *UPDATE)
    assert again["updates"] == {
        "n_updated": 0, "n_unchanged": 5, "n_answered": 0, "n_held": 0, "n_seen": 0, "n_unclear": 0,
    }  # fmt: skip
    assert again["n_tasks"] == 0
    first = json.loads(gonogo("export", "pmi").stdout.splitlines()[0])
    assert [change["before"]["predicted_value"] for change in first["updates"]] == [{"text": "⌀16,5"}]


def test_an_update_needs_a_campaign_that_is_there(gonogo: Gonogo, imported: Path) -> None:
    assert (
        "There is no campaign 'pmj'" in gonogo("import", str(imported), "--campaign", "pmj", "--update", code=2).stderr
    )
    assert "needs a --campaign" in gonogo("import", str(imported), "--project", "p", "--update", code=2).stderr
    assert gonogo("import", "--source", "centaur", "--task", "1", *UPDATE, code=2).stderr
    assert [campaign["name"] for campaign in gonogo.json("campaigns", "list")] == ["pmi"]


@pytest.mark.parametrize("extensions", [None, ["predictions"]], ids=["plain", "earlier gonogo"])
async def test_a_server_that_cannot_update_is_asked_for_nothing(
    gonogo: Gonogo, readings: Path, extensions: list[str] | None
) -> None:
    asked: list[Got] = []

    def reply(got: Got) -> Reply:
        asked.append(got)
        if got.path.endswith("/capabilities") and extensions is not None:
            return Reply(200, {"server": "gonogo", "version": "0", "extensions": extensions})
        return Reply(404, envelope("not_found"))

    async with ScriptedServer(reply) as server:
        env = {"GONOGO_API_KEY": KEY, "GONOGO_BASE_URL": server.url}
        refused = await asyncio.to_thread(gonogo, "import", str(readings), *UPDATE, env=env, code=4)
    assert "can't give new predictions to tasks that are there; nothing was imported" in refused.stderr
    assert {got.method for got in asked} == {"GET"}
