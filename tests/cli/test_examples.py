"""Every example of every `--help`: parsed as its command parses it, and run on a workspace that has what it names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.main import cli
from gonogo.desk.core.paths import AppPaths
from tests.cli.conftest import PNG, READINGS, Gonogo
from tests.cli.test_help import ALL
from tests.sqlite import fresh_database

ONLY_PARSED = re.compile(
    r"^gonogo$|gonogo (annotate|review|login|web|serve(?!.*--check)|demo(?! --prepare)|config edit|"
    r"audit verify --since|results( list| get)? (\d|--screen|login|logout)|import (readings.csv|boxes.json|--source)|"
    r"outbox (drop|requeue)|"
    r"db (backup|restore|move-drawings)|projects (generate|show)|campaigns watch(?!.*--once)|annotators restore)"
    r"|https?://|postgresql:|centaur|--edit|--screen|--mode|/srv/|people.csv|keys revoke|annotators settings|promote"
    r"|gonogo export .*(--golden|coco|parquet|datasets|--follow)|import --watch|--against"
)
"""Examples that open the app, ask on the terminal, run on, or name a network, a folder or a state that is not here."""


def examples() -> Iterator[str]:
    """Command lines of the examples, whole, without their explanation and what follows in a pipe."""
    for path, command in ALL.items():
        text = (command.epilog or "").replace("\\\n", " ")
        for line in re.findall(r"^  (?!#)(.*gonogo.*)$", text, re.MULTILINE):
            words = re.split(r"\s{3,}(?=\S)", re.sub(r"\s+(?=--|\||>)", " ", line.strip()), maxsplit=1)[0]
            for part in re.split(r" (?:\||&&) ", words):
                start = part.find("gonogo ")
                if start >= 0 and not part.startswith(("cat $", "eval")):
                    yield re.split(r" >>? ", part[start:])[0].strip()
            assert path is not None


EXAMPLES = sorted(set(examples()))


def parse(words: list[str]) -> None:
    """Parses as the command line does, to the last command, and runs nothing."""
    context = cli.make_context("gonogo", list(words))
    command: click.Command = cli
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None
        context, command = inner.make_context(name, rest, parent=context), inner


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that examples name."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "incoming").mkdir()
    for place in (tmp_path, tmp_path / "scans"):
        (place / "a.png").write_bytes(PNG)
    usual = {"part": "a", "drawing": "a.png", "bbox": [10, 20, 110, 60], "bbox_unit": "px", "detail_kind": "dimension"}
    lines = [json.dumps({**usual, **item}) for item in READINGS]
    for name in ("predictions.jsonl", "newer.jsonl"):
        (tmp_path / name).write_text("\n".join(lines))
    for name in ("readings.csv", "boxes.json", "columns.toml", "titles.md", "heads.json", "results.manifest.json"):
        (tmp_path / name).write_text("a text\n")
    (tmp_path / "backup.db").write_text("")
    (tmp_path / "people.csv").write_text("email,name\nana@example.com,Ana\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_examples_and_most_are_run() -> None:
    assert len(EXAMPLES) > 90
    assert sum(not ONLY_PARSED.search(example) for example in EXAMPLES) > 40


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.usefixtures("folder")
def test_an_example_is_a_command_line(example: str) -> None:
    parse(shlex.split(example)[1:])


@pytest.fixture(scope="session")
def home_with_people(imported_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a campaign "batch 12" of project "PMI 2026", and two people invited to it; tests copy it."""
    folder = tmp_path_factory.mktemp("examples")
    home, predictions = folder / "home", folder / "predictions.jsonl"
    drawings = imported_home.parent / "drawings"
    shutil.copy(drawings / "readings.jsonl", predictions)
    fresh_database(AppPaths(home).workspace_file())
    env = {"GONOGO_HOME": str(home)}
    run, target = Gonogo(CliRunner()), ("--project", "PMI 2026", "--campaign", "batch 12")
    run("import", str(predictions), "--drawings", str(drawings), *target, env=env)
    for email, name in (("ana@example.com", "Ana Weiss"), ("bo@example.com", "Bo Lindqvist")):
        run("assign", "batch 12", email, "--name", name, "--here", env=env)
    return home


@pytest.mark.slow
@pytest.mark.parametrize("example", [example for example in EXAMPLES if not ONLY_PARSED.search(example)])
@pytest.mark.usefixtures("folder")
def test_an_example_does_what_it_says(gonogo: Gonogo, example: str, home_with_people: Path, home: Path) -> None:
    words = shlex.split(example)[1:]
    if "create" not in words and words[0] != "assign":
        shutil.copytree(home_with_people, home)
    else:
        fresh_database(AppPaths().workspace_file())
    if words[0] == "assign":
        gonogo("import", "predictions.jsonl", "--drawings", "scans", "--project", "PMI 2026", "--campaign", "batch 12")
    elif "create" in words and "--project" in words:
        gonogo("projects", "create", "PMI 2026")
    extra = ["--here"] if words[0] == "assign" and "--dry-run" not in words else []
    extra += ["--dry-run"] if words[0] == "revoke" and "--dry-run" not in words else []
    extra += (
        ["--yes"] if "--resettle" in words or (words[:2] == ["annotators", "pause"] and "--yes" not in words) else []
    )
    gonogo(*words, *extra)
