"""Other people's machines, simulated: what a Mac and Windows lack is hidden from gonogo, and the work goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.demo.parts import draw_all
from tests.e2e.conftest import Cli
from tests.support import other_platforms

PLATFORMS = {"macos": other_platforms.MACOS, "windows": other_platforms.WINDOWS}
PART = "GX-2210 bracket"
CELLS = set("▀▄█▌▐▖▗▘▙▚▛▜▝▞▟")

pytestmark = pytest.mark.slow


@pytest.fixture(params=PLATFORMS)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Cli:
    """`gonogo` as it runs on another platform."""
    cli = Cli(tmp_path / "home")
    cli.env |= other_platforms.environment(PLATFORMS[request.param], tmp_path / "site")
    return cli


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Predictions of one sheet, and the sheet beside them."""
    board = draw_all()[PART]
    (tmp_path / "bracket.pdf").write_bytes(board.pdf())
    lines = [
        {"part": PART, "drawing": "bracket.pdf", "bbox": callout.bbox, "bbox_unit": "pt", "target_kind": "pmi"}
        | {"id": callout.name, "predicted_value": {"text": callout.text}}
        for callout in board.callouts
    ]
    path = tmp_path / "predictions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def _annotate_once(cli: Cli, campaign_id: str) -> dict[str, str]:
    return _screens(cli, "tests.support.annotate_once", campaign_id)


def _screens(cli: Cli, program: str, campaign_id: str) -> dict[str, str]:
    """What the program printed, which runs the workstation without a terminal."""
    process = subprocess.run(
        [sys.executable, "-m", program, campaign_id],
        capture_output=True,
        text=True,
        env=cli.env,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    screens: dict[str, str] = json.loads(process.stdout)
    return screens


def _vote(cli: Cli, campaign: str) -> None:
    """One answer by a person who was invited: nobody rules on a vote of their own."""
    with cli.serving() as url:
        remote = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": cli.json("keys", "create", "--name", "lead")["key"]}
        invited = cli.json("assign", "batch", "ana@example.com", env=remote)
        sent = {"magic_link_token": invited["magic_link_token"], "client_nonce": "a nonce of ours"}
        session = httpx.post(f"{url}/api/v1/gonogo/sessions", json=sent).json()["session_token"]
        labeling = f"{url}/api/v1/parts/labeling"
        with httpx.Client(headers={"Authorization": f"Bearer {session}"}) as ana:
            task = ana.post(f"{labeling}/campaigns/{campaign}/next-task").json()["id"]
            ana.post(f"{labeling}/tasks/{task}/submit", json={"verdict": "correct"}).raise_for_status()


def test_import_annotate_and_export(elsewhere: Cli, predictions: Path) -> None:
    elsewhere("import", str(predictions), "--drawings", str(predictions.parent), "--campaign", "batch")
    campaign = elsewhere.json("campaign", "show", "batch")
    screens = _annotate_once(elsewhere, campaign["id"])
    assert len(CELLS & set(screens["question"])) > 5, screens["question"]
    assert "can't be shown" not in screens["question"]
    lines = [json.loads(line) for line in elsewhere("export", "batch", "--format", "jsonl").splitlines()]
    assert len(lines) == campaign["task_count"]
    assert any(line["submissions"] for line in lines)


def test_review(elsewhere: Cli, predictions: Path) -> None:
    doubtful = ("--redundancy", "1", "--max-risk", "0", "--gold-fraction", "0")  # one vote, which settles nothing
    elsewhere("import", str(predictions), "--drawings", str(predictions.parent), "--campaign", "batch", *doubtful)
    campaign = elsewhere.json("campaign", "show", "batch")["id"]
    _vote(elsewhere, campaign)
    screens = _screens(elsewhere, "tests.support.review_once", campaign)
    assert len(CELLS & set(screens["case"])) > 5, screens["case"]
    assert "can't be shown" not in screens["case"]
    lines = [json.loads(line) for line in elsewhere("export", "batch", "--format", "jsonl").splitlines()]
    answered = [line for line in lines if line["submissions"]]
    assert {(line["status"], line["consensus_verdict"]) for line in answered} == {("resolved", "incorrect")}


def test_doctor_draws_a_sheet_and_names_the_limits_that_are_missing(elsewhere: Cli) -> None:
    report = elsewhere.json("doctor")
    check: dict[str, Any] = next(check for check in report["checks"] if check["name"] == "drawings")
    assert check["state"] == "note"
    assert "one sheet drawn" in check["found"]
    assert "memory" in check["found"]


def test_serve_answers_and_ends(elsewhere: Cli) -> None:
    with elsewhere.serving() as base_url:
        assert httpx.get(f"{base_url}/healthz").status_code == 200


def test_the_workstation_without_a_terminal_says_so(elsewhere: Cli) -> None:
    elsewhere(code=2)
    assert "needs a terminal" in elsewhere.err
    assert "Traceback" not in elsewhere.err


def test_a_viewer_that_cannot_start_is_not_the_drawings_fault(tmp_path: Path, predictions: Path) -> None:
    cli = Cli(tmp_path / "home")
    broken = "import sys\nif 'gonogo.sheets.render.main' in ' '.join(sys.orig_argv): sys.modules['json'] = None\n"
    cli.env |= other_platforms.environment(broken, tmp_path / "site")
    cli("import", str(predictions), "--drawings", str(predictions.parent), "--campaign", "batch")
    screens = _annotate_once(cli, cli.json("campaign", "show", "batch")["id"])
    assert "Drawings can't be shown on this computer" in screens["question"]
    assert "hostile" not in screens["question"]
    report = json.loads(cli("doctor", "--json", code=1))
    check = next(check for check in report["checks"] if check["name"] == "drawings")
    assert check["state"] == "bad"
    assert check["next_step"]
