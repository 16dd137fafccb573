"""The operator's table of errors quotes sentences that the program has."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
TEXT = (REPO / "docs" / "troubleshooting.md").read_text("utf-8")
FIRST_CELLS = [line.split(" | ")[0] for line in TEXT.splitlines() if line.startswith("| ")]
QUOTES = [quote for cell in FIRST_CELLS for quote in re.findall(r"`([^`]*)`", cell) if " " in quote and quote[0] != "/"]


@functools.cache
def strings_of_the_program() -> str:
    """All string literals of the source, parts of f-strings on their own, one a line."""
    literals = [
        node.value
        for path in (REPO / "src" / "gonogo").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "\n".join(literals)


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quoted_error_is_one_of_the_programs(quote: str) -> None:
    assert quote in strings_of_the_program()


def test_each_row_says_what_to_do() -> None:
    rows = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
    assert len(QUOTES) >= 25
    assert [row for row in rows if len(row) != 3 or not all(cell.strip() for cell in row)] == []
