"""`gonogo demo`: from nothing to the first question in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from gonogo.cli.support import current_home, run, say

if TYPE_CHECKING:
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
    home = current_home()
    campaign_id = _made_before(home) or run(_prepare(home))
    if prepare_only:
        click.echo(campaign_id)
        return
    from gonogo.cli.workstation import open_workstation

    open_workstation(campaign_id=campaign_id, embedded=True)


def _marker(home: AppPaths) -> Path:
    return home.data() / "demo.json"


def _made_before(home: AppPaths) -> str | None:
    """The campaign an earlier start made, without waking the server: a second start must be as quick as any."""
    try:
        known = json.loads(_marker(home).read_text(encoding="utf-8"))
        return str(known["campaign_id"]) if (home.data() / "workspace.db").exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def _prepare(home: AppPaths) -> str:
    from gonogo.client.credential import ApiKey, SessionToken
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.client.shared_transport import UnclosableTransport
    from gonogo.demo.workspace import prepare
    from gonogo.embedded.transport import BASE_URL, embedded_parts, workspace_url

    parts = embedded_parts(home)

    def client_for(session: str | None) -> GonogoClient:
        credential = SessionToken(session) if session else ApiKey(parts.token)
        return GonogoClient(BASE_URL, credential, transport=cast("Any", UnclosableTransport(lambda: parts.transport)))

    try:
        campaign_id = await prepare(client_for, workspace_url(home), say)
    finally:
        await parts.transport.aclose()
    _marker(home).write_text(json.dumps({"campaign_id": campaign_id}), encoding="utf-8")
    return campaign_id
