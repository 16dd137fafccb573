"""The page of the manual on keys."""

from __future__ import annotations

from pathlib import Path

from gonogo.tui.keys_doc import keys_page


def test_the_page_of_the_manual_is_the_registry() -> None:
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), "python -m gonogo.tui.keys_doc > docs/keys.md"
