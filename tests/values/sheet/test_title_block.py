"""Title block: the general tolerance class and the unit are read where they are sure, and nothing is read elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.values import GeneralTolerance
from gonogo.values.sheet.title_block import read_title_block

LINEAR = st.sampled_from("fmcv")
PREFIX = st.sampled_from(
    [
        "",
        "DIN ",
        "General tolerances ",
        "Allgemeintoleranzen nach DIN ",
        "Tolérances générales ",
        "Unless otherwise stated ",
    ]
)
JOINT = st.sampled_from(["-", " - ", " ", "–", " : ", "-1 ", "-1-", "-1:1989-", " Klasse ", " class: "])


@given(PREFIX, JOINT, LINEAR, st.sampled_from(["", "H", "K", "L"]), st.booleans())
def test_a_class_is_read_however_it_is_written(
    prefix: str, joint: str, linear: str, geometrical: str, capitals: bool
) -> None:
    line = f"{prefix}ISO 2768{joint}{linear}{geometrical}"
    facts = read_title_block(["Scale 1:1", line.upper() if capitals else line, "Sheet 1/1"])
    assert facts.tolerance == GeneralTolerance(linear, geometrical)
    assert facts.lines == (1,)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ISO 2768 mittel", "ISO 2768-m"), ("ISO 2768-1 - medium", "ISO 2768-m"), ("ISO 2768-MK-E", "ISO 2768-mK"),
        ("ISO 2768 sehr grob", "ISO 2768-v"), ("ISO 2768-m, ISO 2768-2-K", "ISO 2768-m"),
        ("Nicht tolerierte Maße nach ISO 2768 - m K", "ISO 2768-mK"),
        ("Maße ohne Toleranzangabe: ISO 2768-cL", "ISO 2768-cL"),
        ("Sauf indication contraire ISO 2768-f", "ISO 2768-f"),
        ("Untoleranced dimensions: ISO 2768-m", "ISO 2768-m"), ("wenn nicht anders angegeben ISO 2768-m", "ISO 2768-m"),
    ],
)  # fmt: skip
def test_words_of_title_blocks(line: str, name: str) -> None:
    tolerance = read_title_block([line]).tolerance
    assert tolerance is not None
    assert tolerance.name == name


@pytest.mark.parametrize(
    "lines",
    [
        ["ISO 2768"], ["ISO 2768-1"], ["ISO 2768-2-K"], ["ISO 2768-H"], ["ISO 27681-m"], ["DIN 7168-m"], ["2768-m"],
        ["ISO 2768 f m c v"], ["ISO 2768-m or c"], ["ISO 2768 ☐ f ☒ m"], ["ISO 2768-m", "ISO 2768-c"],
        ["ISO 2768-mK", "ISO 2768-mL"], ["ISO 2768-m", "ISO 22081"], ["ISO 2768-m does not apply"],
        ["ISO 2768-m", "does not apply to castings"], ["ISO 2768-m gilt nicht"], ["not", "ISO 2768-m"],
        ["ISO 8015 replaces ISO 2768-m"], ["Früher: ISO 2768-m"], ["ISO 2768-m", "Linear: ±0.1"],
        ["ISO 2768 for all parts"], ["ISO 2768-material"],
    ],
)  # fmt: skip
def test_what_is_not_sure_is_not_read(lines: list[str]) -> None:
    assert read_title_block(lines).tolerance is None


def test_a_note_beside_it_that_negates_something_else_changes_nothing() -> None:
    assert read_title_block(["ISO 2768-m", "DO NOT SCALE DRAWING", "ISO 2768-mK"]).tolerance == GeneralTolerance(
        "m", "K"
    )


@pytest.mark.parametrize("other", ["Casting ISO 8062-3 DCTG 9", "ISO 13920-BF", "DIN 16742 - TG5"])
def test_another_standard_for_general_tolerances_is_noticed(other: str) -> None:
    tolerance = read_title_block(["ISO 2768-mK", other]).tolerance
    assert tolerance == GeneralTolerance("m", "K", alone=False)


@pytest.mark.parametrize(
    ("line", "alone"),
    [
        ("ISO 2768-m for machined surfaces", False), ("Blechteile ISO 2768-m", False),
        ("ISO 2768-m nur Bohrungen", False), ("ISO 2768-m für Gussteile", False),
        ("For the housing: ISO 2768-m", False),
        ("General tolerances for linear dimensions ISO 2768-m", True),
        ("Allgemeintoleranzen für Maße ISO 2768-m", True),
        ("Tolérances pour cotes sans tolérance ISO 2768-m", True), ("Tolerances for all dimensions: ISO 2768-m", True),
        ("Allgemeintoleranzen für Längen- und Winkelmaße ISO 2768-m", True),
    ],
)  # fmt: skip
def test_a_class_for_some_dimensions_is_not_meant_for_all(line: str, alone: bool) -> None:
    assert read_title_block([line]).tolerance == GeneralTolerance("m", alone=alone)


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("DIMENSIONS ARE IN MILLIMETERS", "mm"), ("dimensions in millimetres", "mm"), ("all dimensions in mm", "mm"),
        ("BEMASSUNGEN SIND IN MILLIMETER", "mm"), ("Alle Maße in mm", "mm"), ("Toutes les cotes sont en mm", "mm"),
        ("Units: mm", "mm"), ("DIMENSIONS IN INCHES", "in"), ("Maße in Zoll", "in"), ("UNIT: INCH", "in"),
        ("DIMENSIONS IN MM [INCH]", ""), ("DIMENSIONS ARE NOT IN MM", ""), ("Masse: 12 mm", ""), ("16,5 mm", ""),
        ("mm", ""), ("Scale 1:1", ""),
    ],
)  # fmt: skip
def test_the_unit_is_read_where_it_is_stated(line: str, unit: str) -> None:
    assert read_title_block([line]).unit == unit


def test_two_units_are_none() -> None:
    assert read_title_block(["Dimensions in mm", "Dimensions in inches"]).unit == ""


@given(st.lists(st.text(max_size=400), max_size=20))
def test_any_text_is_read_without_an_error(lines: list[str]) -> None:
    facts = read_title_block(lines)
    assert facts.unit in ("", "mm", "in")
    assert all(0 <= at < len(lines) for at in facts.lines)


@given(st.sampled_from("fmcv"), st.sampled_from("fmcv"), st.integers(0, 5))
def test_two_classes_are_never_mixed(first: str, second: str, between: int) -> None:
    lines = [f"ISO 2768-{first}", *["Scale 1:1"] * between, f"ISO 2768-{second}"]
    tolerance = read_title_block(lines).tolerance
    assert tolerance == (GeneralTolerance(first) if first == second else None)


def test_long_lines_are_cut() -> None:
    assert read_title_block(["iso 2768" * 100_000, "not " * 100_000 + "ISO 2768-m"]).tolerance is None
