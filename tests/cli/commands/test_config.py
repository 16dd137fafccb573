"""Settings on the command line: what is set is used, what can't be used is refused by name, comments stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gonogo.desk.core.settings import Settings, load, plain_settings
from tests.cli.conftest import Gonogo


@pytest.fixture
def gonogo() -> Gonogo:
    return Gonogo(CliRunner())


def test_a_setting_is_set_listed_and_reset_and_comments_stay(gonogo: Gonogo, home: Path) -> None:
    file = Path(gonogo("config", "path").stdout.strip())
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nguard_ms = 300  # slow hands\n", encoding="utf-8")
    gonogo("config", "set", "undo_seconds", "5.5")
    gonogo("config", "set", "drawing_folders", '["/srv/scans"]')
    gonogo("config", "set", "theme", "light")
    assert (load(file).undo_seconds, load(file).guard_ms, load(file).theme) == (5.5, 300, "light")
    assert "slow hands" in file.read_text(encoding="utf-8")
    listed = {row["key"]: row for row in json.loads(gonogo("config", "list", "--json").stdout)}
    assert listed["undo_seconds"]["value"] == 5.5
    assert not listed["undo_seconds"]["default"]
    assert listed["prefetch"]["default"]
    gonogo("config", "reset", "undo_seconds")
    assert gonogo("config", "get", "undo_seconds").stdout == "3\n"
    assert load(file).drawing_folders == (Path("/srv/scans"),)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("set", "guard", "3"), ("guard is not a setting", "guard_ms")),
        (("set", "undo_seconds", "99"), ("from 0 to 60",)),
        (("set", "show_pace", "maybe"), ("true or false",)),
        (("set", "theme", "lightt"), ("'lightt'", "light")),
        (("get", "theme2"), ("theme2 is not a setting", "theme")),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    gonogo: Gonogo, home: Path, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused = gonogo("config", *command, code=2)
    assert all(word in refused.stderr for word in words)
    assert not (home / "config" / "settings.toml").exists()


def test_the_editor_gets_every_setting_and_its_mistakes_are_named(
    gonogo: Gonogo, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -c "^# [a-z_]* =" "$1" > "$1.count"\necho "prefech = 3" >> "$1"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    edited = gonogo("config", "edit")
    file = home / "config" / "settings.toml"
    assert int(file.with_name("settings.toml.count").read_text()) == len(plain_settings(Settings()))
    assert "did you mean prefetch?" in edited.stderr
    monkeypatch.setenv("VISUAL", "/does/not/exist")
    assert "EDITOR" in gonogo("config", "edit", code=1).stderr


def test_every_setting_is_in_the_manual() -> None:
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [row.name for row in plain_settings(Settings()) if f"| `{row.name}` |" not in page] == []
