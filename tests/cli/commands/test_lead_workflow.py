"""A lead's whole life in the shell, on the embedded workspace."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo


def test_from_project_to_promotion(gonogo: Gonogo, imported: Path) -> None:
    shown = gonogo.json("project", "show", "pmi")
    assert [(item["run"], item["n_predictions"]) for item in shown["runs"]] == [("readings.jsonl", 4)]
    (listed,) = gonogo.json("campaign", "list", "--status", "open")
    assert (listed["name"], listed["task_count"]) == ("pmi", 4)
    detail = gonogo.json("campaign", "show", listed["id"])
    assert isinstance(detail["number"], int)
    seen = json.loads(gonogo("campaign", "watch", "pmi", "--once", "--json").stdout)
    assert (seen["task_count"], seen["resolved_count"], seen["held"]) == (4, 0, 0)
    refused = gonogo("campaign", "promote", "pmi", code=1)
    assert "nothing was promoted" in refused.stderr
    assert "--force" in refused.stderr
    below = gonogo("campaign", "promote", "pmi", "--json", code=1)  # for machines as for people
    assert json.loads(below.stdout) == {"accepted": False, "alpha": None, "forced": False, "promoted": 0}
    nothing = gonogo("campaign", "promote", "pmi", "--force", "--yes", "--json", code=1)
    assert json.loads(nothing.stdout)["promoted"] == 0
    assert "no task of pmi is resolved yet" in nothing.stderr
    assert "already" not in gonogo("campaign", "close", "pmi", "--yes").stderr
    again = gonogo("campaign", "close", "pmi", "--json")
    assert json.loads(again.stdout)["status"] == "closed"
    assert "pmi was closed already; nothing was changed" in again.stderr


@pytest.mark.slow
def test_generate_says_first_what_it_would_make(gonogo: Gonogo, imported: Path) -> None:
    policy = json.dumps({"strategy": "uncertainty", "limit": 2})
    project = gonogo.json("project", "create", "more", "--policy", policy)
    gonogo("import", str(imported), "--campaign", "first of more", "--project", "more")
    plan = gonogo.json("project", "generate", "more", "--dry-run")
    assert plan == {
        "n_candidates": 4,
        "n_eligible": 4,
        "n_skipped": 4,
        "n_honeypots": 0,
        "n_tasks": 0,
        "n_merged": 0,
        "n_accepted": 0,
        "n_audited": 0,
    }
    assert len(gonogo.json("campaign", "list")) == 2
    nothing = gonogo("project", "generate", "more", code=1)
    assert "4 of these in a campaign of the project already" in nothing.stderr
    assert len(gonogo.json("campaign", "list")) == 2  # and no empty one
    missing = gonogo("project", "generate", "more", "--run", "nothing", code=4)
    assert "readings.jsonl" in missing.stderr
    assert project["selection_policy"]["limit"] == 2


def test_a_field_the_server_would_not_take_is_named_and_nothing_is_sent(gonogo: Gonogo) -> None:
    assert "name: " in gonogo("campaign", "create", "x" * 3000, code=2).stderr
    assert gonogo.json("campaign", "list") == []


def test_names_used_twice_and_names_that_are_none(gonogo: Gonogo, imported: Path) -> None:
    taken = gonogo("campaign", "create", "pmi", code=4)
    assert "another name" in taken.stderr
    missing = gonogo("campaign", "show", "pmi 2", code=4)
    assert "pmi" in missing.stderr
    assert gonogo("project", "create", "x", "--policy", "{", code=2).stderr.startswith("gonogo: --policy")


def test_people_come_one_by_one_or_from_a_file(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    alone = gonogo("assign", "pmi", "--here", "ana@example.com")
    (link,) = alone.stdout.splitlines()
    assert "#token=" in link
    people = tmp_path / "people.csv"
    people.write_text("email,name,role\nana@example.com,Ana,\nbob@example.com,Bob,reviewer\n")
    assert (
        gonogo("assign", "pmi", "--here", "--from", str(people), "--dry-run").stdout
        == "email\trole\tname\nbob@example.com\treviewer\tBob\n"
    )
    (made,) = gonogo.json("assign", "pmi", "--here", "--from", str(people))
    assert made["assignment"]["annotator_email"] == "bob@example.com"
    assert "Nobody new" in gonogo("assign", "pmi", "--here", "--from", str(people)).stderr
    assert "Nobody new" not in gonogo("assign", "no such campaign", "ana@example.com", "--here", code=4).stderr
    assert "a column `name`" in gonogo("assign", "pmi", "--here", "--from", str(people), "--name", "Ana", code=2).stderr
    assert gonogo.json("revoke", "pmi", "ANA@example.com", "--yes")["status"] == "revoked"
    assert "no active assignment" in gonogo("revoke", "pmi", "ana@example.com", code=1).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail\na@b\n", "no column `email`"),
        (f"email\n{'x' * 250}@example.com\n", "is no e-mail address"),
        ("email\nno address\n", ":2: 'no address' is no e-mail address"),
        ("email,role\na@b,boss\n", ":2: role 'boss'"),
        ("email\na@b\nA@B\n", ":3: A@B is there twice"),
        ("email,name\na@b,Ann,reviewer\n", ":2: more cells than the head line"),
        ("email;name\na@b;Ann\nnone;Bob\n", ":3: 'none' is no e-mail address"),
        ("email\n", "names nobody"),
        ("E-Mail;Name\nana@example.com;Ana\n", "no column `email`"),
        ("", "no column `email`"),
    ],
)
def test_a_bad_file_of_people_invites_nobody(gonogo: Gonogo, tmp_path: Path, text: str, said: str) -> None:
    people = tmp_path / "people.csv"
    people.write_text(text)
    assert said in gonogo("assign", "pmi", "--here", "--from", str(people), code=1).stderr


def test_a_file_that_is_no_utf8_is_said_and_heads_count_whatever_their_case(gonogo: Gonogo, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_bytes("email,name\nana@example.com,Zoë\n".encode("latin-1"))
    assert "no CSV in UTF-8" in gonogo("assign", "pmi", "--here", "--from", str(people), code=1).stderr
    people.write_bytes("\ufeffEmail, Name \nana@example.com,Zoë\n".encode())
    gonogo("campaign", "create", "pmi")
    assert (
        gonogo("assign", "pmi", "--here", "--from", str(people), "--dry-run").stdout
        == "email\trole\tname\nana@example.com\tannotator\tZoë\n"
    )


def test_links_made_before_an_error_are_shown(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    """They cannot be shown again."""
    people = tmp_path / "people.csv"
    people.write_text(f"email,name\nana@example.com,Ana\nbob@example.com,{'b' * 3000}\n")
    done = gonogo("assign", "pmi", "--here", "--from", str(people), code=2)
    assert "display_name" in done.stderr
    head, line = done.stdout.splitlines()
    assert head == "email\tlink"
    assert line.startswith("ana@example.com\t")
    assert "#token=" in line


def test_lists_are_whole_however_long(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"a{n}@example.com\n" for n in range(130)))
    assert len(gonogo.json("assign", "pmi", "--here", "--from", str(people))) == 130
    assert "Nobody new" in gonogo("assign", "pmi", "--here", "--from", str(people)).stderr
    assert gonogo.json("revoke", "pmi", "a0@example.com", "--yes")["status"] == "revoked"


def test_an_address_that_is_none_is_refused_before_anything_is_asked(gonogo: Gonogo) -> None:
    assert "no e-mail address" in gonogo("assign", "pmi", "--here", "ana", code=2).stderr
    assert "--from" in gonogo("assign", "pmi", "--here", code=2).stderr


def test_keys_are_listed_without_their_secret_and_revoked_by_name(gonogo: Gonogo) -> None:
    made = gonogo.json("keys", "create", "--name", "ci", "--scopes", "parts:read")
    listed = gonogo("keys", "list", "--json").stdout
    assert made["key"] not in listed
    (item,) = json.loads(listed)
    assert made["key"].startswith(item["prefix"])
    assert gonogo.json("keys", "revoke", "ci", "--yes")["revoked_at"]
    assert "no active key" in gonogo("keys", "revoke", "ci", code=4).stderr
    assert "unknown scope" in gonogo("keys", "create", "--name", "x", "--scopes", "all", code=2).stderr


def test_exit_codes_of_a_server_that_is_not_there_and_of_a_missing_key(gonogo: Gonogo) -> None:
    away = {"GONOGO_BASE_URL": "http://127.0.0.1:9", "GONOGO_API_KEY": "ak_test_x"}
    assert "GONOGO_API_KEY" in gonogo("campaign", "list", code=3, env={"GONOGO_BASE_URL": "http://127.0.0.1:9"}).stderr
    assert gonogo("doctor", "--json", code=1, env=away).exit_code == 1


def test_doctor_looks_and_leaves_nothing(gonogo: Gonogo, home: Path) -> None:
    found = gonogo.json("doctor")
    names = {check["name"] for check in found["checks"]}
    assert {"terminal", "colours", "pictures", "config", "data", "keyring", "server", "gonogo"} <= names
    assert found["ok"]
    assert not home.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_doctor_names_a_folder_that_cannot_be_written(gonogo: Gonogo, home: Path) -> None:
    home.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "cannot be written" in gonogo("doctor", code=1).stdout
