"""Real readings: every reading of the real drawings against the value that a person confirmed."""

from __future__ import annotations

import json

import pytest

from gonogo.values import Kind, canonical_key, equal, format_text, from_json, parse, to_json, typeset
from tests.shared_material import DRAWINGS

# The notations of the real readings, each judged by a person: reading, truth, do they ask for the same part?
JUDGED = [
    ("550", "⌀550 A3", False), ("Ø550 A3", "⌀550 A3", True), ("45°", "45°", True),
    ("0.00 35.00-0.20", "0.00 35.00-0.20", True), ("35.00 0.00 -0.20", "0.00 35.00-0.20", True),
    ("2x⌀8.80H8", "2x⌀8,80H8", True), ("2xØ8.80 H8", "2x⌀8,80H8", True), ("2xØ4.80 +0.1 0", "2x⌀4.80 +0.1 0", True),
    ("70", "70", True), ("70 REF", "70", False), ("⌀5", "⌀15", False), ("Ø15", "⌀15", True), ("15", "⌀15", False),
    ("00", "100", False), ("100 REF", "100", False), ("R70", "R70", True), ("R70 REF", "R70", False),
    ("⌀6(", "⌀60", False), ("Ø66", "⌀60", False), ("60", "⌀60", False), ("⌀/40", "⌀40", False), ("Ø40", "⌀40", True),
    ("CH 5", "CH5", True), ("140", "⌀140", False), ("12.5", "12,5", True), ("12,5", "12,5", True),
    ("16.5 +0.1 0", "⌀16,5 +0,1 0", False), ("Ø16,5 +0,1 0", "⌀16,5 +0,1 0", True),
    ("16,5 +0,1 0", "⌀16,5 +0,1 0", False), ("2x⌀19.9 0 n.1", "2x⌀19,9 0 -0,1", False),
    ("2x Ø19,9 -0,1", "2x⌀19,9 0 -0,1", False), ("19,9 +0.1 -0,1", "2x⌀19,9 0 -0,1", False),
    ("1.6", "1,6", True), ("1,6", "1,6", True), ("2xR0.15", "2xR0,15", True), ("2x R0,15", "2xR0,15", True),
    ("0.8", "0,8", True), ("0,8", "0,8", True), ("2xR0.2", "2xR0,2", True), ("2x R0,2", "2xR0,2", True),
    ("2.5 +0.2 0", "2,5 +0,2 0", True), ("2,5 +0,2 0", "2,5 +0,2 0", True), ("M8", "M8", True), ("20°", "20°", True),
    ("20000", "200,00", False), ("4 x ⌀ 11,00 ▽ 20,00", "200,00", False), ("12.00", "175,00", False),
    ("20.00", "160,10", False), ("39.90", "39,90", True), ("39,90", "39,90", True), ("25.00", "25,00", True),
    ("25,00", "25,00", True), ("160.10", "160,10", True), ("160,10", "160,10", True), ("175.00", "175,00", True),
    ("175,00", "175,00", True), ("200.00", "200,00", True), ("200,00", "200,00", True), ("R)0.00", "R10,00", False),
    ("R10,00", "R10,00", True), ("20.00", "20,00", True), ("20,00", "20,00", True),
    *((size, size, True) for size in ("2", "15", "16", "20", "25", "30", "35", "40", "50")),
]  # fmt: skip
GARBAGE = {"⌀6(", "⌀/40", "R)0.00", "2x⌀19.9 0 n.1", "00"}


@pytest.mark.parametrize(("reading", "truth", "same"), JUDGED, ids=[f"{a} · {b}" for a, b, _ in JUDGED])
def test_equality_agrees_with_a_person(reading: str, truth: str, same: bool) -> None:
    found = equal({"text": reading}, {"text": truth})
    assert found.equal is same, found.reason
    assert (canonical_key({"text": reading}) == canonical_key({"text": truth})) is same


@pytest.mark.parametrize("text", sorted({text for a, b, _ in JUDGED for text in (a, b)}))
def test_every_reading_is_understood_or_kept(text: str) -> None:
    parsed = parse(text)
    assert parsed.ok is (text not in GARBAGE), parsed.problem
    if parsed.ok:
        assert parse(format_text(parsed.value)).value == parsed.value
    else:
        assert (parsed.value.kind, parsed.value.text) == (Kind.TEXT, text)
    assert from_json(to_json(parsed.value)) == parsed.value
    assert all(row.strip() for row in typeset({"text": text}).rows)


@pytest.mark.skipif(DRAWINGS is None, reason="the shared drawings are not beside this repository")
def test_no_line_of_the_shared_predictions_is_unjudged() -> None:
    assert DRAWINGS is not None
    lines = (DRAWINGS / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [tuple(json.loads(line)[key] for key in ("predicted_value", "truth")) for line in lines]
    judged = {(reading, truth): same for reading, truth, same in JUDGED}
    assert len(pairs) >= 125
    for predicted, truth in pairs:
        assert equal(predicted, truth).equal is judged[predicted["text"], truth["text"]]
