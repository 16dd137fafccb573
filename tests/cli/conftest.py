"""The command line as a person or a script runs it, on the embedded workspace of a home of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gonogo.cli.main import cli
from gonogo.desk.core.paths import AppPaths
from tests.sqlite import fresh_database

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
READINGS = [
    {"id": "1", "predicted_value": {"text": "⌀16,5"}, "predicted_confidence": 0.9, "truth": {"text": "⌀16,5"}},
    {"id": "2", "predicted_value": {"text": "M8"}, "predicted_confidence": 0.2},
    {"id": "3", "predicted_value": {"text": "R0,2"}, "predicted_confidence": 0.6, "truth": {"text": "R0,2"}},
    {"id": "4", "predicted_value": {"text": "45°"}, "predicted_confidence": 0.4},
]


@dataclass(frozen=True)
class Gonogo:
    """Runs commands in this process; `env` is added to each."""

    runner: CliRunner

    def __call__(self, *arguments: str, code: int = 0, env: dict[str, str] | None = None, stdin: str = "") -> Result:
        done = self.runner.invoke(cli, list(arguments), env=env, input=stdin, prog_name="gonogo")
        if done.exit_code != code:
            raise AssertionError(f"{arguments} ended with {done.exit_code}:\n{done.output}") from done.exception
        return done

    def json(self, *arguments: str, **more: Any) -> Any:
        return json.loads(self(*arguments, "--json", **more).stdout)


@pytest.fixture
def gonogo() -> Gonogo:
    return Gonogo(CliRunner())


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """A file of four predictions on one drawing."""
    return write_readings(tmp_path / "drawings")


def write_readings(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    usual = {"part": "a", "drawing": "a.png", "bbox": [10, 20, 110, 60], "bbox_unit": "px", "detail_kind": "dimension"}
    path = folder / "readings.jsonl"
    path.write_text("".join(json.dumps({**usual, **item}) + "\n" for item in READINGS))
    return path


Imported = Callable[[str], Path]


@pytest.fixture(scope="session")
def imported_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the readings imported as campaign `pmi` of project `pmi`: it is copied, never used."""
    folder = tmp_path_factory.mktemp("imported")
    home = folder / "home"
    fresh_database(AppPaths(home).workspace_file())
    readings = write_readings(folder / "drawings")
    Gonogo(CliRunner())("import", str(readings), "--campaign", "pmi", env={"GONOGO_HOME": str(home)})
    return home


@pytest.fixture
def imported(imported_home: Path, readings: Path, home: Path) -> Path:
    """The readings, imported as campaign `pmi` of project `pmi`."""
    shutil.copytree(imported_home, home)
    return readings
