"""Label Studio writer: exports tasks with pre-annotations and annotations; boxes are in percent of the picture.

Percentages need the size of the picture, from the folder of `--drawings`, unless a box is in fractions of the page.
"""

from __future__ import annotations

from pathlib import Path

from gonogo.transfer.exporting.picture_boxes import PictureSizes, Size, box_notes, is_fraction, record_corners
from gonogo.transfer.exporting.registry import OutputStream, Record, exporter
from gonogo.transfer.exporting.value_text import compact_json, value_text


@exporter("labelstudio", "Label Studio", place=3, needs_pictures=True)
class LabelStudioWriter:
    """Writer of a JSON array of tasks: the prediction as a pre-annotation, each vote as an annotation.

    It fits this labeling configuration: RectangleLabels `box`, TextArea `value`, Choices `verdict`, on Image `image`.
    """

    def __init__(self, out: OutputStream, drawings: Path | None = None) -> None:
        self._out = out
        self._sizes = PictureSizes(drawings)
        self._n = self._n_without_box = 0

    def add(self, record: Record) -> None:
        size = self._sizes.size(record.get("drawing"))
        box = self._box(record, size)
        self._n_without_box += box is None
        task = {
            "id": self._n + 1,
            "data": {
                "image": record.get("drawing") or record.get("part") or "",
                "prompt": record.get("prompt"),
                "task_id": record["task_id"],
                "prediction_id": record.get("prediction_id"),
                "consensus": record.get("consensus_verdict"),
                "consensus_value": value_text(record.get("consensus_value")),
                "is_gold": record.get("is_gold", False),
            },
            "predictions": [self._prediction(record, box, size)],
            "annotations": [_annotation(vote) for vote in record.get("submissions") or []],
        }
        self._out.write((b"[\n" if self._n == 0 else b",\n") + compact_json(task).encode())
        self._n += 1

    def close(self) -> None:
        self._out.write(b"\n]\n" if self._n else b"[]\n")

    @property
    def notes(self) -> list[str]:
        return box_notes(self._n_without_box, "percentages of the picture")

    def _box(self, record: Record, size: Size | None) -> dict[str, object] | None:
        box = record_corners(record)
        if box is None or not (is_fraction(box) or size):
            return None
        across, down = (1, 1) if is_fraction(box) or size is None else size
        x0, y0, x1, y1 = box
        label = record.get("detail_kind") or record.get("target_kind") or "value"
        percent = {
            "x": round(100 * x0 / across, 4),
            "y": round(100 * y0 / down, 4),
            "width": round(100 * (x1 - x0) / across, 4),
            "height": round(100 * (y1 - y0) / down, 4),
        }
        return {**percent, "rotation": 0, "rectanglelabels": [label]}

    def _prediction(self, record: Record, box: dict[str, object] | None, size: Size | None) -> dict[str, object]:
        region: dict[str, object] = {"id": "r1", "to_name": "image"}
        if size:
            region |= {"original_width": size[0], "original_height": size[1]}
        value: dict[str, object] = {"text": [value_text(record.get("predicted_value"))]}
        if box is not None:
            value |= {key: item for key, item in box.items() if key != "rectanglelabels"}
        result = [{**region, "from_name": "value", "type": "textarea", "value": value}]
        if box is not None:
            result.insert(0, {**region, "from_name": "box", "type": "rectanglelabels", "value": box})
        prediction: dict[str, object] = {"model_version": "import", "result": result}
        if record.get("predicted_confidence") is not None:
            prediction["score"] = record["predicted_confidence"]
        return prediction


def _annotation(vote: Record) -> dict[str, object]:
    result: list[dict[str, object]] = [
        {"from_name": "verdict", "to_name": "image", "type": "choices", "value": {"choices": [vote.get("verdict")]}}
    ]
    if vote.get("corrected_value") is not None:
        text = {"text": [value_text(vote["corrected_value"])]}
        result.append({"from_name": "value", "to_name": "image", "type": "textarea", "value": text})
    return {
        "unique_id": vote.get("id"),
        "completed_by": {"email": vote.get("annotator_email") or vote.get("annotator_id") or ""},
        "created_at": vote.get("created_at"),
        "lead_time": (vote.get("duration_ms") or 0) / 1000,
        "was_cancelled": not vote.get("counted", True),
        "result": result,
    }
