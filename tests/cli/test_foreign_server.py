"""The command line on a strict ARCNM server that is not ours, over a real uvicorn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gonogo.desk.core.imported_drawings import revision_of
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.session.known_drawings import KnownDrawings
from tests.cli.conftest import Gonogo
from tests.support.strict_arcnm import Foreign, strict_arcnm


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    with strict_arcnm() as server:
        yield server


@pytest.fixture
def gonogo(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> Gonogo:
    for name, value in foreign.env.items():
        monkeypatch.setenv(name, value)
    return Gonogo(CliRunner())


def test_an_import_keeps_the_drawings_for_this_machine(
    foreign: Foreign, gonogo: Gonogo, readings: Path, home: Path
) -> None:
    done = gonogo("import", str(readings), "--campaign", "batch")
    assert "Next: gonogo annotate batch" in done.stderr
    drawing = readings.parent / "a.png"
    revisions = {task["part_revision_id"] for task in foreign.server.tasks.values()}
    assert revisions == {revision_of(drawing)}
    located = KnownDrawings(AppPaths(home).memory_file(), ()).find(revisions.pop())
    assert located is not None
    assert (located.path, located.title) == (drawing, "a")
    assert foreign.server.complaints == []


@pytest.mark.slow
def test_part_revisions_of_the_server_are_named(foreign: Foreign, gonogo: Gonogo, readings: Path, home: Path) -> None:
    theirs = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    unknown = gonogo("import", str(readings), "--campaign", "b", "--part-revision", f"x={theirs}", code=2)
    assert "belongs to part 'x'; nothing was imported" in unknown.stderr
    assert "parts are a" in unknown.stderr
    assert foreign.server.campaigns == {}
    mapping = readings.parent / "parts.csv"
    mapping.write_text(f"part,part_revision_id\na,{theirs}\n")
    gonogo("import", str(readings), "--campaign", "b", "--part-revision", str(mapping))
    assert {task["part_revision_id"] for task in foreign.server.tasks.values()} == {theirs}
    assert KnownDrawings(AppPaths(home).memory_file(), ()).find(theirs) is not None
    bad = gonogo("import", str(readings), "--campaign", "c", "--part-revision", "nothing", code=2)
    assert "Give PART=ID" in bad.stderr


def test_statuses_are_words_of_the_server(foreign: Foreign, gonogo: Gonogo, readings: Path) -> None:
    gonogo("campaign", "create", "batch", "--redundancy", "1")
    gonogo("import", str(readings), "--campaign", "batch")  # into a campaign that is “active”, and empty
    (active,) = gonogo.json("campaign", "list", "--status", "active")
    assert (active["name"], active["status"], active["task_count"]) == ("batch", "active", 4)
    assert "No campaign is open" in gonogo("campaign", "list", "--status", "open").stderr
    closed = gonogo("campaign", "close", "batch", "--yes")
    assert "already" not in closed.stderr
    assert "batch is closed" in closed.stderr
    assert "already" in gonogo("campaign", "close", "batch", "--yes").stderr


def test_people_are_those_of_the_published_assignments(foreign: Foreign, gonogo: Gonogo) -> None:
    gonogo("campaign", "create", "batch")
    assert "Nobody is invited" in gonogo("campaign", "people", "batch").stderr
    invited = gonogo("assign", "batch", "ana@example.com")
    assert "24 hours" not in invited.stderr  # another server decides how long
    assert "works once" not in invited.stderr
    assert "redeem_path" in invited.stderr
    (person,) = gonogo.json("campaign", "people", "batch")
    assert (person["annotator_email"], person["status"]) == ("ana@example.com", "pending")
    gonogo("revoke", "batch", "ana@example.com", "--yes")
    assert gonogo.json("campaign", "people", "batch")[0]["status"] == "revoked"
    assert "has no active assignment" in gonogo("revoke", "batch", "ana@example.com", code=1).stderr
    assert "gonogo campaigns people" in gonogo("annotators", "list", "batch", code=4).stderr


def test_the_quality_names_people_by_their_published_addresses(foreign: Foreign, gonogo: Gonogo) -> None:
    gonogo("campaign", "create", "batch")
    gonogo("assign", "batch", "ana@example.com")
    foreign.server.votes += [{"by": "ana@example.com", "task_id": "t1"}]
    quality = gonogo("campaign", "quality", "batch").stdout
    assert "ana@example.com" in quality
    assert gonogo.json("campaign", "quality", "batch")["annotators"][0]["annotator_user_id"] not in quality


def test_a_project_takes_every_published_field(foreign: Foreign, gonogo: Gonogo) -> None:
    gonogo("project", "create", "pmi", "--guideline-id", "3fa85f64", "--ontology-id", "77")
    shown = gonogo.json("project", "show", "pmi")
    assert (shown["guideline_id"], shown["ontology_id"]) == ("3fa85f64", "77")
    assert shown["created_at"] == "2026-05-01T08:00:00Z"


def test_a_refused_promotion_promises_no_force(foreign: Foreign, gonogo: Gonogo, readings: Path) -> None:
    gonogo("import", str(readings), "--campaign", "batch")
    refused = gonogo("campaign", "promote", "batch", code=1)
    assert "below acceptance" in refused.stderr
    assert "--force" not in refused.stderr


@pytest.mark.parametrize("seconds", [0, None])
def test_a_pause_is_waited_for_with_and_without_its_length(
    foreign: Foreign, gonogo: Gonogo, seconds: int | None
) -> None:
    gonogo("campaign", "create", "batch")
    foreign.server.pauses = [seconds]
    assert [one["name"] for one in gonogo.json("campaign", "list")] == ["batch"]


def test_a_list_for_programs_has_heads_and_tabs(foreign: Foreign, gonogo: Gonogo) -> None:
    gonogo("campaign", "create", "batch")
    head, line = gonogo("campaign", "list").stdout.splitlines()
    assert head.split("\t") == ["campaign", "status", "resolved", "tasks", "id"]
    assert line.split("\t")[:4] == ["batch", "active", "0", "0"]


@pytest.mark.slow
def test_a_long_list_is_exported_whole_or_not_at_all(
    foreign: Foreign, gonogo: Gonogo, readings: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many.jsonl"
    lines = [json.loads(line) for line in readings.read_text().splitlines()]
    many.write_text("".join(json.dumps({**lines[0], "id": str(number)}) + "\n" for number in range(130)))
    shutil.copy(readings.parent / "a.png", tmp_path)
    gonogo("import", str(many), "--campaign", "batch")
    refused = gonogo("export", "batch", code=1)
    assert "100 of 130" in refused.stderr
    assert refused.stdout == ""
    foreign.server.longest_page = 10_000
    assert len(gonogo("export", "batch").stdout.splitlines()) == 130
