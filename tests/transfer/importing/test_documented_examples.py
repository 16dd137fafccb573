"""The examples of docs/importing.md are files that go in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gonogo.transfer.importing.csv_mapping import read_mapping
from gonogo.transfer.importing.spool import ImportOptions, spool_file
from tests.transfer.importing.conftest import PNG

DOCS = Path(__file__).parents[3] / "docs" / "importing.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("name", "number"), [("a.jsonl", 0), ("a.csv", 2), ("a-coco.json", 3), ("a-ls.json", 4)])
def test_an_example_is_good(tmp_path: Path, name: str, number: int) -> None:
    (tmp_path / "halter.png").write_bytes(PNG)
    path = tmp_path / name
    path.write_bytes(BLOCKS[number][1].encode("cp1252" if name == "a.csv" else "utf-8", "replace"))
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(BLOCKS[1][1], "utf-8")
    mapped = read_mapping(mapping) if name == "a.csv" else None
    with spool_file(ImportOptions(path, "c", mapping=mapped), lambda *_: None) as found:
        assert (found.n_good, found.bad) == (1, ())
        assert [file.name for _, file in found.drawings] == ["halter.png"]
