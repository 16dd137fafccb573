"""Campaign settings in the shell: shown, counted before they change, refused where they are none."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.cli.commands.people.test_annotators import answer_all
from tests.cli.conftest import Gonogo

DEFAULTS = {
    "lease_minutes": 10,
    "max_risk": 0.05,
    "votes": "fixed",
    "min_votes": 1,
    "trailing_zeros_matter": False,
    "unit": None,
    "guideline": None,
    "grouping": False,
}


def settings(gonogo: Gonogo, *arguments: str) -> dict[str, object]:
    shown = gonogo.json("campaign", "settings", "pmi", *arguments)
    current: dict[str, object] = shown.get("settings", shown)  # a change answers with the whole campaign
    return current


def test_without_an_option_they_are_shown(gonogo: Gonogo, imported: Path) -> None:
    assert settings(gonogo) == DEFAULTS
    assert "max risk" in gonogo("campaign", "settings", "pmi").stdout.replace("_", " ")


def test_each_option_changes_its_setting_and_no_other(gonogo: Gonogo, imported: Path, tmp_path: Path) -> None:
    guideline = tmp_path / "guideline.md"
    guideline.write_text("Look twice.\n")
    steps: list[tuple[list[str], dict[str, object]]] = [
        (["--max-risk", "0.02"], {"max_risk": 0.02}),
        (["--votes", "by_risk"], {"votes": "by_risk"}),
        (["--min-votes", "2"], {"min_votes": 2}),
        (["--grouping"], {"grouping": True}),
        (["--no-grouping"], {"grouping": False}),
        (["--lease-minutes", "30"], {"lease_minutes": 30}),
        (["--unit", "mm"], {"unit": "mm"}),
        (["--trailing-zeros"], {"trailing_zeros_matter": True}),
        (["--guideline", str(guideline)], {"guideline": "Look twice.\n"}),
        (["--unit", "none", "--no-trailing-zeros"], {"unit": None, "trailing_zeros_matter": False}),
    ]
    expected: dict[str, object] = dict(DEFAULTS)
    for arguments, change in steps:
        expected.update(change)
        assert settings(gonogo, *arguments) == expected
    guideline.write_text("")
    assert settings(gonogo, "--guideline", str(guideline))["guideline"] is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--max-risk", "1.5"], "--max-risk"),
        (["--max-risk", "nan"], "max_risk"),
        (["--min-votes", "0"], "--min-votes"),
        (["--votes", "many"], "by_risk"),
        (["--unit", "furlong"], "mm"),
        (["--guideline", "no-such-file.md"], "no-such-file.md"),
    ],
)
def test_a_value_that_is_none_is_refused_before_anything_is_sent(
    gonogo: Gonogo, imported: Path, arguments: list[str], word: str
) -> None:
    assert word in gonogo("campaign", "settings", "pmi", *arguments, code=2).stderr
    assert settings(gonogo) == DEFAULTS


def test_a_dry_run_counts_and_changes_nothing(gonogo: Gonogo, imported: Path) -> None:
    counted = json.loads(gonogo("campaign", "settings", "pmi", "--max-risk", "0", "--dry-run", "--json").stdout)
    assert counted == {"n_settled": 0, "n_newly_settled": 0, "n_resettled": 0, "n_reopened": 0, "n_not_kept": 0}
    assert "Nothing was changed" in gonogo("campaign", "settings", "pmi", "--max-risk", "0", "--dry-run").stderr
    assert settings(gonogo) == DEFAULTS


def test_a_campaign_that_is_not_there_is_named(gonogo: Gonogo, imported: Path) -> None:
    assert "nobody" in gonogo("campaign", "settings", "nobody", "--max-risk", "0.1", code=4).stderr


def statuses(gonogo: Gonogo) -> list[str]:
    lines = gonogo("export", "pmi", "--format", "jsonl").stdout.splitlines()
    return sorted(json.loads(line)["status"] for line in lines)


@pytest.mark.slow
def test_what_is_settled_stays_unless_it_is_asked_for_and_confirmed(gonogo: Gonogo, imported: Path) -> None:
    people = {f"{name}@works.test": "correct" for name in ("ana", "bo", "cy")}
    asyncio.run(answer_all("pmi", people))
    before = statuses(gonogo)
    n = before.count("resolved")
    assert n > 0
    stricter = ("campaign", "settings", "pmi", "--max-risk", "0")
    assert f"{n} of {n} settled tasks are not safe by these settings, and stay settled" in gonogo(*stricter).stderr
    assert statuses(gonogo) == before
    unasked = gonogo(*stricter, "--resettle", code=2)
    assert "--yes" in unasked.stderr
    assert statuses(gonogo) == before
    assert f"{n} go to review" in gonogo(*stricter, "--resettle", "--yes").stderr
    assert statuses(gonogo).count("resolved") == 0
