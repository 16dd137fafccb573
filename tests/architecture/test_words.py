"""Words that people read: phrases that were replaced by plain ones stay away from screens, errors and the manual."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
REPLACED = (
    *("no question left for you", "the queue is asked again", "Key r ", "wait on this computer to be sent"),
    *("is on its way …", "does not tell", "told at once", "who makes them by ruling", "No error was let pass"),
    *("Standing: ", "of the last 1", "from 1: differs", "uphold · ", "now → ruled", "with nobody, over"),
    *("what needs an expert ·", "its doubt is not told", "voted twice", "nothing can be said below", "person's part"),
    *("Esc leaves", "a token without an address", "not valid (any more)", "broken off: ", "as it was read ·"),
    *("send as is", "server's keeper", "is told", "where JSON was due"),
)


def strings(file: Path) -> list[str]:
    """Texts of a module without its docstrings; those of commands are help, and stay."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [str(node.value) for node in texts if "commands" in file.parts or id(node) not in statements]


def test_no_replaced_phrase_is_read_anywhere() -> None:
    texts = [(str(file.relative_to(ROOT)), text) for file in (ROOT / "src").rglob("*.py") for text in strings(file)]
    texts += [(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in (ROOT / "docs").glob("*.md")]
    texts.append(("README.md", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(texts) > 5000
    left = [(where, phrase) for where, text in texts for phrase in REPLACED if phrase.casefold() in text.casefold()]
    assert left == []
