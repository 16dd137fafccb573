"""`gonogo campaigns guideline`: printed, taken from a file, and written in an editor in a real terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.cli.conftest import Gonogo
from tests.support.pty_command import run_in_terminal


def editor(folder: Path, script: str) -> dict[str, str]:
    """An environment whose editor is a script; the file to edit is `$1`."""
    program = folder / "editor.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {**os.environ, "EDITOR": str(program), "VISUAL": "", "TERM": "xterm"}


def test_a_guideline_comes_from_a_file_and_is_printed_and_taken_away(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("campaigns", "create", "batch 12")
    assert "has no guideline" in gonogo("campaigns", "guideline", "batch 12").stderr
    assert gonogo.json("campaigns", "guideline", "batch 12") == {"guideline": None}
    file = tmp_path / "titles.md"
    file.write_text("# Titles\n\nRead the sign, too.\n")
    gonogo("campaigns", "guideline", "batch 12", "--file", str(file))
    assert gonogo("campaigns", "guideline", "batch 12").stdout == file.read_text()
    file.write_text("")
    assert "taken away" in gonogo("campaigns", "guideline", "batch 12", "--file", str(file)).stderr
    assert gonogo.json("campaigns", "guideline", "batch 12") == {"guideline": None}


def test_the_editor_gets_the_text_and_gives_the_new_one(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("campaigns", "create", "batch 12")
    command = [sys.executable, "-m", "gonogo", "campaigns", "guideline", "batch 12", "--edit"]
    for line in ("Read the sign.", "And the unit."):
        code, _ = run_in_terminal(command, editor(tmp_path, f'echo "{line}" >> "$1"'))
        assert code == 0
    assert gonogo("campaigns", "guideline", "batch 12").stdout == "Read the sign.\nAnd the unit.\n"
    code, said = run_in_terminal(command, editor(tmp_path, "exit 0"))
    assert (code, b"as it was" in said) == (0, True)
    code, said = run_in_terminal(command, {**editor(tmp_path, ""), "EDITOR": str(tmp_path / "none")})
    assert (code, b"Set EDITOR" in said) == (1, True)


def test_without_a_terminal_there_is_no_editor(gonogo: Gonogo) -> None:
    gonogo("campaigns", "create", "batch 12")
    assert "--file FILE" in gonogo("campaigns", "guideline", "batch 12", "--edit", code=2).stderr


def test_a_note_is_written_in_the_editor_and_an_empty_one_does_nothing(gonogo: Gonogo, tmp_path: Path) -> None:
    gonogo("campaigns", "create", "batch 12")
    gonogo("assign", "batch 12", "ana@example.com", "--here")
    command = [sys.executable, "-m", "gonogo", "annotators", "pause", "batch 12", "ana@example.com", "--yes", "--note"]
    code, said = run_in_terminal(command, editor(tmp_path, "exit 0"))
    assert (code, b"nothing was done" in said) == (1, True)
    (ana,) = gonogo.json("annotators", "list", "batch 12")
    assert ana["paused_at"] is None
    write = 'printf "five in three seconds\\n" | cat - "$1" > "$1.new" && mv "$1.new" "$1"'
    code, said = run_in_terminal([*command[:-1], "--json", "--note"], editor(tmp_path, write))
    assert code == 0, said
    assert b'"note": "five in three seconds"' in said
