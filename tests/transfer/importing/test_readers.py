"""Other programs' files: what becomes of them, and the reason of each bad part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gonogo.client.errors import InvalidInputError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.transfer.importing.csv_mapping import read_mapping
from gonogo.transfer.importing.drawings_folder import DrawingFolder
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.records import BadLine, ImportLine, RecordReader
from gonogo.transfer.importing.registry import read_records
from gonogo.transfer.importing.spool import ImportOptions


def read(path: Path, mapping: Path | None = None, form: str | None = None) -> tuple[list[ImportLine], list[BadLine]]:
    reader = RecordReader(DrawingFolder(path if path.is_dir() else path.parent))
    raw = read_records(path, form, read_mapping(mapping) if mapping else None)
    return list(reader.good_lines(raw)), reader.bad_lines()


def write_text(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_csv_is_read_by_its_mapping(drawings: Path) -> None:
    path = write_text(drawings, "r.csv", "File;Reading;Score;x;y;w;h\na.png;'-0,2;0,75;10;20;100;40\n\na.png;M8;;;;;\n")
    mapping = write_text(
        drawings,
        "m.toml",
        """
        [columns]
        drawing = "File"
        predicted_value = "Reading"
        predicted_confidence = "Score"
        bbox = ["x", "y", "w", "h"]
        [constants]
        bbox_unit = "px"
        detail_kind = "dimension"
        [csv]
        delimiter = ";"
        decimal = ","
        bbox_form = "size"
        """,
    )
    (first, second), bad = read(path, mapping)
    assert not bad
    assert first.prediction.predicted_value == {"text": "-0,2"}
    assert (first.prediction.drawing_bbox, first.prediction.predicted_confidence) == ([10, 20, 110, 60], 0.75)
    assert (second.prediction.drawing_bbox, second.prediction.part) == (None, "a")


def test_a_csv_whose_columns_are_our_fields_needs_no_mapping(drawings: Path) -> None:
    text = 'id,drawing,predicted_value,truth,bbox_unit,x0,y0,x1,y1\n1,a.png,"{""text"":""⌀8""}",⌀8,px,10,20,110,60\n'
    ((line,), bad) = read(write_text(drawings, "r.csv", text))
    assert not bad
    assert (line.prediction.truth, line.prediction.drawing_bbox) == ({"text": "⌀8"}, [10, 20, 110, 60])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,a.png,M8,high", "predicted_confidence: 'high' is no number"),
        ("1,a.png,M8,true", "predicted_confidence: 'true' is no number"),
        ("1,a.png,M8,nan", "predicted_confidence: 'nan' is no number"),
        ("1,a.png,M8,0_1", "predicted_confidence: '0_1' is no number"),
        ("1,a.png,M8,٠", "predicted_confidence: '٠' is no number"),
        ("1,a.png,M8,0.5,more", "more cells than the head line"),
        ("1,b.png,M8,0.5", "b.png"),
        ("1,a.png,{broken,0.5", "begins like JSON"),
        ("1,a.png,,0.5", "no predicted_value"),
        ("1,a.png,M8,7", "less than or equal to 1"),
    ],
)
def test_a_bad_row_is_named_by_its_line(drawings: Path, row: str, reason: str) -> None:
    text = f"id,drawing,predicted_value,predicted_confidence\n0,a.png,M8,0.5\n{row}\n"
    good, (bad,) = read(write_text(drawings, "r.csv", text))
    assert (len(good), bad.number) == (1, 3)
    assert reason in bad.reason


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[columns]\npart = 'Nowhere'", "no column 'Nowhere'"),
        ("[colums]\n", "unknown: colums"),
        ("[csv]\ndelimeter = ';'", "csv.delimeter"),
        ("broken", "not TOML"),
        ("[csv]\nbbox_form = 'round'", "bbox_form"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong(drawings: Path, mapping: str, said: str) -> None:
    path = write_text(drawings, "r.csv", "part,predicted_value\na,M8\n")
    with pytest.raises(InvalidInputError, match=said):
        read(path, write_text(drawings, "m.toml", mapping))


def test_coco_boxes_become_corners(drawings: Path) -> None:
    found: dict[str, Any] = {
        "images": [{"id": 3, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "dimension"}],
        "annotations": [
            {"id": 8, "image_id": 3, "category_id": 1, "bbox": [10, 20, 100, 40], "text": "⌀8", "score": 0.5},
            {"id": 9, "image_id": 3, "category_id": 1, "bbox": [10, 20, 100, 40]},
            {"id": 10, "image_id": 4, "bbox": [10, 20, 100, 40], "attributes": {"text": "x"}},
            {"id": 11, "image_id": 3, "bbox": ["a", 20, 100, 40], "caption": "x"},
            "none",
        ],
    }
    (line,), bad = read(write_text(drawings, "c.json", json.dumps(found)))
    assert (line.prediction.id, line.prediction.detail_kind) == ("coco-8", "dimension")
    assert line.prediction.drawing_bbox == [10, 20, 110, 60]
    assert [item.number for item in bad] == [2, 3, 4, 5]
    with pytest.raises(InvalidInputError, match="no images and annotations"):
        read(write_text(drawings, "d.json", "{}"))


def test_true_is_no_id_of_a_coco_image(drawings: Path) -> None:
    annotation = {"id": 7, "image_id": True, "bbox": [1, 2, 30, 40], "text": "M8"}
    file = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [annotation]}
    lines, (bad,) = read(write_text(drawings, "c.json", json.dumps(file)))
    assert (lines, bad.reason) == ([], "its image is not in the file")


def test_label_studio_regions_become_fractions(drawings: Path) -> None:
    box = {"x": 10, "y": 20, "width": 30, "height": 40}
    task = {
        "id": 5,
        "data": {"image": "/data/upload/a.png"},
        "predictions": [
            {
                "score": 0.25,
                "result": [
                    {"id": "r", "type": "rectanglelabels", "value": {**box, "rectanglelabels": ["thread"]}},
                    {"id": "r", "type": "textarea", "value": {**box, "text": ["M8"]}},
                    {"id": "q", "type": "rectanglelabels", "value": box},
                ],
            }
        ],
    }
    (line,), bad = read(write_text(drawings, "ls.json", json.dumps([task, {"data": {}}, 7])))
    assert line.prediction.id == "ls-5-r"
    assert (line.prediction.detail_kind, line.prediction.predicted_confidence) == ("thread", 0.25)
    assert line.prediction.drawing_bbox == pytest.approx([0.1, 0.2, 0.4, 0.6])
    assert [(item.number, item.reason) for item in bad] == [
        (1, "region 'q' without a text"),
        (2, "a task without predictions"),
        (3, "a task without data"),
    ]


def test_a_folder_has_a_json_beside_each_drawing(drawings: Path) -> None:
    write_text(drawings, "a.json", json.dumps({"predicted_value": {"text": "M8"}}))
    write_text(drawings, "c.json", json.dumps({"predictions": [{"predicted_value": {"text": "1"}}, 7]}))
    write_text(drawings, "z.json", "{")
    good, bad = read(drawings)
    assert [(line.prediction.part, line.drawing and line.drawing.name) for line in good] == [
        ("a", "a.png"),
        ("c", "c.pdf"),
    ]
    assert [item.number for item in bad] == [3, 4]
    assert "z.json" in bad[1].reason


async def test_a_csv_becomes_a_campaign_once_and_a_dry_run_nothing(client: GonogoClient, drawings: Path) -> None:
    rows = "".join(f"{n},a.png,M{n}\n" for n in range(1, 6))
    path = write_text(drawings, "r.csv", f"id,drawing,predicted_value\n{rows}5,a.png,M9\n")
    dry = await import_file(client, ImportOptions(path, "pmi", skip_bad=True, dry_run=True))
    assert (dry.imported, dry.n_tasks, dry.n_drawings) == (False, 5, 1)
    assert "would be imported, 1 bad line left out" in dry.sentences()[0]
    assert (await client.list_campaigns()).count == 0
    refused = await import_file(client, ImportOptions(path, "pmi"))
    assert [(line.number, "line 6" in line.reason) for line in refused.bad] == [(7, True)]
    first = await import_file(client, ImportOptions(path, "pmi", skip_bad=True))
    again = await import_file(client, ImportOptions(path, "pmi", skip_bad=True))
    assert (first.n_tasks, again.n_tasks, again.n_predictions_known) == (5, 0, 5)


async def test_our_own_csv_export_comes_back_in(client: GonogoClient, drawings: Path, tmp_path: Path) -> None:
    from gonogo.client.lookup import find_campaign
    from gonogo.transfer.exporting.export_campaign import ExportOptions, export_campaign

    path = write_text(drawings, "r.csv", "id,drawing,predicted_value\n1,a.png,'-0.5\n2,a.png,=x\n")
    await import_file(client, ImportOptions(path, "pmi"))
    out = drawings / "out.csv"
    with out.open("wb") as stream:
        await export_campaign(client, await find_campaign(client, "pmi"), stream, ExportOptions("csv"))
    mapping = write_text(
        tmp_path, "m.toml", '[columns]\nid = "prediction_id"\ndrawing = "drawing"\npredicted_value = "predicted_value"'
    )
    good, bad = read(out, mapping)
    assert not bad
    assert [line.prediction.predicted_value for line in good] == [{"text": "-0.5"}, {"text": "=x"}]
