"""Numbers in sentences: a noun behind a number comes from `counted`, so that nobody reads `1 tasks`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "gonogo"
NOUNS = "answer case claim copie drawing error item link line note person prediction question row ruling task vote"
NOT_NUMBERS = {"at", "one_line(filters.status, 20)"}
PLURAL = re.compile(rf"^ (?:{'|'.join(NOUNS.split())})s\b")


def _bare_plurals(tree: ast.Module) -> Iterator[ast.JoinedStr]:
    """F-strings with a plural right behind a number that may be 1: neither a constant nor chosen by a condition."""
    chosen = {id(part) for node in ast.walk(tree) if isinstance(node, ast.IfExp) for part in (node.body, node.orelse)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr) or id(node) in chosen:
            continue
        for at, (number, words) in enumerate(zip(node.values, node.values[1:], strict=False)):
            before = node.values[at - 1] if at else None
            is_share = isinstance(before, ast.Constant) and str(before.value).endswith(" of ")
            is_number = isinstance(number, ast.FormattedValue) and not is_share
            if is_number and isinstance(words, ast.Constant) and PLURAL.match(str(words.value)):
                name = ast.unparse(number.value) if isinstance(number, ast.FormattedValue) else ""
                if not name.lstrip("_").isupper() and name not in NOT_NUMBERS:
                    yield node


def test_no_noun_stands_in_the_plural_behind_a_number_that_may_be_one() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in _bare_plurals(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
