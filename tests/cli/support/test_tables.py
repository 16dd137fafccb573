"""Tables on terminals of all widths, and for programs."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gonogo.cli.support.tables import NARROWEST, Fit, TableColumn, print_table

ID = "9154efc2-22bf-4cfb-8893-3664e06e68ae"
COLUMNS = (
    TableColumn("campaign", Fit.CUT),
    TableColumn("done", number=True),
    TableColumn("id"),
    TableColumn("made", Fit.SPARE),
)
ROW = ["Batch 12 of the long flanges from the north plant", "7", ID, "2026-11-30"]


class FakeTerminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> FakeTerminal:
    """Standard output from here on; called in the test itself, since pytest sets its own when a test begins."""
    made = FakeTerminal()
    monkeypatch.setattr("sys.stdout", made)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    return made


def test_programs_get_tabs_and_heads_and_no_cell_breaks_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table((TableColumn("name"), TableColumn("gold accuracy")), [["a\tlong\nname\x1b[31m", None]])
    assert capsys.readouterr().out == "name\tgold_accuracy\na long name\ufffd[31m\t\n"
    print_table((TableColumn("name"),), [])
    assert capsys.readouterr().out == "name\n"


def test_a_terminal_gets_columns_below_heads_and_nothing_where_there_is_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch, 80)
    print_table(COLUMNS, [])
    assert terminal.getvalue() == ""
    print_table(COLUMNS, [["short", "7", ID, ""], ["longer", "142", ID, ""]])
    assert terminal.getvalue().splitlines() == [
        "CAMPAIGN  DONE  ID",
        f"short        7  {ID}",
        f"longer     142  {ID}",
    ]


def test_a_narrow_terminal_cuts_text_and_leaves_spare_columns_out_but_never_touches_an_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = on_terminal(monkeypatch, 70)
    print_table(COLUMNS, [ROW])
    head, line = terminal.getvalue().splitlines()
    assert line.startswith("Batch 12 of the long fl")
    assert "…" in line
    assert line.endswith(ID)
    assert "MADE" not in head
    assert "Not shown for lack of room: made" in capsys.readouterr().err


@given(
    width=st.integers(70, 200),
    name=st.text(max_size=120),
    tail=st.text(st.characters(categories=["L", "N", "Zs"]), max_size=400),
)
def test_no_line_is_wider_than_the_terminal_and_ids_stay_whole(width: int, name: str, tail: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        terminal = on_terminal(patch, width)
        print_table(
            (TableColumn("name", Fit.CUT), TableColumn("id"), TableColumn("text", Fit.FOLD)), [[name, ID, tail]]
        )
    lines = terminal.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert ID in lines[1]


def test_the_last_text_column_folds_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch, 40)
    print_table(
        (TableColumn("key"), TableColumn("meaning", Fit.FOLD)), [["theme", "how the screen looks, in words " * 3]]
    )
    _, *lines = terminal.getvalue().splitlines()
    assert len(lines) > 2
    assert " ".join(" ".join(lines).split()) == f"theme {('how the screen looks, in words ' * 3).strip()}"
    assert len("theme") < NARROWEST  # so that it is no column which could have been cut


def test_notes_stand_below_their_row_on_a_terminal_and_in_a_column_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch, 60)
    rows, notes = [["Ana"], ["Bo"]], [["! too fast", "! always the same"], []]
    print_table((TableColumn("name"),), rows, notes_head="evidence", notes=notes)
    assert terminal.getvalue().splitlines() == ["NAME", "Ana", "    ! too fast", "    ! always the same", "Bo"]
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stdout", pipe)
    print_table((TableColumn("name"),), rows, notes_head="evidence", notes=notes)
    assert pipe.getvalue() == "name\tevidence\nAna\t! too fast; ! always the same\nBo\t\n"


@pytest.mark.parametrize(
    ("no_color", "force_color", "terminal", "styled"),
    [
        ("", "", True, True),
        ("1", "", True, False),
        ("1", "1", True, False),
        ("", "1", False, True),
        ("", "", False, False),
    ],
)
def test_heads_are_bold_where_colours_are_wanted(
    monkeypatch: pytest.MonkeyPatch, no_color: str, force_color: str, terminal: bool, styled: bool
) -> None:
    out = FakeTerminal() if terminal else io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("FORCE_COLOR", force_color)
    print_table((TableColumn("name"),), [["Ana"]])
    assert ("\x1b[" in out.getvalue()) is styled
    assert "Ana" in out.getvalue()
