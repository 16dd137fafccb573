"""Parser: texts that people type and readers emit, and the values they stand for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gonogo.values import Kind, Thread, format_text, parse

# text, canonical line, kind
NOTATIONS = [
    ("550", "550", "linear"),
    ("Ø550 A3", "⌀550 A3", "diameter"),
    ("16,5 +0,1/0", "16,5 +0,1 0", "linear"),
    ("16,5 +0,1 0", "16,5 +0,1 0", "linear"),
    ("⌀16,5 +0,1\n0", "⌀16,5 +0,1 0", "diameter"),
    ("0.00 35.00-0.20", "35.00 0.00 -0.20", "linear"),
    ("35.00 0.00 -0.20", "35.00 0.00 -0.20", "linear"),
    ("+0,1 16,5 0", "16,5 +0,1 0", "linear"),
    ("2x dia 8.8 H8", "2×⌀8.8 H8", "diameter"),
    ("2xdia. 8.8", "2×⌀8.8", "diameter"),
    ("2x⌀8,80H8", "2×⌀8,80 H8", "diameter"),
    ("2 X ø 8,80 H 8", "2×⌀8,80 H8", "diameter"),
    ("4-⌀5", "4×⌀5", "diameter"),
    ("4-M8", "4×M8", "thread"),
    ("Ø15", "⌀15", "diameter"),
    ("∅15", "⌀15", "diameter"),
    ("φ15", "⌀15", "diameter"),
    ("%%c20%%p0.1", "⌀20 ±0.1", "diameter"),
    ("S⌀20", "S⌀20", "spherical_diameter"),
    ("SØ20", "S⌀20", "spherical_diameter"),
    ("SR5", "SR5", "spherical_radius"),
    ("CR5", "CR5", "controlled_radius"),
    ("□20", "□20", "square"),
    ("R0.2", "R0.2", "radius"),
    ("2xR0,15", "2×R0,15", "radius"),
    ("R5 MAX", "R5 MAX", "radius"),
    ("M8", "M8", "thread"),
    ("m8", "M8", "thread"),
    ("M8x1.25 - 6H", "M8×1.25-6H", "thread"),
    ("M 8 × 1,25 6g", "M8×1,25-6g", "thread"),
    ("M10x1-5g6g", "M10×1-5g6g", "thread"),
    ("M8 ↧16", "M8 ↧16", "thread"),
    ("M8 16 deep", "M8 ↧16", "thread"),
    ("M8 THRU", "M8 THRU", "thread"),
    ("M8x20", "M8 x20", "thread"),
    ("Tr20x4", "Tr20×4", "thread"),
    ("G 1/4", "G1/4", "thread"),
    ("NPT 1/2", "1/2 NPT", "thread"),
    ("1/4-20 UNC", "1/4-20 UNC", "thread"),
    ("1/4 - 20 unc - 2b", "1/4-20 UNC-2B", "thread"),
    ("#10-32 UNF", "#10-32 UNF", "thread"),
    ("1 1/4-7 UNC", "1 1/4-7 UNC", "thread"),
    (".250-20 UNC-2A", ".250-20 UNC-2A", "thread"),
    ("45°", "45°", "angle"),
    ("45º", "45°", "angle"),
    ("45 deg", "45°", "angle"),
    ("45° ±1°", "45° ±1°", "angle"),
    ("45°30' ±30'", "45°30' ±30'", "angle"),
    ("3x 120°", "3×120°", "angle"),
    ("6x60°", "6×60°", "angle"),
    ("5x45°", "5×45°", "chamfer"),
    ("2x 1x45°", "2×1×45°", "chamfer"),
    ("C5", "C5", "chamfer"),
    ("CH 5", "CH5", "chamfer"),
    ("C5 ±0.1", "C5 ±0.1", "chamfer"),
    ("Ra 1.6", "Ra 1.6", "roughness"),
    ("ra1,6", "Ra 1,6", "roughness"),
    ("√ Rz 25", "Rz 25", "roughness"),
    ("√1,6", "√ 1,6", "roughness"),
    ("N7", "N7", "roughness"),
    ("70 REF", "70 REF", "linear"),
    ("(70)", "(70)", "linear"),
    ("2x (70)", "2×(70)", "linear"),
    ("(2x⌀5)", "2×(⌀5)", "diameter"),
    ("[50]", "[50]", "linear"),
    ("50 BSC", "50 BSC", "linear"),
    ("50 ±0.1", "50 ±0.1", "linear"),
    ("50 +/-0.1", "50 ±0.1", "linear"),
    ("50 +- 0.1", "50 ±0.1", "linear"),
    ("50 +0.2 -0.2", "50 ±0.2", "linear"),
    ("⌀10 +0.3 +0.1", "⌀10 +0.3 +0.1", "diameter"),
    ("19,9 −0,1", "19,9 -0,1", "linear"),
    ("19.9/20.1", "19.9/20.1", "linear"),
    ("20.1\n19.9", "19.9/20.1", "linear"),
    ("19.9-20.1", "19.9/20.1", "linear"),
    ("25 H7/g6", "25 H7/g6", "linear"),
    ("25 H7 (+0,021 0)", "25 H7 +0,021 0", "linear"),
    ("⌀25 js6", "⌀25 js6", "diameter"),
    ("H7/g6", "H7/g6", "fit"),
    ("±0,1", "±0,1", "tolerance"),
    ("+0,1 0", "+0,1 0", "tolerance"),
    (".250 ±.005", ".250 ±.005", "linear"),
    (".250 in +.005/-.002", ".250 +.005 -.002 in", "linear"),
    ('3/8"', "3/8 in", "linear"),
    ("25.4 mm", "25.4 mm", "linear"),
    ("-12,5", "-12,5", "linear"),
    ("⌀8 THRU", "⌀8 THRU", "diameter"),
    ("⌀8 20 deep", "⌀8 ↧20", "diameter"),
    ("4 x ⌀ 11,00 ▽ 20,00", "4×⌀11,00 ▽ 20,00", "diameter"),
    ("⌖|⌀0,1|A|B", "⌖|⌀0,1|A|B", "gdt"),
    ("│⌖│⌀0,1│A│B│", "⌖|⌀0,1|A|B", "gdt"),
    ("[⌖|⌀0,1Ⓜ|A-BⓂ|C]", "⌖|⌀0,1Ⓜ|A-BⓂ|C", "gdt"),
    ("pos dia 0.1 (M) A B", "⌖|⌀0.1Ⓜ|A|B", "gdt"),
    ("2x pos dia 0.1 A", "2×⌖|⌀0.1|A", "gdt"),
    ("true position 0.3 a b", "⌖|0.3|A|B", "gdt"),
    ("⏥ 0.05", "⏥|0.05", "gdt"),
    ("flat 0.05 CZ", "⏥|0.05 CZ", "gdt"),
    ("perp 0.05 A", "⟂|0.05|A", "gdt"),
    ("// 0,02 A", "∥|0,02|A", "gdt"),
    ("runout 0.02 A-B", "↗|0.02|A-B", "gdt"),
    ("total runout 0.02 A", "⌰|0.02|A", "gdt"),
    ("⏥ 0.05/100", "⏥|0.05/100", "gdt"),
    ("⌖ ⌀0,1 Ⓟ 25 A", "⌖|⌀0,1Ⓟ25|A", "gdt"),
    ("⌓ 0.1 (U) 0.05 A", "⌓|0.1Ⓤ0.05|A", "gdt"),
    ("⌖|0,1 (CZ)|A", "⌖|0,1 CZ|A", "gdt"),
    ("⌀12 h6 Ⓔ", "⌀12 h6 Ⓔ", "diameter"),
    ("12 +0,1 0 (E)", "12 +0,1 0 Ⓔ", "linear"),
    ("2X 45°", "2× 45°", "angle"),  # two places; without the space a chamfer
    ("2x45°", "2×45°", "chamfer"),
    ("2 x 45°", "2×45°", "chamfer"),
    ("4x ⌀6,6 THRU ⌴ ⌀11 ↧6,8", "4×⌀6,6 THRU ⌴⌀11 ↧6,8", "diameter"),
    ("M8 ↧20 ⌵ ⌀9 x 90°", "M8 ↧20 ⌵⌀9×90°", "thread"),
    ("⌀6.6 CBORE ⌀11 DEEP 6.8", "⌀6.6 ⌴⌀11 ↧6.8", "diameter"),
    ("⌴⌀11↧6.8", "⌴⌀11 ↧6.8", "hole"),
    ("⌵ 90°", "⌵90°", "hole"),
]

NOT_VALUES = [
    "⌀6(", "⌀/40", "R)0.00", "2x⌀19.9 0 n.1", "00", "007", "16,5 +", "12.", "16,5 0,1/0", "10-12", "20x30x40", "5 - mm",
    "DEBURR ALL EDGES", "nan", "inf", "1e999", "1_000", "1.234,5", "1,234.5", "0x10", "１２", "1２", "٣", "⌀²", "½",
    "16\u200b,5", "\u202e51", "[A]", "⌖", "flat surface", "M", "R", "⌀", "45° H7", "R5 45°", "16 ±0", "5 mm 3 in",
    "(70", "70)", "9" * 40, "42CrMo4+QT", "1:2", "EN AW-6082 T6", "S235JR", "12B34C", "0.05/100",
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "kind"), NOTATIONS, ids=[text for text, _, _ in NOTATIONS])
def test_a_notation_is_understood_and_written_the_one_way(text: str, line: str, kind: str) -> None:
    parsed = parse(text)
    assert parsed.ok, parsed.problem
    assert (format_text(parsed.value), parsed.value.kind) == (line, kind)
    assert parse(line).value == parsed.value
    assert parsed.value.text == text.strip()


@pytest.mark.parametrize("text", NOT_VALUES)
def test_what_is_no_value_is_kept_as_text_and_says_why(text: str) -> None:
    parsed = parse(text)
    assert not parsed.ok
    assert parsed.problem
    assert (parsed.value.kind, parsed.value.nominal) == (Kind.TEXT, None)
    assert format_text(parsed.value) == text


def test_numbers_keep_their_exact_digits() -> None:
    value = parse("⌀16,50 +0,10 -0.050").value
    assert value.nominal is not None
    assert value.upper is not None
    assert value.lower is not None
    assert [number.text for number in (value.nominal, value.upper, value.lower)] == ["16,50", "+0,10", "-0.050"]
    assert [number.value for number in (value.nominal, value.lower)] == [Decimal("16.50"), Decimal("-0.050")]


def test_fractions_and_minutes_have_a_size() -> None:
    sizes = [parse(text).value.nominal for text in ("1 1/2 in", "45°30'", "0°0'36\"")]
    assert [size.value for size in sizes if size] == [Decimal("1.5"), Decimal("45.5"), Decimal("0.01")]


def test_a_thread_has_its_parts() -> None:
    assert parse("M8x1.25-6H").value.thread == Thread("M", "8", parse("1.25").value.nominal, "6H")
    unified = parse("1/4-20 UNC-2B").value.thread
    assert unified is not None
    assert (unified.family, unified.size, unified.grade) == ("UNC", "1/4", "2B")


def test_a_frame_has_its_parts_and_datums_keep_their_order() -> None:
    value = parse("pos dia 0.1 (M) B A").value
    assert value.zone is not None
    assert (value.symbol, value.zone.sign, value.zone.size.text) == ("position", "⌀", "0.1")
    assert (value.conditions, value.datums) == (("M",), ("B", "A"))


def test_the_decimal_sign_can_be_chosen() -> None:
    assert format_text(parse("⌀16,5 +0,1 0").value, ".") == "⌀16.5 +0.1 0"
    assert format_text(parse("M8x1.25").value, ",") == "M8×1,25"


def test_blank_is_empty_and_a_novel_is_text() -> None:
    assert parse(" \n").value.kind is Kind.EMPTY
    assert "300 characters" in parse("5" * 300).problem
