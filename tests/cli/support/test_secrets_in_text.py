"""Keys, tokens and links are taken out of what is said; ids, names and paths stay."""

from __future__ import annotations

import uuid

import pytest

from gonogo.cli.support.secrets_in_text import without_secrets

TOKEN = "gnm_" + "aZ9-_bQ4" * 5


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"`{TOKEN}`",
        f"'ak_live_x9_{TOKEN}'",
        f"https://a.example/j#token={TOKEN}",
        f"see http://a/?token={TOKEN} now",
    ],
)
def test_a_secret_is_gone_and_the_words_around_it_stay(text: str) -> None:
    shown = without_secrets(f"There is no campaign {text}.")
    assert TOKEN not in shown
    assert shown.startswith("There is no campaign ")
    assert "(a secret)" in shown


@pytest.mark.parametrize(
    "text",
    [
        str(uuid.UUID(int=5, version=4)),
        "3f9c" * 16,
        "/srv/Drawings/2026/LIU0010-a-very-long-name-of-a-sheet-Rev9.pdf",
        "Pumpengehaeuse-Deckel-Zeichnung-lang",
        "https://label.example.com/api/v1/parts/labeling/campaigns",
    ],
)
def test_ids_names_and_paths_stay(text: str) -> None:
    assert without_secrets(text) == text
