"""What the README shows works: its query, its eight lines of Python, its keys and its picture."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gonogo.cli.main import COMMANDS
from gonogo.tui.actions import BY_ID
from tests.e2e.conftest import Cli

REPO = Path(__file__).parents[2]
README = (REPO / "README.md").read_text("utf-8")
CAMPAIGN = "Demo: four parts"


def block(heading: str, number: int = 0, kind: str = "") -> str:
    """A code block under a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [text for language, text in blocks if language == kind][number]


def test_the_way_to_the_demo_is_one_line_from_a_clone() -> None:
    first = re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0]
    assert {line.partition("  #")[0].strip() for line in first.splitlines()} == {
        "uvx --from . gonogo demo",
        "pip install . && gonogo demo",
    }


def test_the_four_keys_are_those_of_the_program() -> None:
    for key, action in (("a", "correct"), ("s", "incorrect"), ("d", "fix"), ("f", "unsure"), ("u", "undo")):
        assert key in BY_ID[f"annotate.{action}"].keys
        assert f"| `{key}` |" in README


def test_it_has_eight_points_and_five_commands_for_a_team() -> None:
    assert len(re.findall(r"^- \*\*", README, re.MULTILINE)) == 8
    commands = [shlex.split(line, comments=True) for line in block("For a team").splitlines()]
    assert len(commands) == 5
    assert all(words[0] == "gonogo" and words[1] in COMMANDS for words in commands)
    assert "https" in README.split("## For a team")[1].split("\n## ")[0]


def test_the_picture_of_the_screen_is_whole_by_itself() -> None:
    file = REPO / "docs" / "pictures" / "workstation.svg"
    assert f"(docs/pictures/{file.name})" in README
    text = file.read_text("utf-8")
    assert not re.search(r"href|url\(|<script|<image|@import", text)
    words = " ".join(node.text or "" for node in ElementTree.fromstring(text).iter())
    assert "right?" in words
    assert "correct" in words


def test_each_line_of_the_table_has_its_source() -> None:
    """The table of the README and the page that says where it is from have the same lines in the same order."""
    table = README.split("\n## Beside others\n")[1].split("\n## ")[0]
    page = (REPO / "docs" / "comparison.md").read_text("utf-8")
    lines, sources = (re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE) for text in (table, page))
    assert ["line", *lines] == sources


def test_no_address_is_invented() -> None:
    """The project has no home on the web yet: only the example's host may stand here."""
    hosts = {match.split("/")[2].partition(":")[0] for match in re.findall(r"https?://[^\s)\"'`]+", README)}
    assert hosts <= {"label.example.com"}


@pytest.mark.slow
def test_the_query_and_the_lines_of_python_run(lead: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb  # 20 MB, for this test alone

    lead("demo", "--prepare", "--no-tour")
    monkeypatch.chdir(tmp_path)
    Path("results.jsonl").write_text(lead("export", CAMPAIGN), "utf-8")
    shell = block("Data in, data out", 0)
    export, _, query = shell.partition("\n")
    assert shlex.split(export)[:2] == ["gonogo", "export"]
    rows = duckdb.sql(shlex.split(query)[2])
    assert rows.columns == ["detail_kind", "tasks", "correct"]
    assert sum(row[1] for row in rows.fetchall()) > 0

    lines = block("Data in, data out", 0, "python")
    assert len(lines.splitlines()) <= 8
    key = lead.json("keys", "create", "--name", "reader")["key"]
    with lead.serving() as url, contextlib.redirect_stdout(io.StringIO()) as printed:
        code = lines.replace("https://label.example.com", url).replace("batch 12", CAMPAIGN)
        exec(compile(code, "README.md", "exec"), {"api_key": key})
    *tasks, alpha = printed.getvalue().splitlines()
    assert tasks
    assert -1 <= float(alpha) <= 1
