"""A server that does not answer yet, in the real program: no screen is a dead end."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_main_job import answer
from tests.e2e.test_main_job import material as material
from tests.e2e.tmux import AVAILABLE, Terminal

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]


def test_a_key_of_the_environment_waits_for_its_server(lead: Cli, tmp_path: Path, material: tuple[Path, Path]) -> None:
    predictions, drawings = material
    for name in ("first", "second"):
        lead("import", str(predictions), "--drawings", str(drawings), "--campaign", name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    key = lead.json("keys", "create", "--name", "lead")["key"]
    home = tmp_path / "annotator"
    env = {**lead.env, "GONOGO_HOME": str(home), "GONOGO_BASE_URL": f"http://127.0.0.1:{port}", "GONOGO_API_KEY": key}
    with Terminal(GONOGO, tmp_path, env=env) as terminal:
        terminal.wait_for("We keep trying", 40)
        with lead.serving("--port", port):
            terminal.press("r")
            terminal.wait_for("second", 40)
            terminal.press("Down", "Enter")
            terminal.wait_for("s incorrect", 40)
            answer(terminal, "a", 0)
            terminal.press("C-q")
            terminal.wait_gone()
    with Terminal(GONOGO, tmp_path, env=env) as terminal:  # the campaign is known, so its desk opens without a server
        terminal.wait_for("cannot be reached", 40)
        with lead.serving("--port", port):
            terminal.wait_for("s incorrect", 60)  # by itself
        terminal.press("C-q")
        terminal.wait_gone()
