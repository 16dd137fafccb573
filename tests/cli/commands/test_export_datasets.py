"""`gonogo export --format datasets`: the folder, read back by what reads such files."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from gonogo.cli.support.api_client import open_client
from gonogo.client.lookup import find_campaign
from gonogo.schemas.labeling import LabelSubmit
from gonogo.schemas.review import RulingCreate
from gonogo.transfer.exporting.datasets_folder.splits import parse_shares, split_of
from tests.cli.conftest import READINGS, Gonogo
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer

DATASETS = ("--format", "datasets", "--out")


async def answer(campaign: str) -> None:
    """A vote that is overruled, as a person of another name gave it, and a note with it."""
    async with open_client(None) as client:
        source = await find_campaign(client, campaign)
        tasks = {str(task.predicted_value): task for task in (await client.list_tasks(source.id)).data}
        task = tasks[str(READINGS[0]["predicted_value"])]
        await client.submit(task.id, LabelSubmit(verdict="incorrect", corrected_value={"text": "⌀18"}))
        await client.rule(task.id, RulingCreate(verdict="incorrect", corrected_value={"text": "⌀16,5 H7"}))


def parquet(folder: Path, split: str = "train") -> Any:
    """The table of a split, of all its files."""
    reader = pytest.importorskip("pyarrow.parquet")
    return reader.read_table(sorted((folder / "data").glob(f"{split}-*")))


def front_matter(folder: Path) -> Any:
    _before, matter, _card = (folder / "README.md").read_text().split("---\n", 2)
    return pytest.importorskip("yaml").safe_load(matter)


def test_the_folder_holds_typed_rows_and_a_card_that_says_how_they_came_about(
    gonogo: Gonogo, imported: Path, tmp_path: Path
) -> None:
    asyncio.run(answer("pmi"))
    out, again = tmp_path / "dataset", tmp_path / "again"
    told = gonogo.json("export", "pmi", *DATASETS, str(out))
    assert (told["n_tasks"], told["splits"]) == (4, {"train": 4})
    assert [path.name for path in sorted(out.rglob("*")) if path.is_file()] == [
        "README.md",
        "train-00000-of-00001.parquet",
    ]
    table = parquet(out)
    first, *rest = sorted(table.to_pylist(), key=lambda row: row["predicted_confidence"], reverse=True)
    assert (first["verdict"], first["predicted_text"], first["value_text"]) == ("incorrect", "⌀16,5", "⌀16,5 H7")
    assert (first["box"], first["box_unit"], first["kind"]) == ([10, 20, 110, 60], "drawing", "dimension")
    assert first["votes"] == [
        {
            "annotator": "a1",
            "verdict": "incorrect",
            "value_text": "⌀18",
            "confidence": None,
            "duration_ms": None,
            "counted": True,
        }
    ]
    assert {row["verdict"] for row in rest} == {None}
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == table.column_names
    matter = front_matter(out)
    assert [feature["name"] for feature in matter["dataset_info"]["features"]] == table.column_names
    (split,) = matter["dataset_info"]["splits"]
    assert (split["name"], split["num_examples"]) == ("train", 4)
    assert split["num_bytes"] == pytest.approx(table.nbytes, rel=0.1)
    assert matter["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}]
    assert "license" not in matter
    card = (out / "README.md").read_text()
    for words in (
        "| train | 4 | 1 | 0 | 1 | 0 | 3 |",
        "3 votes a question, by 1 person",
        "readings.jsonl",
        "## Licence",
    ):
        assert words in card
    gonogo("export", "pmi", *DATASETS, str(again))
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(out)).read_bytes(), path


def test_hidden_gold_is_left_out_and_said(gonogo: Gonogo, readings: Path, tmp_path: Path) -> None:
    gonogo("import", str(readings), "--campaign", "gold", "--gold-from-truth", "--gold-fraction", "0.3")
    n_gold = sum(json.loads(line)["is_gold"] for line in gonogo("export", "gold").stdout.splitlines())
    out = tmp_path / "dataset"
    told = gonogo.json("export", "gold", *DATASETS, str(out))
    assert (told["n_gold"], told["n_tasks"] > 0) == (n_gold, True)
    assert "of hidden gold left out" in (out / "README.md").read_text()
    assert len(parquet(out)) == told["n_tasks"]


def test_each_box_has_its_picture(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    sheet = Image.new("L", (800, 400), 255)
    ImageDraw.Draw(sheet).rectangle((10, 20, 110, 60), fill=0)
    scans = tmp_path / "scans"
    scans.mkdir()
    sheet.save(scans / "a.png")
    out = tmp_path / "dataset"
    gonogo("export", "pmi", *DATASETS, str(out), "--crops", "--drawings", str(scans))
    table = parquet(out)
    assert json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]["image"] == {"_type": "Image"}
    row = table.to_pylist()[0]
    with Image.open(io.BytesIO(row["image"]["bytes"])) as picture:
        grey = picture.convert("L").resize((50, 50))
    dark = sum(value < 128 for value in grey.tobytes()) / 2500
    assert 0.5 < dark < 0.85, "the box and a little around it"
    x0, y0, x1, y1 = row["image_box"]
    assert (x0 <= 10 / 800, y0 <= 20 / 400, x1 >= 110 / 800, y1 >= 60 / 400) == (True,) * 4
    assert x1 - x0 < 0.2
    words = gonogo("export", "pmi", *DATASETS, str(tmp_path / "without"), "--crops").stderr
    assert "4 without an image" in words, "the server's own drawing is no picture"
    assert parquet(tmp_path / "without").column("image").null_count == 4


def test_a_part_stands_in_one_split(gonogo: Gonogo, tmp_path: Path) -> None:
    lines = [
        {"id": f"{part}-{n}", "part": f"part {part}", "field_name": "x", "predicted_value": {"text": str(n)}}
        for part in range(30)
        for n in range(2)
    ]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    gonogo("import", str(file), "--campaign", "many")
    out = tmp_path / "dataset"
    splits = gonogo.json("export", "many", *DATASETS, str(out), "--split", "60/20/20")["splits"]
    assert list(splits) == ["train", "validation", "test"]
    parts = {name: set(parquet(out, name).column("part").to_pylist()) for name in splits}
    assert sum(len(names) for names in parts.values()) == len(set().union(*parts.values())) == 30
    assert (
        not parts["train"] & parts["test"] | parts["train"] & parts["validation"] | parts["test"] & parts["validation"]
    )


@given(st.text(), st.lists(st.integers(1, 100), min_size=2, max_size=3))
def test_every_part_has_a_split_and_keeps_it(part: str, numbers: list[int]) -> None:
    shares = parse_shares("/".join(map(str, numbers)))
    assert split_of(part, shares) == split_of(part, shares)
    assert split_of(part, shares) in dict(shares)


def test_a_folder_is_replaced_only_when_asked_and_only_a_dataset(
    gonogo: Gonogo, imported: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    gonogo("export", "pmi", *DATASETS, str(out))
    before = (out / "README.md").read_bytes()
    assert "not empty" in gonogo("export", "pmi", *DATASETS, str(out), code=2).stderr
    gonogo("campaign", "close", "pmi", "--yes")
    gonogo("export", "pmi", *DATASETS, str(out), "--overwrite")
    assert (out / "README.md").read_bytes() != before
    nothing = gonogo("export", "pmi", *DATASETS, str(out), "--golden", "--overwrite", code=2).stderr
    assert "Nothing is promoted yet" in nothing
    (out / "data" / "thesis.txt").write_text("mine")
    assert "thesis.txt" in gonogo("export", "pmi", *DATASETS, str(out), "--overwrite", code=2).stderr
    assert "/ is mounted" in gonogo("export", "pmi", *DATASETS, "/", "--overwrite", code=2).stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"dataset"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".dataset")]
    assert len(parquet(out)) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "datasets"), "a dataset is a folder"),
        ((*DATASETS, "d", "--drawings", "."), "--drawings goes with --crops"),
        ((*DATASETS, "d", "--split", "80"), "no split"),
        ((*DATASETS, "d", "--split", "0/100"), "no split"),
        ((*DATASETS, "d", "--manifest", "m.json"), "one file"),
        ((*DATASETS, "d", "--follow"), "JSON Lines"),
        (("--crops",), "go with --format datasets"),
        (("--out", "."), "is a folder"),
    ],
)
def test_what_does_not_go_together_is_said(
    gonogo: Gonogo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in gonogo("export", "pmi", *arguments, code=2).stderr
    assert list(tmp_path.iterdir()) == []


async def test_a_plain_server_gives_rows_without_votes(gonogo: Gonogo, tmp_path: Path) -> None:
    async with ScriptedServer(Arcnm()) as server:
        env = {"GONOGO_BASE_URL": server.url, "GONOGO_API_KEY": KEY}
        lines = tmp_path / "lines.jsonl"
        lines.write_text(json.dumps({"id": "1", "field_name": "x", "predicted_value": {"text": "M8"}}) + "\n")
        await asyncio.to_thread(gonogo, "import", str(lines), "--campaign", "plain", env=env)
        out = tmp_path / "dataset"
        done = await asyncio.to_thread(gonogo, "export", "plain", *DATASETS, str(out), env=env)
    assert "lists no votes" in done.stderr
    (row,) = parquet(out).to_pylist()
    assert (row["predicted_text"], row["votes"], row["n_votes"]) == ("M8", [], 0)
