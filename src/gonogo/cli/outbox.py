"""`gonogo outbox`: verdicts on this machine that have not reached their server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.common import current_home, emit, fail, json_option, say

if TYPE_CHECKING:
    from gonogo.desk.outbox import Outbox, Verdict


@click.group(epilog="\b\nExample:\n  gonogo outbox list")
def outbox() -> None:
    """Verdicts that have not reached their server. They are sent by the app as soon as it can."""


def _open() -> Outbox:
    from gonogo.desk.outbox import Outbox

    file = current_home().outbox_file()
    if not file.exists():
        say("The outbox is empty: nothing was ever answered here.")
        raise SystemExit(0)
    return Outbox(file)


@outbox.command("list", epilog="\b\nExample:\n  gonogo outbox list --all")
@click.option("--all", "sent_too", is_flag=True, help="Sent ones, too.")
@json_option
def list_(sent_too: bool, as_json: bool) -> None:
    """What waits, what was refused and why."""
    box = _open()
    try:
        rows = box.history(unsettled=not sent_too)
    finally:
        box.close()
    if as_json:
        emit([_as_json(row) for row in rows])
        return
    if not rows:
        say("Nothing waits: every answer has reached its server.")
    for row in rows:
        click.echo("\t".join(str(cell) for cell in _as_json(row).values() if cell not in (None, "")))


def _as_json(row: Verdict) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state.value,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row.decided_at)),
        "verdict": row.decision.verdict,
        "prompt": row.task.prompt,
        "server": row.address.base_url,
        "detail": row.detail,
    }


@outbox.command(epilog="\b\nExample:\n  gonogo outbox export > answers.jsonl")
def export() -> None:
    """Every answer kept here as JSON Lines: task, verdict, times, and the exact bytes of its request."""
    box = _open()
    try:
        for record in box.export():
            click.echo(json.dumps(record))
    finally:
        box.close()


@outbox.command(epilog="\b\nExample:\n  gonogo outbox drop 17")
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(number: int, yes: bool) -> None:
    """Delete one unsent answer for good."""
    box = _open()
    try:
        row = box.get(number)
        if row is None:
            fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
        if not yes:
            click.confirm(f"Delete your answer “{row.decision.verdict}” to “{row.task.prompt}” for good?", abort=True)
        if not box.drop(number):
            fail(f"answer {number} is on its way or still on a desk", "Leave the app first, then drop it.")
    finally:
        box.close()
    say(f"Answer {number} is deleted.")
