"""`gonogo import` with the settings of its campaign."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Gonogo

SETTINGS = (
    "--redundancy",
    "2",
    "--gold-fraction",
    "0.2",
    "--votes",
    "by_risk",
    "--min-votes",
    "1",
    "--max-risk",
    "0.02",
)


def test_an_import_makes_the_campaign_with_its_settings(gonogo: Gonogo, readings: Path) -> None:
    gonogo("import", str(readings), "--campaign", "pmi", *SETTINGS, "--unit", "mm")
    campaign = gonogo.json("campaigns", "show", "pmi")
    assert (campaign["target_redundancy"], campaign["gold_fraction"]) == (2, 0.2)
    settings = campaign["settings"]
    assert (settings["votes"], settings["min_votes"], settings["max_risk"], settings["unit"]) == (
        "by_risk",
        1,
        0.02,
        "mm",
    )
    assert "0 new tasks" in gonogo("import", str(readings), "--campaign", "pmi", *SETTINGS).stderr


def test_a_campaign_that_is_there_keeps_its_settings_and_says_so(gonogo: Gonogo, imported: Path) -> None:
    refused = gonogo("import", str(imported), "--campaign", "pmi", "--redundancy", "5", code=2).stderr
    assert "there already, with --redundancy 3" in refused
    risk = gonogo("import", str(imported), "--campaign", "pmi", "--max-risk", "0.2", code=2).stderr
    assert "--max-risk 0.05; nothing was imported" in risk
    gonogo("import", str(imported), "--campaign", "pmi", "--redundancy", "3", "--max-risk", "0.05")


def test_settings_without_a_campaign_or_against_each_other_are_wrong_usage(gonogo: Gonogo, readings: Path) -> None:
    alone = gonogo("import", str(readings), "--project", "p", "--redundancy", "2", code=2).stderr
    assert "--redundancy is a setting of a campaign" in alone
    fixed = gonogo("import", str(readings), "--campaign", "p", "--min-votes", "2", code=2).stderr
    assert "goes with --votes by_risk" in fixed
    gonogo("import", str(readings), "--campaign", "p", "--max-risk", "2", code=2)
    assert gonogo.json("campaigns", "list") == []


def test_a_place_that_several_readers_read_is_named_in_the_last_line(gonogo: Gonogo, tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    box = {"part": "a", "bbox": [1, 2, 30, 40], "bbox_unit": "pt"}
    lines = [{"source": reader, "predicted_value": {"text": text}, **box} for reader, text in (("a", "5"), ("b", "6"))]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    last = gonogo("import", str(file), "--campaign", "one by one").stderr.splitlines()[-1]
    assert last.startswith("1 place has several readings, and each reading is a question.")
    assert last.endswith("--merge-readings.")
    dry_run = ("import", str(file), "--campaign", "one by one", "--dry-run")
    assert "--merge-readings" in gonogo(*dry_run).stderr
    assert "--merge-readings" not in gonogo(*dry_run, "--update").stderr, "they don't go together"
    merged = gonogo("import", str(file), "--campaign", "merged", "--merge-readings").stderr
    assert "1 new task." in merged
    assert "1 more reading of the same places merged" in merged
    assert "several readings" not in merged
    update = gonogo("import", str(file), "--campaign", "merged", "--update", code=4).stderr
    assert "No question was changed." in update
    both = gonogo("import", str(file), "--campaign", "merged", "--update", "--merge-readings", code=2).stderr
    assert "don't go together" in both
    alone = gonogo("import", str(file), "--project", "p", "--merge-readings", code=2).stderr
    assert "readings are merged with the tasks" in alone
