"""The man page and the completions that the wheel installs: in step with the commands, and fit for their programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gonogo.cli.shell_files import COMPLETIONS, MAN_PAGE, shell_files
from tests.cli.test_help import ALL

REPO = Path(__file__).parents[2]
FOLDER = REPO / "docs" / "shell"


def test_the_files_are_in_step_with_the_commands() -> None:
    kept = {name: (FOLDER / name).read_text("utf-8") for name in shell_files()}
    assert kept == shell_files(), "python -m gonogo.cli.shell_files docs/shell"


def test_the_wheel_installs_each_of_them() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
    installed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert {Path(source).name for source in installed} == set(shell_files())
    assert installed[f"docs/shell/{MAN_PAGE}"] == "share/man/man1/gonogo.1"


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here")
def test_the_man_page_names_every_command_and_troff_has_nothing_to_say_against_it() -> None:
    command = ["groff", "-k", "-man", "-ww", "-Tutf8", "-P-c", str(FOLDER / MAN_PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.stderr == ""
    page = " ".join(done.stdout.replace("‐", "-").split())
    missing = [path for path in ALL if path and f"gonogo {' '.join(path)}" not in page]
    assert missing == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_by_the_installed_file() -> None:
    script = f"""
source {FOLDER / COMPLETIONS["bash"]}
COMP_WORDS=(gonogo campa); COMP_CWORD=1
_gonogo_completion gonogo
printf '%s' "${{COMPREPLY[@]}}"
"""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "campaigns"
