"""What the manual for annotators promises holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from gonogo.cli.commands.work.outbox import outbox
from gonogo.tui.actions import BY_ID, key_name
from gonogo.tui.presenters.common.key_hints import SYMBOLS_BY_LETTER
from gonogo.values import format_text, parse
from gonogo.values.symbols import GLYPH_OF, PALETTE, characteristic
from tests.docs.keys_card import keys_card

CARD = Path(__file__).parents[2] / "docs" / "keys-card.html"
PAGE = (Path(__file__).parents[2] / "docs" / "annotating.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    """The rows under the table head that begins with `head`."""
    rows = PAGE.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def plain(cell: str) -> str:
    return cell.strip("`").replace("\\|", "|")


@pytest.mark.parametrize(("typed", "read"), table("You type"))
def test_every_notation_is_understood_as_it_says(typed: str, read: str) -> None:
    parsed = parse(plain(typed))
    assert parsed.ok
    assert format_text(parsed.value) == plain(read)


@pytest.mark.parametrize(("sign", "names"), table("Sign"))
def test_every_spelled_name_is_its_sign(sign: str, names: str) -> None:
    for name in re.findall("`([^`]+)`", names):
        known = GLYPH_OF.get(characteristic(name)) or next(one.glyph for one in PALETTE if name in one.aliases)
        assert known == sign


def test_keys_letters_and_commands_are_the_programs() -> None:
    for (key, answer, *_), action in zip(table("Key | Answer"), ("correct", "incorrect", "fix", "unsure"), strict=True):
        assert plain(key) in BY_ID[f"annotate.{action}"].keys, answer
    for key, action in (("F3", "diameter"), ("F4", "sign"), ("F5", "tolerance"), ("F6", "comma"), ("F7", "unit")):
        assert key_name(BY_ID[f"edit.{action}"].keys[0]) == key
    for key, action in (("a", "again"), ("r", "resend"), ("x", "drop"), ("w", "open_only")):
        assert key in BY_ID[f"history.{action}"].keys
    letters = SYMBOLS_BY_LETTER
    assert re.findall(r"`(\w)` ([⌀±°×⌖])", PAGE) == [(letter, letters[letter]) for letter in "abcde"]
    named = set(re.findall(r"gonogo outbox (\w+)", PAGE))
    assert named <= set(outbox.commands)


def test_the_sheet_of_keys_is_the_registrys() -> None:
    assert CARD.read_text(encoding="utf-8") == keys_card(), "python -m tests.docs.keys_card > docs/keys-card.html"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser here")
def test_the_sheet_of_keys_prints_on_one_page(tmp_path: Path) -> None:
    target = tmp_path / "card.pdf"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={tmp_path}"]
    command = ["chromium", *options, f"--print-to-pdf={target}", CARD.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with pdfium.PdfDocument(target) as document:
        assert len(document) == 1
        width, height = document[0].get_size()
        assert (round(width), round(height)) == (595, 842)  # A4 in points
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", CARD.read_text(encoding="utf-8"))) == {"#000", "#fff"}
