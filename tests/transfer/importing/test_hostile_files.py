"""Files that no program should write: each is refused or reported with a place in it, and none ends in a traceback."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.client.errors import InvalidInputError, NetworkError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.schemas.gonogo_api import TasksFromPredictions, TasksMade
from gonogo.transfer.importing.csv_mapping import CsvMapping, read_mapping
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.json_stream import stream_elements
from gonogo.transfer.importing.spool import ImportOptions, spool_file
from tests.transfer.importing.conftest import PNG, WriteLines, reading

HEAD = "id,drawing,predicted_value\n"
CSV_ROWS: list[tuple[str | bytes, int, str]] = [
    (b"1,a.png,\xd816\n2,a.png,M8\n", 2, "not utf-8"),
    ("1,a.png,M8\n2,a.png,\x00\n", 3, "NUL"),
    ('1,a.png,"M8\n2,a.png,M9\n', 3, "never ends"),
    ('1,a.png,"M8" x\n', 2, "not CSV"),
    ("1,a.png," + "x" * 200_000 + "\n", 2, "field limit"),
    ("1,a.png\n", 2, "no predicted_value"),
    ("1,../secret.png,M8\n", 2, "outside the drawings folder"),
    ("1,/etc/passwd,M8\n", 2, "must be relative"),
    ("1,a.png,M8\n1,a.png,M9\n", 3, "already on line 2"),
    ('1,a.png,"{""text"":NaN}"\n', 2, "none at all"),
    ('1,a.png,"{""n"":' + "9" * 5000 + '}"\n', 2, "begins like JSON"),
    ('1,a.png,"{""a"":' + "[" * 60_000 + '"\n', 2, "begins like JSON"),
]


def read(path: Path, form: str | None = None, mapped: CsvMapping | None = None) -> tuple[int, list[tuple[int, str]]]:
    """Good ones, and number and reason of the bad ones."""
    with spool_file(ImportOptions(path, "c", format_name=form, mapping=mapped), lambda *_: None) as found:
        return found.n_good, [(line.number, line.reason) for line in found.bad]


def write_bytes(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize(("rows", "number", "reason"), CSV_ROWS, ids=range(len(CSV_ROWS)))
def test_a_bad_row_is_reported(drawings: Path, rows: str | bytes, number: int, reason: str) -> None:
    data = HEAD.encode() + (rows if isinstance(rows, bytes) else rows.encode())
    _, (bad,) = read(write_bytes(drawings / "r.csv", data))
    assert bad[0] == number
    assert reason in bad[1]


@pytest.mark.parametrize(
    ("rows", "column", "reason"),
    [
        ("nan\ninf\n", "predicted_confidence", "is no number"),
        ("nan\n1.5\n", "page", "no whole number"),
        ("0\n1000001\n", "page", "page must be"),
    ],
)
def test_numbers_that_are_none_are_reported(drawings: Path, rows: str, column: str, reason: str) -> None:
    lines = [f"{n},M{n},{value}\n" for n, value in enumerate(rows.split())]
    good, bad = read(write_bytes(drawings / "r.csv", f"id,predicted_value,{column}\n" + "".join(lines)))
    assert good == 0
    assert [number for number, _ in bad] == [2, 3]
    assert all(reason in why for _, why in bad)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_other_systems_are_read(drawings: Path, encoding: str, end: str) -> None:
    text = end.join(["id,drawing,predicted_value", "1,a.png,⌀8", "2,a.png,M8", ""])
    assert read(write_bytes(drawings / "r.csv", text.encode(encoding))) == (2, [])
    if end != "\r":
        lines = end.join(json.dumps({"id": f"{n}", "predicted_value": {"text": "⌀8"}}) for n in range(3)) + end * 2
        assert read(write_bytes(drawings / "r.jsonl", lines.encode(encoding))) == (3, [])


def test_an_encoding_is_a_matter_of_the_mapping(drawings: Path) -> None:
    path = write_bytes(drawings / "r.csv", (HEAD + "1,a.png,Ø8\n").encode("utf-16"))
    with pytest.raises(InvalidInputError, match="not utf-8"):
        read(path)
    mapping = write_bytes(drawings / "m.toml", '[csv]\nencoding = "utf-16"\n')
    assert read(path, mapped=read_mapping(mapping)) == (1, [])


@pytest.mark.parametrize("data", ["", "\n\n", "id,id,predicted_value\n1,2,M8\n", b"\x89PNG\r\n\x1a\n\0\0", b"\0" * 99])
def test_a_file_that_is_no_csv_is_refused(drawings: Path, data: str | bytes) -> None:
    with pytest.raises(InvalidInputError):
        read(write_bytes(drawings / "r.csv", data))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("columns = 'x'", "must be a table"),
        ("csv = 5", "must be a table"),
        ("constants = []", "must be a table"),
        ("[columns]\npredicted_value = 5", "must be the name of a column"),
        ("[columns]\npredicted_value = ['id', 'drawing']", "must be the name of a column"),
        ("[columns]\nbbox = ['a', 'b']", "or of four"),
        ("[columns]\npredicted_vlaue = 'predicted_value'", "is predicted_value meant"),
        ("[columns]\npart = 'id'\n[constants]\npart = 'x'", "both a column and a constant"),
        ("[constants]\npage = 2020-01-01", "constants.page"),
        ("[csv]\nencoding = 'nope'", "not known"),
        ("[csv]\nencoding = 'base64'", "not known"),
        ("[csv]\ndelimiter = 5", "must be a text"),
        ('[csv]\ndelimiter = "\\n"', "one character"),
        ("[csv]\ndecimal = ''", "one character"),
    ],
)
def test_a_mapping_is_checked_before_a_row_is_read(drawings: Path, mapping: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_mapping(write_bytes(drawings / "m.toml", mapping))


BOX = [10, 20, 100, 40]
ANNOTATIONS: list[tuple[Any, str]] = [
    (None, "no object"),
    ([], "no object"),
    ({"bbox": None}, "four numbers"),
    ({"bbox": [1, 2, "3", 4]}, "four numbers"),
    ({"bbox": [True, 2, 3, 4]}, "four numbers"),
    ({"bbox": [1, 2, -3, 4]}, "no width"),
    ({"bbox": [1, 2, float("nan"), 4]}, "no width"),
    ({"bbox": [float("inf"), 2, 3, 4], "image_id": 3}, "none at all"),
    ({"bbox": [10, 20, 10**400, 40]}, "four numbers"),
    ({"bbox": BOX, "image_id": [3]}, "image is not in the file"),
    ({"bbox": BOX, "image_id": {}}, "image is not in the file"),
    ({"bbox": BOX, "image_id": 4}, "must be a file name"),
    ({"bbox": BOX, "image_id": 5}, "outside the drawings folder"),
    ({"bbox": BOX, "image_id": 3, "text": 5}, "without a text"),
    ({"bbox": BOX, "image_id": 3, "text": "\ud800"}, "surrogate"),
    ({"bbox": BOX, "image_id": 3, "score": "high"}, "predicted_confidence"),
    ({"bbox": BOX, "image_id": 3, "id": "x" * 300}, "id"),
    ({"bbox": BOX, "image_id": 3, "category_id": 2}, "detail_kind"),
]


@pytest.mark.parametrize(("annotation", "reason"), ANNOTATIONS, ids=range(len(ANNOTATIONS)))
def test_a_bad_annotation_is_reported(drawings: Path, annotation: Any, reason: str) -> None:
    good = {"id": 1, "image_id": 3, "bbox": BOX, "text": "M8"}
    annotation = {"text": "M8", **annotation} if isinstance(annotation, dict) else annotation
    found = {
        "annotations": [good, annotation],
        "images": [None, {"id": [1]}, {"id": 3, "file_name": "a.png"}, {"id": 4, "file_name": 5},
                   {"id": 5, "file_name": "../secret.png"}],
        "categories": [7, {"id": {}, "name": "x"}, {"id": 2, "name": 5}],
    }  # fmt: skip
    n_good, (bad,) = read(write_bytes(drawings / "c.json", json.dumps(found)))
    assert (n_good, bad[0]) == (1, 2)
    assert reason in bad[1]


def task(result: Any, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"image": "/data/a.png"}, "predictions": [{"result": result}], **fields}


REGION = {"text": ["M8"], "x": 10, "y": 20, "width": 30, "height": 5}
TASKS: list[tuple[Any, str]] = [
    (5, "without data"),
    (task([], data=5), "without data"),
    (task([], predictions=5), "without predictions"),
    (task([], predictions={}), "without predictions"),
    (task([], predictions=[5]), "without predictions"),
    (task({"a": 1}), "without predictions"),
    (task([{"value": 5}]), "without a value"),
    (task([{"value": {"text": []}}]), "without a text"),
    (task([{"value": {**REGION, "x": "1"}}]), "four numbers"),
    (task([{"value": {**REGION, "x": True}}]), "four numbers"),
    (task([{"value": {**REGION, "x": 10**400}}]), "four numbers"),
    (task([{"value": {**REGION, "x": float("nan")}}]), "none at all"),
    (task([{"value": {**REGION, "x": 99}}]), "within 0…1"),
    (task([{"value": REGION}], data={"image": "../../b.png"}), "is not in"),
    (task([{"value": {**REGION, "labels": [5]}}]), "detail_kind"),
]


@pytest.mark.parametrize(("bad_task", "reason"), TASKS, ids=range(len(TASKS)))
def test_a_bad_task_is_reported(drawings: Path, bad_task: Any, reason: str) -> None:
    good = task([{"id": "r", "value": REGION}], id=7)
    n_good, (bad,) = read(write_bytes(drawings / "l.json", json.dumps([good, bad_task])))
    assert (n_good, bad[0]) == (1, 2)
    assert reason in bad[1]


@pytest.mark.parametrize(
    "address", ["a.png", "https://h/x/a.png?sig=1", "/data/local-files/?d=x/a.png", "C:\\x\\a.png"]
)
def test_a_picture_is_found_by_the_name_in_its_address(drawings: Path, address: str) -> None:
    data = [task([{"id": "r", "value": REGION}], data={"id": 5, "image": address})]
    with spool_file(ImportOptions(write_bytes(drawings / "l.json", json.dumps(data)), "c"), lambda *_: None) as found:
        assert [path.name for _, path in found.drawings] == ["a.png"]


@pytest.mark.parametrize("form", ["coco", "labelstudio"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "empty"),
        ("null", "neither an array nor an object"),
        ('{"images": []}', "not a"),
        ('"x"', "neither an array nor an object"),
        ("[" * 100_000, "nests too deep|not a COCO"),
        ('{"images": ' + "[" * 100_000, "nests too deep"),
        ('{"images": [1,]}', "ends with a comma"),
        ('{"images": [1] "annotations": []}', "is missing"),
        ('{"images": [1', "in the middle"),
        ('{"images": [9' + "9" * 9000 + "]}", "64 bits"),
        ('{"images": [], "annotations": [],}', "ends with a comma"),
        ('{"images": [], "images": []}', "there twice"),
        ("{} {}", "behind its end"),
        (b'{"images": ["\xff"]}', "not utf-8"),
    ],
)
def test_a_document_that_is_none_is_refused(drawings: Path, form: str, data: str | bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read(write_bytes(drawings / "d.json", data), form)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), st.lists(JSON, max_size=5) | JSON, max_size=5), st.integers(1, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_a_stream_has_what_the_document_has(tmp_path: Path, document: dict[str, Any], chunk: int) -> None:
    path = write_bytes(tmp_path / "d.json", json.dumps(document, indent=chunk % 3 or None))
    arrays = {key: value for key, value in document.items() if isinstance(value, list)}
    seen: set[str] = set()
    assert list(stream_elements(path, frozenset(arrays), seen, chunk=chunk)) == [
        (key, item) for key, items in arrays.items() for item in items
    ]
    assert seen == set(arrays)
    write_bytes(path, json.dumps(list(document.values())))
    assert [item for _, item in stream_elements(path, frozenset({""}), chunk=chunk)] == list(document.values())


@given(st.binary(max_size=60) | st.text('[]{}",:1.eE-+ \\u\n', max_size=40).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_any_bytes_are_read_or_refused(drawings: Path, data: bytes) -> None:
    for form in ("jsonl", "csv", "coco", "labelstudio"):
        path = write_bytes(drawings / "any", data)
        with contextlib.suppress(InvalidInputError):
            good, bad = read(path, form)
            assert not good or b"predicted" in data or form != "jsonl"
            assert all(number and reason for number, reason in bad)


@pytest.mark.slow
def test_a_large_document_is_never_in_memory_as_a_whole(drawings: Path) -> None:
    images = [{"id": 3, "file_name": "a.png"}]
    many = [{"id": n, "image_id": 3, "bbox": BOX, "text": "M8", "note": "x" * 6000} for n in range(2000)]
    path = write_bytes(drawings / "c.json", json.dumps({"annotations": many, "images": images}))
    assert path.stat().st_size > 10_000_000
    del many
    tracemalloc.start()
    assert read(path)[0] == 2000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_a_folder_of_odd_files_is_reported_file_by_file(drawings: Path) -> None:
    write_bytes(drawings / "a.json", json.dumps({"predicted_value": {"text": "M8"}}))
    write_bytes(drawings / "b.json", "[1, null]")
    write_bytes(drawings / "d.json", b"\xff\xfe\x00")
    write_bytes(drawings / "e.json", "[" * 100_000)
    write_bytes(drawings / "c.JSON", json.dumps([{"predicted_value": {"text": "R5"}}]))
    (drawings / "f.json").mkdir()
    (drawings / "c.png").write_bytes(PNG)
    good, bad = read(drawings)
    assert good == 1
    reasons = [reason for _, reason in bad]
    assert [reason.split(":")[0] for reason in reasons] == ["b.json", "b.json", "c.JSON", "d.json", "e.json", "f.json"]
    assert "say which `drawing`: c.pdf, c.png" in reasons[2]


class Breaking(GonogoClient):
    """Loses the server after some requests for tasks."""

    def __init__(self, inner: GonogoClient, requests: int) -> None:
        self.__dict__.update(inner.__dict__)
        self.left = requests

    async def tasks_from_predictions(
        self, campaign_id: str, wanted: TasksFromPredictions, *, idempotency_key: str | None = None
    ) -> TasksMade:
        if not self.left:
            raise NetworkError("The server is gone.")
        self.left -= 1
        return await super().tasks_from_predictions(campaign_id, wanted)


@pytest.mark.slow
async def test_a_break_between_two_pieces_is_gone_on_from_and_said(client: GonogoClient, write: WriteLines) -> None:
    path = write(*(reading(id=f"{n}", truth={"text": "⌀16,5"}) for n in range(2100)))
    options = ImportOptions(path, "pmi", gold_from_truth=True)
    with pytest.raises(NetworkError) as caught:
        await import_file(Breaking(client, 1), options)
    assert "has 2000 new tasks of 2100" in caught.value.next_step
    assert "Run the same import again" in caught.value.next_step
    done = await import_file(client, options)
    assert (done.n_predictions_new, done.n_tasks + done.n_gold) == (0, 100)
    assert done.n_gold == 10  # a tenth of what was still to be made
    again = await import_file(client, options)
    assert (again.n_tasks, again.n_gold) == (0, 0)
