"""Which lines are good, what becomes of them, and the reason of each bad one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.sheets.render.bbox import drawing_bbox
from gonogo.transfer.importing.records import MAX_LINE
from tests.shared_material import DRAWINGS
from tests.transfer.importing.conftest import WriteLines, read_lines, reading

DEEP: Any = 1
for _ in range(31):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("hello", "not JSON"),
        ("[1, 2]", "one prediction a line"),
        ('"text"', "not a JSON object"),
        ("null", "not a JSON object"),
        (b'{"id": "\xff"}', "not UTF-8"),
        ('{"predicted_value": NaN}', "NaN is not a JSON number"),
        ('{"predicted_value": {"nominal": 1e999}}', "too large"),
        ('{"predicted_value": {"nominal": 99999999999999999999}}', "64 bits"),
        ('{"predicted_value": {"nominal": ' + "9" * 6000 + "}}", "64 bits"),
        ('{"predicted_value": {"text": "\\ud800"}}', "surrogate"),
        ('{"predicted_value": {"text": "a\\u0000"}}', "NUL"),
        ('{"id": "a", "id": "b"}', "'id' is there twice"),
        ('{"predicted_value": ' + "[" * 100_000, "nests deeper"),
        ("x" * (MAX_LINE + 10), "longer than 900 kB"),
        (reading(predicted_value={"deep": DEEP}), "nests deeper"),
        (reading(predicted_value=...), "no predicted_value"),
        (reading(predicted_value=None), "no predicted_value"),
        (reading(predicted_value="⌀16"), "predicted_value must be an object"),
        (reading(truth="⌀16"), "truth must be an object"),
        (reading(bbox_unit="mm"), "unknown bbox_unit 'mm'"),
        (reading(bbox_unit=...), "bbox without bbox_unit"),
        (reading(bbox=...), "bbox_unit without bbox"),
        (reading(bbox=[1, 2, 3]), "four numbers"),
        (reading(bbox=[1, 2, 3, 4, 5]), "four numbers"),
        (reading(bbox=[1, 2, "3", 4]), "four numbers"),
        (reading(bbox=[True, 2, 3, 4]), "four numbers"),
        (reading(bbox={"x": 1}), "four numbers"),
        (reading(bbox=[5, 2, 5, 9]), "empty"),
        (reading(bbox=[-9, -9, -1, -1]), "off the page"),
        (reading(bbox=[0.1, 0.1, 0.4, 0.2]), "bbox_unit is norm"),
        (reading(bbox=[10, 20, 30, 40], bbox_unit="norm"), "within 0…1"),
        (reading(drawing="c.pdf"), "px for a PDF"),
        (reading(bbox_unit="pt"), "pt for an image"),
        (reading(drawing_bbox=[1, 2, 3, 4]), "give one of them"),
        (reading(page=0), "page must be"),
        (reading(page=1.5), "page must be"),
        (reading(page=True), "page must be"),
        (reading(drawing="missing.png"), "is not in"),
        (reading(drawing="deep"), "is not in"),
        (reading(drawing="../secret.png"), "outside the drawings folder"),
        (reading(drawing="deep/../../secret.png"), "outside the drawings folder"),
        (reading(drawing="/etc/passwd"), "must be relative"),
        (reading(drawing="C:\\a.png"), "must be relative"),
        (reading(drawing="a\\b.png"), "must be relative"),
        (reading(drawing="x" * 5000), "cannot be read"),
        (reading(drawing=7), "must be a file name"),
        (reading(drawing=" "), "must be a file name"),
        (reading(drawing="empty.png"), "is empty"),
        (reading(drawing="liar.pdf"), "whatever its name says"),
        (reading(predicted_confidence=1.5), "predicted_confidence"),
        (reading(predicted_confidence="0.5"), "predicted_confidence"),
        (reading(id=7), "id"),
        (reading(id="x" * 201), "id"),
        (reading(target_kind=["pmi"]), "target_kind"),
        (reading(bbox_units="px"), "is 'bbox_unit' meant?"),
        (reading(is_gold=True), "--gold-from-truth"),
        (reading(n_required=5), "set for the campaign"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_line_has_its_number_and_reason(line: Any, reason: str, write: WriteLines) -> None:
    good, bad = read_lines(write(reading(id="before"), "", line, reading(id="after")))
    assert [item.prediction.id for item in good] == ["before", "after"]
    assert [item.number for item in bad] == [3]
    assert reason in bad[0].reason
    assert str(bad[0]).startswith("line 3: ")
    assert len(bad[0].reason) < 6000


def test_a_symlink_out_of_the_folder_is_outside(write: WriteLines, drawings: Path) -> None:
    (drawings / "link.png").symlink_to(drawings.parent / "secret.png")
    _, bad = read_lines(write(reading(drawing="link.png")))
    assert "outside" in bad[0].reason


def test_the_wire_gets_corners_in_order_and_the_page(write: WriteLines) -> None:
    lines = [
        reading(id="1", bbox=[110, 60, 10, 20]),
        reading(id="2", page=3),
        reading(id="3", bbox=[0.5, 0.25, 1, 0.75], bbox_unit="norm", page=2),
        reading(id="4", drawing="c.pdf", bbox=[100.5, 1, 200, 30], bbox_unit="pt"),
        reading(id="5", bbox=..., bbox_unit=...),
    ]
    good, bad = read_lines(write(*lines))
    assert not bad
    assert [item.prediction.drawing_bbox for item in good] == [
        [10, 20, 110, 60],
        [10, 20, 110, 60, 3],
        [0.5, 0.25, 1, 0.75, 2],
        [100.5, 1, 200, 30],
        None,
    ]


_NUMBER = st.floats(-50, 3000) | st.sampled_from([0, 0.5, 1, 1.0000001, 2])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(box=st.lists(_NUMBER, min_size=4, max_size=4), unit=st.sampled_from(["px", "norm"]), page=st.integers(1, 3))
def test_a_box_means_on_the_sheet_what_it_meant_in_the_file(
    box: list[float], unit: str, page: int, write: WriteLines
) -> None:
    """What goes in is shown at the same place: never fractions taken for pixels, or the other way round."""
    width, height = 2000.0, 1000.0
    good, _ = read_lines(write(reading(bbox=box, bbox_unit=unit, page=page)))
    if not good:
        return
    placed = drawing_bbox(good[0].prediction.drawing_bbox or [], width, height)
    if isinstance(placed, str):
        assert "off the page" in placed
        return
    scale = (width, height) if unit == "px" else (1.0, 1.0)
    x0, x1 = sorted((box[0], box[2]))
    y0, y1 = sorted((box[1], box[3]))
    wanted = [max(x0 / scale[0], 0), max(y0 / scale[1], 0), min(x1 / scale[0], 1), min(y1 / scale[1], 1)]
    found = placed.box
    assert [found.x0, found.y0, found.x1, found.y1] == pytest.approx(wanted)
    assert found.page == page


def test_a_prompt_is_written_where_there_is_none(write: WriteLines) -> None:
    lines = [
        reading(id="1"),
        reading(id="2", detail_kind="surface_finish", field_name="roughness"),
        reading(id="3", detail_kind=...),
        reading(id="4", prompt="Is it?"),
    ]
    good, _ = read_lines(write(*lines))
    assert [item.prediction.prompt for item in good] == [
        "Is this dimension read right?",
        "Is the roughness of this surface finish read right?",
        "Is this value read right?",
        "Is it?",
    ]


def test_part_is_the_drawing_s_name_where_it_is_absent(write: WriteLines) -> None:
    good, _ = read_lines(write(reading(part=..., drawing="deep/b.png")))
    assert good[0].prediction.part == "b"
    assert good[0].drawing
    assert good[0].drawing.name == "b.png"


def test_an_absent_id_is_made_from_the_content_and_stays(write: WriteLines) -> None:
    line = reading(id=...)
    moved = dict(reversed(line.items()))
    first, _ = read_lines(write(line, reading(id=..., predicted_value={"text": "other"})))
    second, _ = read_lines(write("", {**moved, "truth": {"text": "⌀16"}, "predicted_confidence": 0.5}))
    assert first[0].prediction.id == second[0].prediction.id
    assert len({item.prediction.id for item in first}) == 2


def test_the_same_id_or_reading_twice_is_bad(write: WriteLines) -> None:
    anonymous = reading(id=...)
    good, bad = read_lines(write(reading(), reading(), anonymous, anonymous))
    assert [item.number for item in good] == [1, 3]
    assert [item.number for item in bad] == [2, 4]
    assert "line 1" in bad[0].reason
    assert "line 3" in bad[1].reason


def test_unknown_fields_are_left_alone_and_a_bom_too(write: WriteLines) -> None:
    good, bad = read_lines(write(b"\xef\xbb\xbf" + json.dumps(reading(comment="x", reader_run=7)).encode() + b"\r"))
    assert (len(good), bad) == (1, [])


def test_drawings_may_lie_elsewhere(tmp_path: Path, write: WriteLines, drawings: Path) -> None:
    path = tmp_path / "elsewhere.jsonl"
    path.write_text(json.dumps(reading()))
    assert read_lines(path)[1]
    assert not read_lines(path, drawings)[1]
    with pytest.raises(NotADirectoryError):
        read_lines(path, tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        read_lines(tmp_path / "none.jsonl")


_NAMES = ["id", "part", "drawing", "page", "bbox", "bbox_unit", "target_kind", "prompt", "predicted_value", "truth"]
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["a.png", "px"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.dictionaries(st.sampled_from(_NAMES), _VALUE).map(lambda some: {**reading(), **some}) | st.binary())
def test_any_line_is_good_or_bad_with_a_reason(line: Any, write: WriteLines) -> None:
    good, bad = read_lines(write(line))
    assert all(item.reason for item in bad)
    assert all(item.prediction.prompt and item.prediction.id for item in good)


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not here")
def test_the_real_predictions_are_all_good() -> None:
    assert DRAWINGS
    good, bad = read_lines(DRAWINGS / "predictions.jsonl")
    assert bad == []
    assert len(good) == 125
    assert len({item.drawing for item in good}) == 4
    assert all(item.prediction.drawing_bbox and item.prediction.truth for item in good)
