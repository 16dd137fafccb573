"""`gonogo models report` and `projects generate --auto-accept-bound`, on the embedded workspace."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Gonogo


def predictions(folder: Path, name: str, n: int, *, wrong_every: int = 0, reader: str = "gpt") -> Path:
    """A run of sure, known predictions and as many unsure ones, of which every other is wrong."""
    rows = []
    for number in range(n):
        miss = wrong_every and number % wrong_every == 0
        box = [number + 2, 2, number + 9, 9]
        common = {
            "bbox": box,
            "bbox_unit": "pt",
            "field_name": f"size {number}",
            "detail_kind": "dimension",
            "source": reader,
        }
        sure = {"predicted_value": {"text": f"{number + bool(miss)},5"}, "truth": {"text": f"{number},5"}}
        rows.append({"id": f"s{number}", "predicted_confidence": 0.97, **common, **sure})
        unsure = {"predicted_value": {"text": f"M{number}"}, "truth": {"text": f"M{number + number % 2}"}}
        thread = {**common, "detail_kind": "thread", "field_name": f"thread {number}"}
        rows.append({"id": f"u{number}", "predicted_confidence": 0.6, **thread, **unsure})
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def test_the_report_of_a_run_says_what_is_known_and_from_which_confidence_on(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("import", str(predictions(tmp_path, "new.jsonl", 300)), "--project", "pmi")
    report = gonogo.json("models", "report", "new.jsonl", "--bound", "2%")
    assert (report["n_predictions"], report["n_known"], report["accept"]["above"]) == (600, 600, 0.97)
    shown = gonogo("model", "report", "--bound", "0.02").stdout
    assert "600 known: 600 by an imported truth" in shown
    assert "From 0.97 on the error is at most 1.3 % (95 %): 300 predictions, 50 % of all." in shown
    assert "By kind" in shown
    assert "Surest errors" in shown
    assert "No confidence keeps the error at 0.1 %" in gonogo("models", "report", "--bound", "0.1%").stdout


def test_two_runs_are_compared_with_the_doubt_of_the_difference(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("import", str(predictions(tmp_path, "old.jsonl", 200, wrong_every=4)), "--project", "pmi")
    gonogo("import", str(predictions(tmp_path, "new.jsonl", 200)), "--project", "pmi")
    shown = gonogo("models", "report", "new.jsonl", "--against", "old.jsonl").stdout
    assert "400 places" in shown
    assert "new.jsonl is better." in shown
    same = gonogo("models", "report", "new.jsonl", "--against", "new.jsonl").stdout
    assert "The difference may be chance." in same


def test_generate_leaves_out_what_is_surely_right_but_for_an_audit(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("import", str(predictions(tmp_path, "new.jsonl", 300)), "--project", "pmi")
    options = ("--auto-accept-bound", "2%", "--audit-share", "10%", "--gold-fraction", "0")
    plan = gonogo.json("projects", "generate", "pmi", *options, "--dry-run")
    assert (plan["n_tasks"], plan["n_accepted"], plan["n_audited"]) == (330, 300, 30)
    made = gonogo("projects", "generate", "pmi", *options)
    assert "From a confidence of 0.97 on the error is at most 1.3 % (95 %)" in made.stderr
    assert "300 accepted unseen; 30 of them, at random, are still checked." in made.stderr
    assert "audit   pmi: 300 accepted from 0.97, 30 audited, 0 wrong of 0 judged" in gonogo("models", "report").stdout


def test_what_cannot_be_said_is_a_sentence(gonogo: Gonogo, tmp_path: Path) -> None:
    assert "There are no predictions." in gonogo("models", "report", code=4).stderr
    gonogo("import", str(predictions(tmp_path, "few.jsonl", 5)), "--project", "pmi")
    assert "No project has the run 'other'" in gonogo("models", "report", "other", code=4).stderr
    assert "is no share" in gonogo("models", "report", "few.jsonl", "--bound", "half", code=2).stderr
    both = gonogo("models", "report", "few.jsonl", "--against", "few.jsonl", "--readers", "a", "b", code=2)
    assert "one comparison at a time" in both.stderr
    refused = gonogo("projects", "generate", "pmi", "--auto-accept-bound", "0.5%", code=1)
    assert "no confidence keeps the error at 0.5 % or less: outcomes known so far: 10" in refused.stderr
    assert gonogo.json("campaigns", "list") == []
