"""What a lead gets wrong in the shell: told what and where, with the next step, and nothing is made of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from gonogo.cli import main
from gonogo.cli.commands.projects import POLICY_KEYS
from gonogo.server.tasks.selection import SelectionPolicy
from tests.cli.conftest import Gonogo


@pytest.mark.parametrize("name", ["", "   ", "two\nlines", "a\x1b[31mred"])
@pytest.mark.parametrize(
    "command",
    [
        ("project", "create"),
        ("campaign", "create"),
        ("keys", "create", "--name"),
        ("keys", "create", "--database", "sqlite:///no.db", "--name"),
        ("project", "generate", "pmi", "--campaign"),
    ],
    ids=" ".join,
)
def test_a_name_nobody_could_read_or_type_is_refused(gonogo: Gonogo, command: tuple[str, ...], name: str) -> None:
    assert "one line with something to see" in gonogo(*command, name, code=2).stderr


def test_a_guideline_that_is_no_text_makes_no_campaign(gonogo: Gonogo, tmp_path: Path) -> None:
    file = tmp_path / "guideline.md"
    file.write_bytes("Look at the tolerances.".encode("utf-16"))
    assert f"{file} is no text in UTF-8" in gonogo("campaign", "create", "c", "--guideline", str(file), code=1).stderr
    assert gonogo.json("campaign", "list") == []
    file.write_bytes("\ufeffLook at the tolerances.".encode())
    made = gonogo.json("campaign", "create", "c", "--guideline", str(file))
    assert made["settings"]["guideline"] == "Look at the tolerances."


def test_a_policy_with_a_slip_is_said(gonogo: Gonogo) -> None:
    made = gonogo("project", "create", "p", "--policy", '{"stratgy": "all", "seed": 1, "colour": 2}')
    assert "`stratgy`" in made.stderr
    assert "Is `strategy` meant?" in made.stderr
    assert "`colour`" in made.stderr
    assert "`seed`" not in made.stderr
    assert set(POLICY_KEYS) == set(SelectionPolicy.model_fields)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("no address", "Could not parse"),
        ("sqlite://", "name a file"),
        ("foo://x/y", "foo"),
        ("postgresql://lead:hush@127.0.0.1:1/gonogo", "Connection refused"),
    ],
)
@pytest.mark.parametrize("command", [("keys", "create", "--name", "k"), ("audit", "verify")], ids=" ".join)
def test_a_database_that_is_none_is_a_sentence(gonogo: Gonogo, command: tuple[str, ...], url: str, why: str) -> None:
    done = gonogo(*command, "--database", url, code=1)
    assert why in done.output
    assert "hush" not in done.output


def test_a_server_is_not_checked_where_the_database_is_none(gonogo: Gonogo) -> None:
    assert "Could not parse" in gonogo("serve", "--check", "--database", "no address", code=1).stderr


def test_a_fault_of_our_own_is_a_sentence_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def breaks() -> None:
        raise LookupError("a thing nobody thought of")

    monkeypatch.setitem(main.COMMANDS, "breaks", ("breaks", "breaks", "Breaks."))
    monkeypatch.setitem(sys.modules, "gonogo.cli.commands.breaks", SimpleNamespace(breaks=breaks))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main.main(["breaks"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "a fault in gonogo itself (LookupError)" in said
    assert "Traceback" not in said
    (file,) = tmp_path.glob("gonogo-fault-*.txt")
    assert str(file) in said
    assert "a thing nobody thought of" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_heads_are_json_with_and_without_asking_for_it(gonogo: Gonogo, imported: Path) -> None:
    assert gonogo("audit", "head").stdout == gonogo("audit", "head", "--json").stdout
    assert json.loads(gonogo("audit", "head").stdout)


def test_an_import_that_says_no_place_or_gold_without_tasks_sends_nothing(gonogo: Gonogo, readings: Path) -> None:
    assert "--project alone" in gonogo("import", str(readings), code=2).stderr
    gold = gonogo("import", str(readings), "--project", "p", "--gold-from-truth", code=2)
    assert "gold is made with the tasks" in gold.stderr
    assert "one line" in gonogo("import", str(readings), "--campaign", " ", code=2).stderr
    assert gonogo.json("project", "list") == []


@pytest.mark.slow
def test_a_workspace_that_cannot_be_opened_is_said_with_what_to_do(gonogo: Gonogo, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    home = {"GONOGO_HOME": str(tmp_path / "file")}
    for command in (("campaign", "list"), ("results", "list", "1")):
        done = gonogo(*command, code=1, env=home)
        assert "the workspace on this machine cannot be opened" in done.stderr
        assert "GONOGO_HOME" in done.stderr
        assert "embedded" not in done.stderr


@pytest.mark.parametrize("out", ["--out", "--manifest"])
def test_a_place_that_is_not_there_is_named(gonogo: Gonogo, imported: Path, tmp_path: Path, out: str) -> None:
    done = gonogo("export", "pmi", out, str(tmp_path / "none" / "x.jsonl"), code=1)
    assert str(tmp_path / "none") in done.stderr
    assert "There is no folder" in done.stderr


def test_files_that_cannot_be_made_outside_a_request_are_sentences_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GONOGO_HOME", str(tmp_path / "file"))
    with pytest.raises(SystemExit) as ended:
        main.main(["audit", "verify"])
    assert ended.value.code == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.slow
def test_an_export_of_nothing_says_so(gonogo: Gonogo, imported: Path) -> None:
    done = gonogo("export", "pmi", "--golden")
    assert (done.stdout, done.stderr) == ("", "Nothing is promoted yet.\n")
