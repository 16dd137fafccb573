"""What a Label Studio ML backend reads on the pictures of a folder, from the real backend to the campaign."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import math
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from PIL import Image, ImageDraw

from gonogo.client.errors import GonogoClientError, NetworkError, UnexpectedAnswerError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.server.run import bind
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.ml_backend.label_config import picture_field
from gonogo.transfer.importing.ml_backend.predict_drawings import BackendSource, import_predictions
from gonogo.transfer.importing.records import BadFileError
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.progress_callback import no_progress
from tests.server.live import uvicorn_serving
from tests.support.label_studio_backend import Backend, as_json, reading

Import = Callable[..., Any]


def download(task: dict[str, Any]) -> bytes:
    """The picture, as `get_local_path` of Label Studio's SDK gets it."""
    address = task["data"]["image"]
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address) as answer:
        data: bytes = answer.read()
    return data


def read_name(task: dict[str, Any]) -> dict[str, Any]:
    """One reading: the end of the picture's bytes."""
    text = download(task).rstrip(b"\0")[-1:].decode()
    return {"result": reading(f"M{text}", uuid.uuid4().hex[:4], score=0.5), "score": 0.9, "model_version": "ocr-2"}


def served(backend: Backend) -> AbstractContextManager[int]:
    return uvicorn_serving(backend.app)


@pytest.fixture
def ask(client: GonogoClient, drawings: Path) -> Import:
    """Imports what the backend reads on the drawings `a.png` and `deep/b.png`, which have each their own last byte."""
    (drawings / "c.pdf").unlink()

    async def ask(backend: Backend, *, times: int = 1, kept_in: Path | None = None, **more: Any) -> ImportResult:
        options = ImportOptions(drawings, campaign="ocr", drawings=drawings)
        changes = {name: more.pop(name) for name in list(more) if hasattr(options, name)}
        with served(backend) as port:
            source = BackendSource(f"http://127.0.0.1:{port}", **more)
            for _ in range(times):
                result = await import_predictions(client, source, replace(options, **changes), no_progress, kept_in)
        return result

    return ask


async def exported(client: GonogoClient, campaign_id: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    async for piece in client.export_lines(campaign_id):
        lines += [json.loads(line) for line in piece.splitlines()]
    return lines


async def test_each_picture_is_fetched_read_and_asked_about_once(ask: Import, client: GonogoClient) -> None:
    backend = Backend(read_name)
    result = await ask(backend)
    assert (result.n_tasks, result.n_drawings) == (2, 2)
    assert "2 sheets (model ocr-1)" in " ".join(result.notes)
    assert any("'liar.pdf' is no PNG" in note for note in result.notes)
    lines = await exported(client, result.campaign_id)
    assert {line["predicted_value"]["text"] for line in lines} == {"Ma", "Mb"}
    assert {line["part"] for line in lines} == {"a", "deep/b"}
    assert lines[0]["drawing_bbox"] == pytest.approx([0.1, 0.2, 0.15, 0.22])
    assert (lines[0]["detail_kind"], lines[0]["predicted_confidence"]) == ("dimension", 0.5)
    assert [setup["schema"][:5] for setup in backend.setups] == ["<View"]
    sent = {name for headers in backend.headers for name in headers}
    assert not sent & {"authorization", "x-api-key", "cookie"}


async def test_the_same_backend_a_second_time_adds_nothing(ask: Import) -> None:
    again = await ask(Backend(read_name), times=2)
    assert (again.n_tasks, again.n_predictions_new, again.n_predictions_known) == (0, 0, 2)


async def test_a_newer_model_updates_what_nobody_has_seen(ask: Import, client: GonogoClient) -> None:
    await ask(Backend(read_name))
    newer = Backend(lambda task: {"result": reading("R1", "x"), "model_version": "ocr-3"})
    result = await ask(newer, update=True)
    assert result.updates is not None
    assert (result.updates.n_updated, result.n_tasks) == (2, 0)
    lines = await exported(client, result.campaign_id)
    assert [line["updates"][0]["after"]["source"] for line in lines] == ["ocr-3", "ocr-3"]


@pytest.mark.parametrize(
    ("pictures", "value"),
    [("inline", "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()[:8]),
     ("local-files", "/data/local-files/?d=")],
)  # fmt: skip
async def test_pictures_go_the_way_that_was_chosen(ask: Import, pictures: str, value: str) -> None:
    backend = Backend(lambda task: {"result": reading("M8", "r")})
    assert (await ask(backend, pictures=pictures)).n_tasks == 2
    assert all(task["data"]["image"].startswith(value) for task in backend.tasks)
    if pictures == "local-files":
        assert [task["data"]["image"].partition("?d=")[2] for task in backend.tasks] == ["a.png", "deep/b.png"]


async def test_only_pictures_of_this_import_are_served(ask: Import) -> None:
    refused: list[int] = []

    def pry(task: dict[str, Any]) -> None:
        home = "/".join(task["data"]["image"].split("/")[:4])
        for path in ("/../secret.png", "/9/secret.png", "/0/../../secret.png"):
            try:
                urllib.request.urlopen(home + path)
            except urllib.error.HTTPError as error:
                refused.append(error.code)
                error.close()

    with pytest.raises(BadFileError, match="read nothing on 2 sheets"):
        await ask(Backend(pry))
    assert refused == [404] * 6


async def test_places_of_all_shapes_become_boxes(ask: Import, client: GonogoClient) -> None:
    turned = reading("R", "turned", value={"x": 50, "y": 50, "width": 10, "height": 10, "rotation": 90})
    polygon = [
        {"id": "p", "type": "polygon", "value": {"points": [[10, 10], [20, 12], [15, 30]]}},
        {"id": "p", "type": "textarea", "value": {"text": ["P"], "labels": ["note"]}},
    ]
    beyond = reading("B", "beyond", x=95.5, y=98.5)
    twice = reading("T", "t1", y=70) + reading("T", "t2", y=70)
    backend = Backend(lambda task: {"result": turned + polygon + beyond + twice, "score": math.nan})
    result = await ask(backend, campaign="shapes")
    boxes = {line["predicted_value"]["text"]: line for line in await exported(client, result.campaign_id)}
    assert result.n_tasks == 8
    # 10 % of 1000 pixels across and 10 % of 500 down, turned about the top left corner
    assert boxes["R"]["drawing_bbox"] == pytest.approx([0.45, 0.5, 0.5, 0.7])
    assert boxes["P"]["drawing_bbox"] == pytest.approx([0.1, 0.1, 0.2, 0.3])
    assert boxes["B"]["drawing_bbox"] == pytest.approx([0.955, 0.985, 1, 1])
    assert boxes["P"]["detail_kind"] == "note"
    assert boxes["P"]["predicted_confidence"] is None


UNUSABLE: list[tuple[Callable[[Any], Response], str]] = [
    (lambda body: Response("<h1>502 nginx</h1>", 200, media_type="text/html"), "instead of JSON"),
    (lambda body: Response("KeyError: 'ocr'", 500), "The server failed: KeyError"),
    (lambda body: as_json({"results": 7}), "results"),
    (lambda body: as_json({"results": [{"result": []}, {"result": []}]}), "one task with 2 results"),
    (lambda body: as_json({"results": [{"value": 1}]}), "no list of results"),
    (lambda body: as_json({"results": [{"task": 77, "result": []}]}), "is for task 77"),
    (lambda body: as_json({"results": [{"result": reading("", "r")}]}), "without a text"),
    (lambda body: as_json({"results": [{"result": reading("M8", "r", value={"x": math.nan})}]}), "four numbers"),
    (lambda body: as_json({"results": [{"result": reading("M8", "r", x=400)}]}), "within 0…1"),
    (lambda body: as_json({"results": [{"result": reading("M8", "r", score=87)}]}), "predicted_confidence"),
]


async def test_an_answer_that_cannot_be_used_is_named_and_nothing_is_imported(
    ask: Import, client: GonogoClient
) -> None:
    for answer, reason in UNUSABLE:
        backend = Backend(lambda task: None)
        backend.answer = answer
        result = await ask(backend)
        assert not result.imported
        assert reason in result.bad[0].reason
    assert (await client.list_campaigns()).data == []


async def test_a_bad_picture_is_left_out_on_demand(ask: Import) -> None:
    def read(task: dict[str, Any]) -> dict[str, Any]:
        if task["id"] == 1:
            return {"result": reading("M8", "r", value={"rotation": 30}, original_width=None)}
        return {"result": reading("M8", "r")}

    result = await ask(Backend(read), skip_bad=True)
    assert (result.n_tasks, len(result.bad)) == (1, 1)
    assert "original_width" in result.bad[0].reason


async def test_a_backend_that_cannot_fetch_hears_of_the_other_ways(ask: Import) -> None:
    backend = Backend(lambda task: None)
    backend.answer = lambda body: Response("No route to host", 500)
    assert "--pictures inline" in (await ask(backend)).bad[0].reason


async def test_what_is_no_backend_is_said_before_anything_is_sent(
    ask: Import, client: GonogoClient, drawings: Path
) -> None:
    page = Backend(read_name)
    page.health = Response("<html>Welcome</html>", media_type="text/html")
    with pytest.raises(UnexpectedAnswerError, match="is no Label Studio ML backend"):
        await ask(page)
    locked = Backend(read_name)
    locked.health = Response("Unauthorized", 401)
    with pytest.raises(GonogoClientError) as error:
        await ask(locked)
    assert "BASIC_AUTH_USER" in error.value.next_step
    with closing(bind("127.0.0.1", 0)) as port:
        nobody = BackendSource(f"http://127.0.0.1:{port.getsockname()[1]}")
    options = ImportOptions(drawings, campaign="ocr", drawings=drawings)
    shown: list[tuple[str, int, int]] = []
    asked = import_predictions(client, nobody, options, lambda *progress: shown.append(progress))
    with pytest.raises(NetworkError, match="isn't up"):
        await asyncio.wait_for(asked, 20)
    assert shown == [("predicted", 0, 2)], "a person sees what the command waits for"
    empty = drawings / "empty"
    empty.mkdir()
    with pytest.raises(BadFileError, match="no drawing in"):
        await import_predictions(client, nobody, replace(options, drawings=empty), no_progress)


async def test_pages_of_a_pdf_are_rendered_and_boxes_come_back_to_the_page(
    ask: Import, client: GonogoClient, drawings: Path
) -> None:
    """Two pages with a black square each; the backend reads where it sees it."""

    def read(task: dict[str, Any]) -> dict[str, Any] | None:
        with Image.open(io.BytesIO(download(task))) as picture:
            dark = picture.convert("L").point(lambda grey: 255 * (grey < 128)).getbbox()
            assert dark is not None
            x0, y0, x1, y1 = dark
            value = {"x": x0 / picture.width * 100, "y": y0 / picture.height * 100}
            size = {"width": (x1 - x0) / picture.width * 100, "height": (y1 - y0) / picture.height * 100}
        return {"result": reading(f"square {task['id']}", "r", value=value | size)}

    for name in ("a.png", "deep/b.png"):
        (drawings / name).unlink()
    pages = [Image.new("L", (800, 400), 255) for _ in range(2)]
    for place, page in enumerate(pages):
        ImageDraw.Draw(page).rectangle((200 + 400 * place, 100, 279 + 400 * place, 139), fill=0)
    pages[0].save(drawings / "sheet.pdf", save_all=True, append_images=pages[1:])
    result = await ask(Backend(read))
    assert "2 sheets" in " ".join(result.notes)
    lines = sorted(await exported(client, result.campaign_id), key=lambda line: str(line["predicted_value"]))
    assert [line["drawing"] for line in lines] == ["sheet.pdf", "sheet.pdf"]
    assert lines[0]["drawing_bbox"] == pytest.approx([0.25, 0.25, 0.35, 0.35], abs=0.002)
    assert lines[1]["drawing_bbox"] == pytest.approx([0.75, 0.25, 0.85, 0.35, 2], abs=0.002)


async def test_a_drawing_that_cannot_be_rendered_is_a_bad_line(ask: Import, drawings: Path) -> None:
    (drawings / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    result = await ask(Backend(read_name))
    assert not result.imported
    assert "broken.pdf: it can't be rendered" in result.bad[0].reason


async def test_a_run_that_failed_goes_on_behind_what_it_has(
    client: GonogoClient, drawings: Path, tmp_path: Path
) -> None:
    (drawings / "c.pdf").unlink()
    options = ImportOptions(drawings, campaign="ocr", drawings=drawings)
    broken: set[str] = {"b.png"}

    def read(task: dict[str, Any]) -> dict[str, Any] | None:
        if task["data"]["image"].rsplit("/", 1)[1] in broken:
            raise RuntimeError("out of memory")
        return read_name(task)

    backend = Backend(read)
    with served(backend) as port:
        source = BackendSource(f"http://127.0.0.1:{port}")

        async def run() -> ImportResult:
            return await import_predictions(client, source, options, no_progress, tmp_path / "kept")

        assert not (await run()).imported
        assert len(list((tmp_path / "kept").iterdir())) == 1
        broken.clear()
        (drawings / "a.png").write_bytes((drawings / "a.png").read_bytes() + b"A")  # another drawing now
        again = await run()
        assert not any("in the run before" in note for note in again.notes)
        assert list((tmp_path / "kept").iterdir()) == []
        broken.add("b.png")
        await run()
        broken.clear()
        backend.tasks.clear()
        assert any("1 of them in the run before" in note for note in (await run()).notes)
        assert [task["data"]["image"].rsplit("/", 1)[1] for task in backend.tasks] == ["b.png"]
        backend.answer = lambda body: as_json({"results": [{"result": reading("", "r")}]})
        assert len((await run()).bad) == 2
        backend.answer = None
        assert (await run()).imported, "an answer that could not be used is asked for again"
        backend.version = "ocr-9"
        backend.tasks.clear()
        await run()
        assert len(backend.tasks) == 2


def test_the_configuration_says_where_the_picture_goes() -> None:
    assert picture_field('<View><Image name="i" value="$ocr"/></View>') == "ocr"
    for broken in ("<View>", "<View/>", '<View><Image name="i" value="x"/></View>', "{}"):
        with pytest.raises(BadFileError):
            picture_field(broken)
