"""Exit codes as documented: 2 for what was not sent, 4 for what a server refused, 1 for what is missing here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo


def test_an_ambiguous_name_is_wrong_usage(gonogo: Gonogo) -> None:
    for _ in range(2):
        gonogo("keys", "create", "ci")
    assert "2 keys are called 'ci'" in gonogo("keys", "revoke", "ci", "--yes", code=2).stderr


def test_what_the_server_does_not_have_it_refuses(gonogo: Gonogo) -> None:
    assert "no campaign 'none'" in gonogo("campaigns", "show", "none", code=4).stderr


def test_an_address_that_is_none_is_wrong_usage_and_an_absent_server_is_not_reached(gonogo: Gonogo) -> None:
    env = {"GONOGO_API_KEY": "ak_live_0123456789abcdef"}
    gonogo("campaigns", "list", "--base-url", "ftp://example.com", env=env, code=2)
    gonogo("campaigns", "list", "--base-url", "http://127.0.0.1:9", env=env, code=5)
    gonogo("campaigns", "list", "--base-url", "http://127.0.0.1:9", code=3)


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("pyarrow", ["export", "pmi", "--format", "parquet", "--out", "out.parquet"]),
        ("pyarrow", ["export", "pmi", "--format", "datasets", "--out", "dataset"]),
        ("psycopg", ["db", "upgrade", "--database", "postgresql://nobody@127.0.0.1:9/none"]),
        ("psycopg", ["serve", "--check", "--database", "postgresql://nobody@127.0.0.1:9/none"]),
    ],
)
def test_a_missing_package_is_a_failure_that_names_it(
    gonogo: Gonogo, imported: Path, package: str, arguments: list[str], tmp_path: Path
) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from gonogo.cli.main import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert package in done.stderr
    assert "install" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "nothing"),
    [
        ("campaigns list", []),
        ("projects list", []),
        ("keys list", []),
        ("outbox list", []),
        ("outbox list --all", []),
        ("outbox history", []),
        ("outbox requeue 1", {"requeued": []}),
        ("outbox drop 1", {"dropped": None}),
        ("outbox send", {"sent": 0, "late": 0, "refused": 0, "left": 0, "on_desk": 0}),
        ("results list empty", []),
        ("annotators list empty", []),
        ("campaigns people empty", []),
    ],
)
def test_where_there_is_nothing_json_is_empty_and_whole(gonogo: Gonogo, arguments: str, nothing: object) -> None:
    if "empty" in arguments:
        gonogo("campaigns", "create", "empty")
    assert gonogo.json(*arguments.split()) == nothing


def test_what_was_only_planned_is_json_too(gonogo: Gonogo) -> None:
    gonogo("campaigns", "create", "batch 12")
    gonogo("assign", "batch 12", "ana@example.com", "--here")
    for command in (
        ("campaigns", "close", "batch 12"),
        ("revoke", "batch 12", "ana@example.com"),
        ("annotators", "pause", "batch 12", "ana@example.com"),
    ):
        plan = json.loads(gonogo(*command, "--dry-run", "--json").stdout)
        assert plan["consequence"]
    assert gonogo.json("campaigns", "show", "batch 12")["status"] == "open"


def test_json_of_settings_and_of_a_database_is_whole(gonogo: Gonogo, tmp_path: Path) -> None:
    assert gonogo.json("config", "set", "theme", "light") == {"key": "theme", "value": "light"}
    assert gonogo.json("config", "reset", "theme")["key"] == "theme"
    assert gonogo.json("config", "path")["path"].endswith(".toml")
    url = f"sqlite:///{tmp_path}/server.db"
    assert gonogo.json("db", "upgrade", "--database", url)["before"] is None
    assert gonogo.json("db", "backup", str(tmp_path / "copy.db"), "--database", url)["bytes"] > 0
    assert gonogo.json("db", "prune", "--database", url, "--yes")["done"] is True
    assert gonogo.json("serve", "--check", "--database", url)[0]["level"]
