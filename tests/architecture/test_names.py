"""Names of the source tree: one public class name for one thing, and files of a readable size."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SOURCES = sorted((REPO / "src" / "gonogo").rglob("*.py"))

PUBLISHED = {"Token"}
"""Names of a published contract (component names of the OpenAPI), which may also be a term of another field."""


def test_a_public_class_name_is_unique() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(REPO)))
    assert {name: files for name, files in places.items() if len(files) > 1 and name not in PUBLISHED} == {}


@pytest.mark.parametrize("root", ["src", "tests"])
def test_no_file_is_longer_than_400_lines(root: str) -> None:
    """A migration is frozen: it repeats all tables as they were, in one file."""
    lengths = {
        str(path.relative_to(REPO)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (REPO / root).rglob("*.py")
        if "versions" not in path.parts
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_every_module_with_code_has_a_docstring() -> None:
    missing = [
        str(path.relative_to(REPO))
        for path in SOURCES
        if (tree := ast.parse(path.read_text(encoding="utf-8"))).body and not ast.get_docstring(tree)
    ]
    assert missing == []
