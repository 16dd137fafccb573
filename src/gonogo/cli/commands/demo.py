"""`gonogo demo`: makes a sample project, and opens the workstation on it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.workstation import open_workstation
from gonogo.desk.core.paths import AppPaths


@click.command(
    epilog="""\b
Examples:
  gonogo demo              draw the sample project once, then ask the first question
  gonogo demo --prepare    only make it, and print its campaign's id
"""
)
@click.option("--prepare", "prepare_only", is_flag=True, help="Make the sample project and stop.")
def demo(prepare_only: bool) -> None:
    """Try gonogo on a sample project: no account, no network.

    The first start draws four parts and lets three simulated colleagues answer a few questions before you. Later starts
    go on where you stopped. Everything lies in the workspace on this machine (GONOGO_HOME).
    """
    home = AppPaths()
    campaign_id = _existing_campaign(home) or _make_campaign(home)
    if prepare_only:
        click.echo(campaign_id)
        return
    open_workstation(campaign_id=campaign_id, embedded=True)


def _marker(home: AppPaths) -> Path:
    return home.data() / "demo.json"


def _existing_campaign(home: AppPaths) -> str | None:
    """Campaign of an earlier start, without a request to the server: a second start must be as quick as any."""
    try:
        marker = json.loads(_marker(home).read_text(encoding="utf-8"))
        return str(marker["campaign_id"]) if (home.data() / "workspace.db").exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make_campaign(home: AppPaths) -> str:
    # Imported here, because a second start needs neither the client nor the server before its first frame.
    from gonogo.cli.support.errors import run
    from gonogo.demo.demo_workspace import prepare_embedded

    campaign_id = run(prepare_embedded(home, echo_err))
    _marker(home).write_text(json.dumps({"campaign_id": campaign_id}), encoding="utf-8")
    return campaign_id
