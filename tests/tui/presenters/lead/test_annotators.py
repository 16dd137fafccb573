"""Texts of the annotators screen at narrow widths."""

from __future__ import annotations

import pytest

from gonogo.json_types import JsonObject
from gonogo.schemas.labeling import AnnotatorQuality
from gonogo.schemas.review import AnnotatorState
from gonogo.tui.presenters.lead.annotators import AnnotatorRecord, details


@pytest.mark.parametrize("width", [34, 44, 100])
def test_explanations_of_figures_stand_in_a_column_of_their_own(width: int) -> None:
    state = AnnotatorState(voter_id="u", email="ana@example.com", kind="annotator", n_submissions=40)
    quality = AnnotatorQuality(
        annotator_user_id="u", reliability=0.91, gold_accuracy=0.9, consensus_agreement=0.88, n_submissions=40
    )
    signs: JsonObject = {"n_gold_answers": 3, "too_fast_share": 0.02}
    lines = details(AnnotatorRecord(state, quality, signs), (), {}, width).plain.splitlines()
    figures = lines[lines.index("") + 1 : lines.index("flags") - 1]
    assert max(map(len, figures)) <= width
    words = " ".join(" ".join(line[21:] for line in figures).split())
    assert (
        words == "mean share right needs 10 gold answers; has 3 with the consensus of all of the votes under a second"
    )
    assert (len(figures) == 5) == (width == 100)
