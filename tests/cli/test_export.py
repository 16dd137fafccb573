"""Exports in every form, of a campaign with votes, read back by what reads such files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gonogo.cli.formats import COLUMNS, Csv, writer
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
    made = writer(form, out, drawings)
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
    made = Csv(out)
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
    assert notes[0].startswith("1 tasks have no box")
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


def test_the_same_export_is_the_same_bytes_and_the_manifest_knows_them(
    gonogo: Gonogo, imported: Path, tmp_path: Path
) -> None:
    made = []
    for number in (1, 2):
        out, manifest = tmp_path / f"{number}.csv", tmp_path / f"{number}.json"
        gonogo("export", "pmi", "--format", "csv", "--out", str(out), "--manifest", str(manifest))
        made.append((out.read_bytes(), manifest.read_bytes()))
    assert made[0] == made[1]
    told = json.loads(made[0][1])
    assert told["content"] == {
        "n_tasks": 4,
        "size_bytes": len(made[0][0]),
        "sha256": hashlib.sha256(made[0][0]).hexdigest(),
    }
    assert told["campaign"]["settings"]["lease_minutes"] == 10
    assert gonogo("export", "pmi", "--golden").stdout == ""
    assert "--out" in gonogo("export", "pmi", "--format", "parquet", code=2).stderr


def test_lines_name_drawing_truth_and_gold(gonogo: Gonogo, imported: Path) -> None:
    lines = [json.loads(line) for line in gonogo("export", "pmi").stdout.splitlines()]
    assert [line["drawing"] for line in lines] == ["a.png"] * 4
    assert [line["truth"] for line in lines] == [{"text": "⌀16,5"}, None, {"text": "R0,2"}, None]
    assert not any(line["adjudicated"] or line["golden"] or line["rulings"] for line in lines)
