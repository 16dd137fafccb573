"""Documentation that must agree with the code: layers, links, paths."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PAGES = sorted([REPO / "README.md", *(REPO / "docs").rglob("*.md")])
PACKAGE = REPO / "src" / "gonogo"


def test_the_layers_of_the_architecture_page_are_those_of_the_import_contract() -> None:
    page = (REPO / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```layers\n(.*?)```", page, re.DOTALL)
    assert block is not None
    settings = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("Client side, one way"))
    assert block.group(1).split("\n")[:-1] == layers


def test_the_architecture_page_names_every_package() -> None:
    page = (REPO / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in packages if f"| `{name}` |" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_links_and_paths_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    dead = {link for link in links if link and not (page.parent / link).exists()}
    code = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text))
    files = [str(path) for root in ("src", "tests") for path in (REPO / root).rglob("*.py")]
    dead |= {path for path in code if not any(file.endswith("/" + path) for file in files)}
    assert dead == set()


def test_each_promise_has_tests_and_they_exist() -> None:
    rows = [
        line.strip("| ").split(" | ")
        for line in (REPO / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| promise")
    ]
    assert len(rows) >= 20
    unheld = [cells[0] for cells in rows if "::" not in cells[-1]]
    named = [tuple(entry.split("::")) for cells in rows for entry in re.findall(r"`(tests/[^`]+)`", cells[-1])]
    defined = {path: _functions(REPO / path) for path, _ in named}
    missing = [f"{path}::{name}" for path, name in named if name not in defined[path]]
    assert (unheld, missing) == ([], [])


def _functions(path: Path) -> set[str]:
    if not path.exists():
        return set()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
