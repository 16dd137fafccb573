"""Completion, as the shells ask for it, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Gonogo


@pytest.fixture(scope="module")
def peopled_home(imported_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a campaign, a person, and two keys of one name."""
    home = tmp_path_factory.mktemp("peopled") / "home"
    shutil.copytree(imported_home, home)
    gonogo = Gonogo(CliRunner())
    for _ in range(2):  # a name that two have is offered once
        gonogo("keys", "create", "--name", "ci", env={"GONOGO_HOME": str(home)})
    gonogo("assign", "pmi", "--here", "ana@example.com", env={"GONOGO_HOME": str(home)})
    return home


def asked(gonogo: Gonogo, *words: str, shell: str = "zsh") -> str:
    env = {"_GONOGO_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return gonogo(env=env).output


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("campaign show p", "pmi"),
        ("campaign watch p", "pmi"),
        ("export p", "pmi"),
        ("project show p", "pmi"),
        ("project generate pmi --run r", "readings.jsonl"),
        ("campaign create x --project p", "pmi"),
        ("keys revoke c", "ci"),
        ("revoke pmi a", "ana@example.com"),
        ("annotators pause pmi a", "ana@example.com"),
        ("import x --campaign p", "pmi"),
        ("import x --project p", "pmi"),
        ("results list --st", "--state"),
        ("results list --state F", "Flagged"),
        ("campa", "campaigns"),
    ],
)
def test_names_and_words_are_completed(gonogo: Gonogo, peopled_home: Path, home: Path, words: str, found: str) -> None:
    shutil.copytree(peopled_home, home)
    assert asked(gonogo, "gonogo", *words.split()).splitlines().count(found) == 1


def test_a_server_is_not_asked(gonogo: Gonogo, imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_BASE_URL", "http://127.0.0.1:9")
    assert asked(gonogo, "gonogo", "campaign", "show", "p").strip() == ""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(("typed", "given"), [("b", r"batch\ 12\ \(⌀\)"), ("'b", "batch 12 (⌀)")])
def test_bash_gets_a_name_with_spaces_as_one_word(gonogo: Gonogo, typed: str, given: str) -> None:
    gonogo("campaign", "create", "batch 12 (⌀)")
    script = """
eval "$(_GONOGO_COMPLETE=bash_source gonogo)"
COMP_WORDS=(gonogo campaigns show "$1"); COMP_CWORD=3
_gonogo_completion gonogo
printf '%s' "${COMPREPLY[@]}"
"""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "--norc", "-c", script, "bash", typed]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == given
