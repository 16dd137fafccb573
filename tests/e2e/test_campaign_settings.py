"""A lead changes the settings of a campaign on a served `gonogo`, by keys in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import READINGS
from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_lead_changes_a_setting_on_a_server(lead: Cli, tmp_path: Path, size: tuple[int, int]) -> None:
    predictions = tmp_path / "readings.jsonl"
    predictions.write_text("".join(json.dumps({"part": "a", **reading}) + "\n" for reading in READINGS))
    lead("import", str(predictions), "--campaign", "pmi")
    with lead.serving() as url:
        key = lead.json("keys", "create", "--name", "lead")["key"]
        remote = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
        env = {"GONOGO_HOME": str(tmp_path / "home"), "LANG": "C.UTF-8", **remote}
        columns, rows = size
        with Terminal([*GONOGO, "review", "pmi"], tmp_path, columns=columns, rows=rows, env=env) as terminal:
            terminal.wait_for("Nothing to review", 40)
            terminal.press("l")
            terminal.wait_for("Nobody is invited")
            terminal.press("s")
            terminal.wait_for("Chosen when it was made")
            assert "max risk" in terminal.screen()
            terminal.press("0")  # the number is selected: typing replaces it
            terminal.wait_for("was 0.05")
            terminal.wait_for("No task changes by this.")
            terminal.press("C-s")
            terminal.wait_for("max risk 0.05 → 0")
            terminal.type("yes")
            terminal.press("Enter")
            terminal.wait_for("The settings are saved.")
            terminal.press("Escape")
            terminal.wait_for("for leads")
            terminal.press("C-q")
            wait_until(lambda: not terminal.alive(), terminal.screen, 20)
        assert lead.json("campaign", "settings", "pmi", env=remote)["max_risk"] == 0
