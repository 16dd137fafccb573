"""The main job, whole: import, serve, invite, sign in, answer by keys, export."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until
from tests.shared_material import DRAWINGS

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]

KEYS = ["a", "a", "s", "a", "fix", "f", "a", "s", "a", "a"]
HUMAN = 0.35
"""Seconds between two keys of a person; faster ones are deaf after a paint (0.2 s) or a burst (0.08 s)."""
CORRECTED = "⌀8,8 H8"
VERDICTS = {"a": "correct", "s": "incorrect", "fix": "incorrect", "f": "unsure"}


@pytest.fixture
def material(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and the folder of their drawings: the real ones where they are, else our own sample's."""
    if DRAWINGS is not None:
        return DRAWINGS / "predictions.jsonl", DRAWINGS
    from gonogo.demo.parts import draw_all

    lines = []
    for part, board in draw_all().items():
        name = part.split()[0] + ".pdf"
        (tmp_path / name).write_bytes(board.pdf())
        for callout in board.callouts:
            line = {"part": part, "drawing": name, "page": 1, "bbox": callout.bbox, "bbox_unit": "pt"}
            line |= {"id": f"{part}-{callout.name}", "predicted_value": {"text": callout.text}, "truth": callout.truth}
            lines.append(json.dumps(line))
    (tmp_path / "predictions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "predictions.jsonl", tmp_path


def progress(terminal: Terminal) -> int:
    """How many the status bar says are done; -1 while there is no bar."""
    found = re.search(r"(\d+) / \d+", terminal.screen())
    return int(found.group(1)) if found else -1


def answer(terminal: Terminal, key: str, already: int) -> None:
    """One verdict, at a person's pace; pressed again where the first press came too early."""

    def attempt() -> bool:
        threading.Event().wait(HUMAN)
        if key != "fix":
            terminal.press(key)
        elif "Enter send" not in terminal.screen():
            terminal.press("d")
        elif CORRECTED not in terminal.screen():
            terminal.press("C-u")
            terminal.type(CORRECTED)
        else:
            terminal.press("Enter")
        return reached(terminal, already + 1)

    wait_until(attempt, lambda: f"{key!r} was not taken:\n{terminal.screen()}", 20)


def reached(terminal: Terminal, count: int) -> bool:
    """Whether the status bar comes to say `count` within a moment."""
    try:
        wait_until(lambda: progress(terminal) >= count, str, 2.0)
    except AssertionError:
        return False
    return True


@pytest.mark.slow
def test_ten_real_answers_reach_the_server(lead: Cli, tmp_path: Path, material: tuple[Path, Path]) -> None:
    predictions, drawings = material
    lead("import", str(predictions), "--drawings", str(drawings), "--campaign", "pmi")
    with lead.serving() as url:
        key = lead.json("keys", "create", "--name", "lead")["key"]
        remote = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
        invited = lead.json("assign", "pmi", "ana@example.com", env=remote)
        link = invited["magic_link_url"]
        assert link.startswith(url)
        home = tmp_path / "annotator"
        env = {"GONOGO_HOME": str(home), "LANG": "C.UTF-8"}
        with Terminal(GONOGO, tmp_path, env=env) as terminal:
            terminal.sign_in(link)
            terminal.wait_for("right?")
            for number, what in enumerate(KEYS):
                answer(terminal, what, number)
            terminal.wait_for("10 / ")
            terminal.press("C-q")
            terminal.wait_gone()

        def stored() -> list[dict[str, Any]]:
            lines = lead("export", "pmi", env=remote).splitlines()
            return [vote for line in lines for vote in json.loads(line)["submissions"]]

        wait_until(lambda: len(stored()) >= len(KEYS), lambda: f"only {stored()} arrived")
        records = [json.loads(line) for line in lead("export", "pmi", env=remote).splitlines()]
    answered = [record for record in records if record["submissions"]]
    votes = sorted((vote for record in answered for vote in record["submissions"]), key=lambda vote: vote["created_at"])
    assert len(answered) == len(votes) == len(KEYS)
    assert sorted(vote["verdict"] for vote in votes) == sorted(VERDICTS[key] for key in KEYS)
    corrected = [vote for vote in votes if vote["corrected_value"]]
    assert len(corrected) == 1
    assert "8,8" in corrected[0]["corrected_value"]["text"]
    assert {vote["annotator_email"] for vote in votes} == {"ana@example.com"}
    assert all(100 <= vote["duration_ms"] <= 60_000 for vote in votes), votes
    assert all(record["predicted_value"] and record["campaign"] == "pmi" for record in answered)
    assert len(records) == len(predictions.read_text(encoding="utf-8").splitlines())


@pytest.mark.slow
def test_the_demo_asks_its_first_question_and_resumes(tmp_path: Path) -> None:
    env = {"GONOGO_HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
    for done in (0, 1):
        with Terminal([*GONOGO, "demo"], tmp_path, env=env) as terminal:
            if done == 0:
                terminal.wait_for("1/5  ", 30)
                terminal.press("Escape")
            wait_until(lambda done=done: progress(terminal) == done, terminal.screen, 30)  # type: ignore[misc]
            answer(terminal, "a", done)
            terminal.press("C-q")
            terminal.wait_gone()
