"""`gonogo outbox`: lists, sends, exports and drops answers that wait for their server, and shows earlier ones."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import click

from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_NO_CREDENTIAL, EXIT_REFUSED, EXIT_UNREACHABLE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.identity import SignedIn
from gonogo.desk.core.errors import DeskError, OutboxError
from gonogo.desk.core.models import SendState
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.outbox.flush import FlushReport
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import OutboxRow
from gonogo.desk.outbox.schema import exists
from gonogo.embedded.app_composition import make_services
from gonogo.json_types import JsonObject
from gonogo.schemas.sanitize import clean_text


@click.group(epilog="\b\nExample:\n  gonogo outbox list")
def outbox() -> None:
    """Answers on this machine. The app sends them as soon as it can; here they can be seen, sent and saved."""


@contextlib.contextmanager
def _open_outbox() -> Iterator[Outbox]:
    """Opens the outbox; ends the command when there is none, or when the disk refuses."""
    file = AppPaths().outbox_file()
    if not exists(file):
        echo_err("The outbox is empty: nothing was ever answered here.")
        raise SystemExit(0)
    stored = Outbox(file)
    try:
        yield stored
    except OutboxError as problem:
        fail(str(problem), problem.next_step)
    finally:
        for notice in stored.notices:
            echo_err(notice)
        stored.close()


# --- reading -----------------------------------------------------------------------------------------------


@outbox.command("list", epilog="\b\nExample:\n  gonogo outbox list --all")
@click.option("--all", "sent_too", is_flag=True, help="Sent ones, too.")
@json_option
def list_(sent_too: bool, as_json: bool) -> None:
    """What waits, what was refused and why."""
    with _open_outbox() as outbox_file:
        rows = outbox_file.history(unsettled=not sent_too)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    if not rows:
        echo_err("Nothing waits: every answer has reached its server.")
    _print_lines(_as_json(row) for row in rows)


@outbox.command("history", epilog="\b\nExample:\n  gonogo outbox history --limit 50")
@click.option("--limit", default=1_000_000, show_default=False, type=click.IntRange(1), help="Only the last so many.")
@json_option
def history_(limit: int, as_json: bool) -> None:
    """Every answer given here, newest first, with where its time went: looking, editing, idle, waiting (seconds)."""
    with _open_outbox() as outbox_file:
        rows = outbox_file.history(limit=limit)
    if as_json:
        print_json([_as_json(row) | {"times_ms": asdict(row.decision.times), "task_id": row.task_id} for row in rows])
        return
    _print_lines(_as_json(row) | {"times": _in_seconds(row)} for row in rows)


def _print_lines(records: Iterator[JsonObject]) -> None:
    for record in records:
        click.echo("\t".join(clean_text(str(cell)) for cell in record.values() if cell not in (None, "")))


def _as_json(row: OutboxRow) -> JsonObject:
    return {
        "id": row.id,
        "state": row.state.value,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row.decided_at)),
        "verdict": row.decision.verdict,
        "prompt": row.task.prompt,
        "server": row.address.base_url,
        "detail": row.detail,
    }


def _in_seconds(row: OutboxRow) -> str:
    times = row.decision.times
    parts = (("looking", times.looking), ("editing", times.editing), ("idle", times.idle), ("waiting", times.waiting))
    return " ".join(f"{name} {value / 1000:.1f}" for name, value in parts)


@outbox.command(epilog="\b\nExample:\n  gonogo outbox export > answers.jsonl")
def export() -> None:
    """Every answer kept here as JSON Lines: task, verdict, times, and the exact bytes of its request."""
    with _open_outbox() as outbox_file:
        for record in outbox_file.export():
            click.echo(json.dumps(record))


# --- sending -----------------------------------------------------------------------------------------------


@outbox.command(epilog="\b\nExample:\n  gonogo outbox send")
def send() -> None:
    """Send now what waits for the login of this machine (or of GONOGO_API_KEY)."""
    with _open_outbox() as outbox_file:
        n_waiting = outbox_file.totals()
    if not n_waiting:
        echo_err("Nothing waits: every answer has reached its server.")
        return
    run(_send())


async def _send() -> None:
    services = make_services(AppPaths())
    try:
        signed = services.remembered()
        if signed is None:
            fail(
                "nobody is signed in here, so nothing can be sent",
                "Sign in with `gonogo annotate`, or set GONOGO_API_KEY and GONOGO_BASE_URL. The answers are kept.",
                EXIT_NO_CREDENTIAL,
            )
        report = await _send_with_progress(services, signed)
    except DeskError as problem:
        fail(str(problem), problem.next_step, EXIT_NO_CREDENTIAL)
    finally:
        await services.aclose()
    _print_report(report, signed)


async def _send_with_progress(services: Account, signed: SignedIn) -> FlushReport:
    with _open_outbox() as outbox_file:
        n_waiting = outbox_file.totals().get((signed.base_url, signed.annotator), 0)
    refused: list[str] = []
    with click.progressbar(length=n_waiting, label="sending", file=sys.stderr, show_pos=True) as bar:

        def on_settled(row: OutboxRow, state: SendState, detail: str) -> None:
            if state.value == "parked":
                refused.append(f"Answer {row.id} was refused and is kept: {detail}")
            bar.update(1)

        report = await services.send_now(signed, on_settled)
    for line in refused:
        echo_err(line)
    return report


def _print_report(report: FlushReport, signed: SignedIn) -> None:
    """Prints how many answers were sent, refused or left, and ends with the exit code for it."""
    parts = [f"{report.sent} sent"]
    parts += [f"{report.late} kept late by the server, uncounted"] if report.late else []
    parts += [f"{report.parked} refused (`gonogo outbox list` says why)"] if report.parked else []
    parts += [f"{report.left} still wait"] if report.left else []
    parts += [f"{report.on_desk} on the desk of an open gonogo"] if report.on_desk else []
    echo_err(", ".join(parts) + ".")
    with _open_outbox() as outbox_file:
        others = {login: n for login, n in outbox_file.totals().items() if login != (signed.base_url, signed.annotator)}
    for (base_url, _), count in others.items():
        echo_err(f"{count} for another login at {base_url}: sign in as that person to send them.")
    if report.trouble is not None and report.left:
        code = EXIT_NO_CREDENTIAL if report.trouble.signed_out else EXIT_UNREACHABLE
        fail(report.trouble.message, f"{report.trouble.next_step} The answers are kept.".strip(), code)
    if report.parked:
        raise SystemExit(EXIT_REFUSED)


@outbox.command(epilog="\b\nExample:\n  gonogo outbox requeue 17 && gonogo outbox send")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="ID…")
def requeue(numbers: tuple[int, ...]) -> None:
    """Let refused answers be tried again, as new requests: after the lead has reopened a task, for example."""
    with _open_outbox() as outbox_file:
        for number in numbers:
            row = outbox_file.get(number)
            if row is None:
                fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
            if not outbox_file.retry_parked([number]):
                fail(
                    f"answer {number} was not refused: it is {row.state.value}", "Only a parked answer is queued again."
                )
            echo_err(f"Answer {number} waits again. The app sends it, or `gonogo outbox send`.")


@outbox.command(epilog="\b\nExample:\n  gonogo outbox drop 17 --dry-run")
@click.argument("number", type=int, metavar="ID")
@consequence_options
def drop(number: int, dry_run: bool, yes: bool) -> None:
    """Delete one answer from this machine for good; what its server has of it stays there."""
    with _open_outbox() as outbox_file:
        row = outbox_file.get(number)
        if row is None:
            fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
        delivered = row.state in (SendState.SENT, SendState.LATE)
        server = "Its server has it." if delivered else "Its server does not have it: the answer is lost."
        consequence = f"Delete answer {number}, “{row.decision.verdict}” to “{row.task.prompt}”, for good. {server}"
        if not agreed(consequence, dry_run=dry_run, yes=yes):
            return
        if not outbox_file.drop(number):
            fail(
                f"answer {number} is being sent, or can still be undone in the app",
                "Leave the app first, then drop it.",
            )
    echo_err(f"Answer {number} is deleted.")
