"""`gonogo demo`: makes a sample project, and opens the workstation on it."""

from __future__ import annotations

import json
import os

import click

from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.workstation import open_workstation
from gonogo.demo.demo_campaign import demo_campaign, existing_campaign
from gonogo.desk.core.paths import AppPaths


@click.command(
    epilog="""\b
Examples:
  gonogo demo   draw the sample project once, then ask the first question
  # the same without the five questions that teach the keys
  gonogo demo --no-tour
  gonogo demo --prepare   only make it, and print its campaign's id
"""
)
@click.option("--prepare", "prepare_only", is_flag=True, help="Make the sample project and stop.")
@click.option("--no-tour", is_flag=True, help="Begin with the real questions, without the tour of the first start.")
@click.option("--json", "as_json", is_flag=True, help="With --prepare: print JSON for machines.")
def demo(prepare_only: bool, no_tour: bool, as_json: bool) -> None:
    """Try gonogo on a sample project: no account, no network.

    The first start draws four parts, lets three simulated colleagues answer a few questions before you, and shows the
    keys in a short tour, which Esc skips. Later starts go on where you stopped. Everything lies in the workspace on
    this machine (GONOGO_HOME).
    """
    if as_json and not prepare_only:
        fail("--json goes with --prepare", "Without it the workstation opens.", EXIT_USAGE)
    home = AppPaths()
    if os.environ.get("GONOGO_DATABASE_URL"):
        _refuse()
    campaign_id = existing_campaign(home) or _make_campaign(home)
    if no_tour:
        from gonogo.desk.practice.tour import drop_lessons  # a later start does without it before its first frame

        drop_lessons(home)
    if prepare_only:
        click.echo(json.dumps({"campaign_id": campaign_id}, indent=2) if as_json else campaign_id)
        return
    open_workstation(campaign_id=campaign_id, embedded=True)


def _make_campaign(home: AppPaths) -> str:
    echo_err("Making the sample project, once: a few seconds …")  # before the server is loaded
    from gonogo.cli.support.errors import run  # the client, which a second start does without before its first frame

    return run(demo_campaign(home, echo_err))


def _refuse() -> None:
    """Ends the command: a server's database is named, and the sample project is not for it."""
    from gonogo.cli.support.errors import handle_errors  # the client; see `_make_campaign`
    from gonogo.embedded.transport import embedded_parts

    with handle_errors():
        embedded_parts(AppPaths())
