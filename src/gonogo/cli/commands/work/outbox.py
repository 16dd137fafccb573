"""`gonogo outbox`: lists, sends, exports and drops answers that wait for their server, and shows earlier ones."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import click

from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_NO_CREDENTIAL, EXIT_REFUSED, EXIT_UNREACHABLE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.cli.support.times import shown_time, utc_time
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


@click.group(epilog="\b\nExample:\n  gonogo outbox list")
def outbox() -> None:
    """Answers on this machine. The app sends them as soon as it can; here they can be seen, sent and saved."""


@contextlib.contextmanager
def _open_outbox(nothing: object = None) -> Iterator[Outbox]:
    """Opens the outbox; ends the command when there is none, or when the disk refuses.

    `nothing` is printed as JSON where there is none.
    """
    file = AppPaths().outbox_file()
    if not exists(file):
        echo_err("The outbox is empty: nothing was ever answered here.")
        if nothing is not None:
            print_json(nothing)
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
@pager_option
@json_option
def list_(sent_too: bool, as_json: bool) -> None:
    """Answers that wait or were refused, with the reason."""
    with _open_outbox([] if as_json else None) as outbox_file:
        rows = outbox_file.history(unsettled=not sent_too)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    if not rows:
        echo_err("Nothing waits: every answer has reached its server.")
    print_table(_COLUMNS, [_cells(row) for row in rows], notes_head="detail", notes=[_detail(row) for row in rows])


@outbox.command("history", epilog="\b\nExample:\n  gonogo outbox history --limit 50")
@click.option("--limit", default=1_000_000, show_default=False, type=click.IntRange(1), help="Only the last so many.")
@pager_option
@json_option
def history_(limit: int, as_json: bool) -> None:
    """Every answer given here, newest first, with where its time went: looking, editing, idle, waiting (seconds)."""
    with _open_outbox([] if as_json else None) as outbox_file:
        rows = outbox_file.history(limit=limit)
    if as_json:
        print_json([_as_json(row) | {"times_ms": asdict(row.decision.times), "task_id": row.task_id} for row in rows])
        return
    cells = [[*_cells(row)[:-1], *_in_seconds(row), row.address.base_url] for row in rows]
    columns = (*_COLUMNS[:-1], *_TIME_COLUMNS, _COLUMNS[-1])
    print_table(columns, cells, notes_head="detail", notes=[_detail(row) for row in rows])


_COLUMNS = (
    TableColumn("id", number=True),
    TableColumn("state"),
    TableColumn("at"),
    TableColumn("verdict"),
    TableColumn("prompt", Fit.CUT),
    TableColumn("server", Fit.SPARE),
)
_TIME_COLUMNS = tuple(TableColumn(name, Fit.SPARE, number=True) for name in ("looking", "editing", "idle", "waiting"))


def _cells(row: OutboxRow) -> list[str]:
    decision = row.decision
    at = shown_time(row.decided_at)
    return [str(row.id), row.state.value, at, decision.verdict, row.task.prompt or "", row.address.base_url]


def _detail(row: OutboxRow) -> list[str]:
    return [row.detail] if row.detail else []


def _as_json(row: OutboxRow) -> JsonObject:
    return {
        "id": row.id,
        "state": row.state.value,
        "at": utc_time(datetime.fromtimestamp(row.decided_at, UTC)),
        "verdict": row.decision.verdict,
        "prompt": row.task.prompt,
        "server": row.address.base_url,
        "detail": row.detail,
    }


def _in_seconds(row: OutboxRow) -> list[str]:
    times = row.decision.times
    return [f"{part / 1000:.1f}" for part in (times.looking, times.editing, times.idle, times.waiting)]


@outbox.command(epilog="\b\nExample:\n  gonogo outbox export > answers.jsonl")
def export() -> None:
    """Every answer kept here as JSON Lines: task, verdict, times, and the exact bytes of its request."""
    with _open_outbox() as outbox_file:
        for record in outbox_file.export():
            click.echo(json.dumps(record))


# --- sending -----------------------------------------------------------------------------------------------


@outbox.command(epilog="\b\nExample:\n  gonogo outbox send")
@json_option
def send(as_json: bool) -> None:
    """Send now what waits for the login of this machine (or of GONOGO_API_KEY)."""
    nothing = FlushReport()
    with _open_outbox(_report_json(nothing) if as_json else None) as outbox_file:
        n_waiting = outbox_file.totals()
    if not n_waiting:
        echo_err("Nothing waits: every answer has reached its server.")
        if as_json:
            print_json(_report_json(nothing))
        return
    run(_send(as_json))


def _report_json(report: FlushReport) -> JsonObject:
    counts = asdict(report)
    return {"refused" if name == "parked" else name: counts[name] for name in _COUNTS}


_COUNTS = ("sent", "late", "parked", "left", "on_desk")


async def _send(as_json: bool) -> None:
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
    if as_json:
        print_json(_report_json(report))
    _print_report(report, signed)


async def _send_with_progress(services: Account, signed: SignedIn) -> FlushReport:
    with _open_outbox() as outbox_file:
        n_waiting = outbox_file.totals().get((signed.base_url, signed.annotator), 0)
    refused: list[str] = []
    with click.progressbar(length=n_waiting, label="sending", file=sys.stderr, show_pos=True) as bar:

        def on_settled(row: OutboxRow, state: SendState, detail: str) -> None:
            if state is SendState.PARKED:
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
@json_option
def requeue(numbers: tuple[int, ...], as_json: bool) -> None:
    """Let refused answers be tried again, as new requests: after the lead has reopened a task, for example."""
    with _open_outbox({"requeued": []} if as_json else None) as outbox_file:
        for number in numbers:
            row = outbox_file.get(number)
            if row is None:
                fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
            if not outbox_file.retry_parked([number]):
                fail(
                    f"answer {number} was not refused: it is {row.state.value}", "Only a parked answer is queued again."
                )
            echo_err(f"Answer {number} waits again. The app sends it, or `gonogo outbox send`.")
    if as_json:
        print_json({"requeued": list(numbers)})


@outbox.command(epilog="\b\nExample:\n  gonogo outbox drop 17 --dry-run")
@click.argument("number", type=int, metavar="ID")
@consequence_options
@json_option
def drop(number: int, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete one answer from this machine for good; what its server has of it stays there."""
    with _open_outbox({"dropped": None} if as_json else None) as outbox_file:
        row = outbox_file.get(number)
        if row is None:
            fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
        delivered = row.state in (SendState.SENT, SendState.LATE)
        server = "Its server has it." if delivered else "Its server does not have it: the answer is lost."
        consequence = f"Delete answer {number}, “{row.decision.verdict}” to “{row.task.prompt}”, for good. {server}"
        if not agreed(consequence, dry_run=dry_run, yes=yes, as_json=as_json):
            return
        if not outbox_file.drop(number):
            fail(
                f"answer {number} is being sent, or can still be undone in the app",
                "Leave the app first, then drop it.",
            )
    echo_err(f"Answer {number} is deleted.")
    if as_json:
        print_json({"dropped": number})
