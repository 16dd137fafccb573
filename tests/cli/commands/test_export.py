"""Exports in every form, of a campaign with votes, read back by what reads such files."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gonogo.cli.support.api_client import open_client
from gonogo.client.lookup import find_campaign
from gonogo.schemas.export_records import ExportRecord
from gonogo.schemas.labeling import LabelSubmit
from gonogo.schemas.review import RulingCreate
from gonogo.transfer.exporting.record_table import COLUMNS
from gonogo.transfer.exporting.registry import export_formats, make_writer
from gonogo.transfer.exporting.writers.csv import CsvWriter
from tests.cli.conftest import Gonogo

RECORD: dict[str, Any] = {
    "task_id": "t1",
    "campaign": "pmi",
    "status": "resolved",
    "part": "a",
    "drawing": "a.png",
    "detail_kind": "dimension",
    "drawing_bbox": [10.0, 20.0, 110.0, 60.0],
    "prediction_id": "1",
    "predicted_value": {"text": "-0,2"},
    "predicted_confidence": 0.25,
    "is_gold": False,
    "consensus_verdict": "incorrect",
    "consensus_value": {"text": "=SUM(A1)"},
    "agreement": 0.5,
    "submissions": [
        {"id": "v1", "verdict": "incorrect", "counted": True, "corrected_value": {"text": "+0,2"}, "duration_ms": 1500},
        {"id": "v2", "verdict": "correct", "counted": True, "annotator_email": "b@example.com"},
        {"id": "v3", "verdict": "unsure", "counted": False},
    ],
}


def written(form: str, *records: dict[str, Any], drawings: Path | None = None) -> tuple[bytes, list[str]]:
    out = io.BytesIO()
    made = make_writer(form, out, drawings)
    for record in records:
        made.add(record)
    made.close()
    return out.getvalue(), list(made.notes)


def test_a_spreadsheet_gets_no_formula_and_the_votes_are_counted() -> None:
    data, _ = written("csv", RECORD)
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert tuple(row) == COLUMNS
    assert (row["predicted_value"], row["consensus_value"]) == ("'-0,2", "'=SUM(A1)")
    assert (row["n_votes"], row["n_correct"], row["n_incorrect"], row["n_unsure"]) == ("2", "1", "1", "0")
    assert row["predicted_confidence"] == "0.25"
    assert [vote["id"] for vote in json.loads(row["submissions"])] == ["v1", "v2", "v3"]


@given(st.text(max_size=30))
def test_no_cell_can_begin_a_formula(text: str) -> None:
    out = io.BytesIO()
    made = CsvWriter(out)
    made.add({"task_id": "t", "prompt": text, "consensus_value": {"text": text}})
    made.close()
    (row,) = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig", "surrogatepass"), newline=""))
    for cell in (row["prompt"], row["consensus_value"]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


def test_parquet_keeps_types() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    data, _ = written("parquet", RECORD, {**RECORD, "task_id": "t2", "predicted_value": 7, "drawing_bbox": None})
    table = parquet.read_table(io.BytesIO(data))
    rows = table.to_pylist()
    assert rows[0]["drawing_bbox"] == [10.0, 20.0, 110.0, 60.0]
    assert (rows[0]["n_votes"], rows[0]["agreement"], rows[0]["is_gold"]) == (2, 0.5, False)
    assert (rows[0]["predicted_value"], rows[1]["predicted_value"]) == ("-0,2", "7")
    assert written("parquet", RECORD) == written("parquet", RECORD)


def test_coco_boxes_are_pixels_of_the_picture(tmp_path: Path) -> None:
    Image.new("L", (200, 100)).save(tmp_path / "a.png")
    fraction = {**RECORD, "task_id": "t2", "drawing_bbox": [0.1, 0.2, 0.5, 0.4]}
    data, notes = written("coco", RECORD, fraction, {**RECORD, "drawing_bbox": None}, drawings=tmp_path)
    found = json.loads(data)
    assert [item["bbox"] for item in found["annotations"]] == [[10, 20, 100, 40], [20, 20, 80, 20]]
    assert found["images"] == [{"id": 1, "file_name": "a.png", "width": 200, "height": 100}]
    assert found["categories"] == [{"id": 1, "name": "dimension", "supercategory": ""}]
    assert notes[0].startswith("1 task has no box")
    assert json.loads(written("coco")[0]) == {"annotations": [], "images": [], "categories": []}


def test_label_studio_gets_regions_in_percent_and_every_vote(tmp_path: Path) -> None:
    Image.new("L", (200, 100)).save(tmp_path / "a.png")
    data, _ = written("labelstudio", RECORD, drawings=tmp_path)
    (task,) = json.loads(data)
    box = task["predictions"][0]["result"][0]["value"]
    assert (box["x"], box["y"], box["width"], box["height"]) == (5, 20, 50, 40)
    assert [a["result"][0]["value"]["choices"] for a in task["annotations"]] == [["incorrect"], ["correct"], ["unsure"]]
    assert [a["was_cancelled"] for a in task["annotations"]] == [False, False, True]
    assert json.loads(written("labelstudio")[0]) == []


@pytest.mark.slow
def test_the_same_export_is_the_same_bytes_and_the_manifest_knows_them(
    gonogo: Gonogo, imported: Path, tmp_path: Path
) -> None:
    for form in _forms():
        made = []
        for number in (1, 2):
            out, manifest = tmp_path / f"{number}.{form}", tmp_path / f"{number}.json"
            gonogo("export", "pmi", "--format", form, "--out", str(out), "--manifest", str(manifest))
            made.append((out.read_bytes(), manifest.read_bytes()))
        assert made[0] == made[1], form
        told = json.loads(made[0][1])
        assert told["content"] == {
            "n_tasks": 4,
            "size_bytes": len(made[0][0]),
            "sha256": hashlib.sha256(made[0][0]).hexdigest(),
        }
        assert told["export"] == {"format": form, "golden": False, "drawings": False, "each_reading": False}
    assert told["campaign"]["settings"]["lease_minutes"] == 10
    assert [(run["run"], run["n_predictions"]) for run in told["inputs"]["prediction_runs"]] == [("readings.jsonl", 4)]
    assert len(told["audit"]["sha256"]) == 64


def _forms() -> list[str]:
    return [name for name, item in export_formats().items() if not item.package or find_spec(item.package)]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_ends_an_export_with_a_sentence(gonogo: Gonogo, tmp_path: Path) -> None:
    readings = tmp_path / "many.jsonl"
    readings.write_text("".join(f'{{"id": "{n}", "predicted_value": {{"text": "M{n}"}}}}\n' for n in range(300)))
    gonogo("import", str(readings), "--campaign", "many")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gonogo", "export", "many"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode not in (0, -9)
    assert "No space left" in done.stderr
    assert len(done.stderr.splitlines()) <= 3, done.stderr


@pytest.mark.slow
def test_the_manifest_tells_that_something_was_changed_since(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    heads = []
    for number in (1, 2):
        manifest = tmp_path / f"{number}.json"
        gonogo("export", "pmi", "--out", str(tmp_path / "o.jsonl"), "--manifest", str(manifest))
        heads.append(json.loads(manifest.read_text())["audit"])
        gonogo("campaign", "close", "pmi", "--yes")
    assert heads[0] != heads[1]
    assert heads[1]["n_rows"] > heads[0]["n_rows"]


def test_parquet_is_not_for_a_pipe(gonogo: Gonogo, imported: Path) -> None:
    assert "--out" in gonogo("export", "pmi", "--format", "parquet", code=2).stderr


def test_lines_name_drawing_truth_and_gold(gonogo: Gonogo, imported: Path) -> None:
    lines = [json.loads(line) for line in gonogo("export", "pmi").stdout.splitlines()]
    assert [line["drawing"] for line in lines] == ["a.png"] * 4
    assert [line["truth"] for line in lines] == [{"text": "⌀16,5"}, None, {"text": "R0,2"}, None]
    assert not any(line["adjudicated"] or line["golden"] or line["rulings"] for line in lines)


async def _votes_and_a_ruling(campaign: str) -> None:
    """One task is answered, one ruled on; two stay open."""
    async with open_client(None) as lead:
        found = await find_campaign(lead, campaign)
        first, second = [await lead.next_task(found.id) for _ in range(2)]
        assert first.task is not None
        assert second.task is not None
        right = LabelSubmit(verdict="correct", confidence=0.5, duration_ms=1500)
        await lead.submit(first.task.id, right)
        wrong = LabelSubmit(verdict="incorrect", corrected_value={"text": "M10"})
        await lead.submit(second.task.id, wrong)
        ruling = RulingCreate(verdict="incorrect", corrected_value={"text": "M12"}, note="see the table")
        await lead.rule(second.task.id, ruling)


@pytest.fixture
def promoted(gonogo: Gonogo, readings: Path) -> str:
    """A campaign of four tasks, two of them promoted."""
    settings = ("--redundancy", "1", "--gold-fraction", "0", "--consensus", "majority")
    gonogo("campaign", "create", "small", *settings)
    gonogo("import", str(readings), "--campaign", "small")
    asyncio.run(_votes_and_a_ruling("small"))
    gonogo("campaign", "promote", "small", "--force", "--yes")
    return "small"


@pytest.mark.slow
def test_golden_is_what_was_promoted_and_a_record_holds_all_of_its_life(gonogo: Gonogo, promoted: str) -> None:
    every = [json.loads(line) for line in gonogo("export", promoted).stdout.splitlines()]
    golden = [json.loads(line) for line in gonogo("export", promoted, "--golden").stdout.splitlines()]
    assert len(every) == 4
    assert golden == [line for line in every if line["golden"]]
    by_text = {line["predicted_value"]["text"]: line for line in golden}
    ruled = next(line for line in golden if line["adjudicated"])
    voted = next(line for line in golden if not line["adjudicated"])
    assert len(by_text) == len(golden) == 2
    (vote,) = voted["submissions"]
    assert (vote["verdict"], vote["confidence"], vote["duration_ms"]) == ("correct", 0.5, 1500)
    assert vote["claimed_at"] <= vote["created_at"] <= voted["golden"]["promoted_at"]
    assert (vote["counted"], vote["late"]) == (True, False)
    assert (voted["status"], voted["consensus_verdict"], voted["agreement"]) == ("resolved", "correct", 1.0)
    assert (voted["part"], voted["drawing"], voted["is_gold"]) == ("a", "a.png", False)
    (ruling,) = ruled["rulings"]
    assert (ruling["verdict"], ruling["corrected_value"]) == ("incorrect", {"text": "M12"})
    assert (ruling["note"], ruling["superseded"]) == ("see the table", False)
    assert [vote["corrected_value"] for vote in ruled["submissions"]] == [{"text": "M10"}]
    assert ruled["golden"] | {"promoted_at": ""} == {
        "verdict": "incorrect",
        "value": {"text": "M12"},
        "forced": True,
        "promoted_at": "",
    }
    assert set(ruled) == set(ExportRecord.model_fields)


@pytest.mark.slow
def test_every_form_has_the_promoted_ones(gonogo: Gonogo, promoted: str, tmp_path: Path) -> None:
    for form in _forms():
        out = tmp_path / form
        said = gonogo("export", promoted, "--golden", "--format", form, "--out", str(out)).stderr
        assert "2 tasks written" in said
        assert _count(form, out) == 2, form


def _count(form: str, path: Path) -> int:
    data = path.read_bytes()
    if form == "parquet":
        import pyarrow.parquet as parquet

        return int(parquet.read_table(path).num_rows)
    if form == "csv":
        return len(list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))))
    if form == "jsonl":
        return len(data.splitlines())
    found = json.loads(data)
    return len(found["annotations"] if form == "coco" else found)


def test_what_was_written_is_told_to_a_script(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    told = gonogo.json("export", "pmi", "--out", str(out))
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    assert told == {
        **{"n_tasks": 4, "n_gold": 0, "sha256": digest, "size_bytes": out.stat().st_size, "notes": []},
        **{"out": str(out), "format": "jsonl", "manifest": None, "n_derived": 0},
    }
    assert "--out" in gonogo("export", "pmi", "--json", code=2).stderr


@pytest.mark.parametrize("option", ["--out", "--manifest"])
def test_a_folder_that_is_not_there_is_said_before_the_export(
    gonogo: Gonogo, imported: Path, tmp_path: Path, option: str
) -> None:
    done = gonogo("export", "pmi", option, str(tmp_path / "nowhere" / "file"), code=1)
    assert str(tmp_path / "nowhere") in done.stderr
    assert done.stdout == ""
