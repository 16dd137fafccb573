"""What can't be undone says what it does, in numbers, and asks: by the program itself, with and without a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gonogo.desk.outbox.outbox import Outbox
from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_main_job import material as material
from tests.support.outbox_rows import put
from tests.support.pty_command import run_in_terminal

pytestmark = pytest.mark.slow
NOBODY = "nobody is there to confirm this"


def refused_then_done(cli: Cli, *command: str, numbers: str) -> None:
    """Without a terminal: refused, looked at, done."""
    cli(*command, code=2)
    assert NOBODY in cli.err
    assert re.search(numbers, cli.err), cli.err
    cli(*command, "--dry-run")
    assert re.search(numbers, cli.err), cli.err
    assert "Nothing was done." in cli.err
    cli(*command, "--yes")
    assert "Nothing was done." not in cli.err


def test_a_campaign_a_person_and_a_key(lead: Cli, material: tuple[Path, Path]) -> None:
    predictions, drawings = material
    lead("import", str(predictions), "--drawings", str(drawings), "--campaign", "pmi")
    lead("assign", "pmi", "ana@example.com", "--here")
    lead("keys", "create", "--name", "ci")
    refused_then_done(lead, "revoke", "pmi", "ana@example.com", numbers="no answers yet")
    refused_then_done(lead, "keys", "revoke", "ci", numbers="0 other keys stay active")
    lead("campaign", "promote", "pmi", "--force", code=2)
    assert "0 resolved tasks" in lead.err
    assert "forced" in lead.err
    n_tasks = len(predictions.read_text(encoding="utf-8").splitlines())
    close = [*GONOGO, "campaign", "close", "pmi"]
    code, output = run_in_terminal(close, lead.env, b"n\n", prompt=b"Do it?")
    assert code == 0
    assert b"Nothing was done." in output
    assert lead.json("campaign", "show", "pmi")["status"] == "open"
    refused_then_done(
        lead,
        "campaign",
        "close",
        "pmi",
        numbers=f"0 of {n_tasks} tasks resolved, no more votes for the other {n_tasks}",
    )
    assert lead.json("campaign", "show", "pmi")["status"] == "closed"


def test_old_rows_of_a_database(lead: Cli) -> None:
    lead("db", "upgrade")
    refused_then_done(lead, "db", "prune", "--keep-drawings-days", "9", numbers="0 sessions, .* 0 drawings")


def test_an_answer_that_was_not_sent(lead: Cli) -> None:
    outbox = Outbox(lead.home / "state" / "outbox.sqlite")
    outbox.release([number := put(outbox, "bore")])
    outbox.close()
    refused_then_done(lead, "outbox", "drop", str(number), numbers=f"answer {number}, .* the answer is lost")
    assert json.loads(lead("outbox", "list", "--all", "--json")) == []


@pytest.mark.parametrize(
    "command",
    [("campaign", "list"), ("import", "/dev/null", "--campaign", "c"), ("keys", "list"), ("demo", "--prepare"),
     ("results", "list", "--task", "1"), ("export", "c")],
    ids=" ".join,
)  # fmt: skip
def test_no_command_silently_takes_another_database_than_the_named_one(
    lead: Cli, tmp_path: Path, command: tuple[str, ...]
) -> None:
    named = {"GONOGO_DATABASE_URL": f"sqlite:///{tmp_path / 'team.db'}"}
    lead(*command, env=named, code=2)
    assert "GONOGO_DATABASE_URL names a server's database" in lead.err
    assert not (lead.home / "data" / "workspace.db").exists()


def test_a_key_is_made_in_the_database_that_is_named_alone(lead: Cli, tmp_path: Path) -> None:
    named = {"GONOGO_DATABASE_URL": f"sqlite:///{tmp_path / 'team.db'}", "GONOGO_BASE_URL": "http://127.0.0.1:9"}
    lead("keys", "create", "--name", "k", env=named, code=2)
    assert "both named" in lead.err
    lead("keys", "create", "--name", "k", "--database", named["GONOGO_DATABASE_URL"], env=named)
    assert (tmp_path / "team.db").exists()
    lead("audit", "verify", env=named)
    assert "rows, all as they were written" in lead.err
