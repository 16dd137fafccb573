"""`gonogo outbox`: the answers given on this machine, and those that have not reached their server."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.support import (
    EXIT_NO_CREDENTIAL,
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    current_home,
    emit,
    fail,
    json_option,
    run,
    say,
)

if TYPE_CHECKING:
    from gonogo.desk.account.account import Account
    from gonogo.desk.account.identity import SignedIn
    from gonogo.desk.core.models import SendState
    from gonogo.desk.outbox.flush import FlushReport
    from gonogo.desk.outbox.outbox import Outbox, OutboxRow


@click.group(epilog="\b\nExample:\n  gonogo outbox list")
def outbox() -> None:
    """Answers on this machine. The app sends them as soon as it can; here they can be seen, sent and saved."""


@contextlib.contextmanager
def _opened() -> Iterator[Outbox]:
    """The outbox; ends the command when there is none, or when the disk refuses."""
    from gonogo.desk.core.errors import OutboxError
    from gonogo.desk.outbox.outbox import Outbox

    file = current_home().outbox_file()
    if not file.exists():
        say("The outbox is empty: nothing was ever answered here.")
        raise SystemExit(0)
    box = Outbox(file)
    try:
        yield box
    except OutboxError as problem:
        fail(str(problem), problem.next_step)
    finally:
        for notice in box.notices:
            say(notice)
        box.close()


# --- looking -----------------------------------------------------------------------------------------------


@outbox.command("list", epilog="\b\nExample:\n  gonogo outbox list --all")
@click.option("--all", "sent_too", is_flag=True, help="Sent ones, too.")
@json_option
def list_(sent_too: bool, as_json: bool) -> None:
    """What waits, what was refused and why."""
    with _opened() as box:
        rows = box.history(unsettled=not sent_too)
    if as_json:
        emit([_as_json(row) for row in rows])
        return
    if not rows:
        say("Nothing waits: every answer has reached its server.")
    _print_lines(_as_json(row) for row in rows)


@outbox.command("history", epilog="\b\nExample:\n  gonogo outbox history --limit 50")
@click.option("--limit", default=1_000_000, show_default=False, type=click.IntRange(1), help="Only the last so many.")
@json_option
def history_(limit: int, as_json: bool) -> None:
    """Every answer given here, newest first, with where its time went: looking, editing, idle, waiting (seconds)."""
    with _opened() as box:
        rows = box.history(limit=limit)
    if as_json:
        emit([_as_json(row) | {"times_ms": asdict(row.decision.times), "task_id": row.task_id} for row in rows])
        return
    _print_lines(_as_json(row) | {"times": _in_seconds(row)} for row in rows)


def _print_lines(records: Iterator[dict[str, Any]]) -> None:
    from gonogo.schemas.sanitize import clean_text

    for record in records:
        click.echo("\t".join(clean_text(str(cell)) for cell in record.values() if cell not in (None, "")))


def _as_json(row: OutboxRow) -> dict[str, Any]:
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
    with _opened() as box:
        for record in box.export():
            click.echo(json.dumps(record))


# --- sending -----------------------------------------------------------------------------------------------


@outbox.command(epilog="\b\nExample:\n  gonogo outbox send")
def send() -> None:
    """Send now what waits for the login of this machine (or of GONOGO_API_KEY)."""
    with _opened() as box:
        n_waiting = box.totals()
    if not n_waiting:
        say("Nothing waits: every answer has reached its server.")
        return
    run(_send())


async def _send() -> None:
    from gonogo.desk.core.errors import DeskError
    from gonogo.embedded.compose import make_services

    services = make_services(current_home())
    try:
        signed = services.remembered()
        if signed is None:
            fail(
                "nobody is signed in here, so nothing can be sent",
                "Sign in with `gonogo annotate`, or set GONOGO_API_KEY and GONOGO_BASE_URL. The answers are kept.",
                EXIT_NO_CREDENTIAL,
            )
        done = await _with_progress(services, signed)
    except DeskError as problem:
        fail(str(problem), problem.next_step, EXIT_NO_CREDENTIAL)
    finally:
        await services.aclose()
    _tell(done, signed)


async def _with_progress(services: Account, signed: SignedIn) -> FlushReport:
    with _opened() as box:
        n_waiting = box.totals().get((signed.base_url, signed.annotator), 0)
    refused: list[str] = []
    with click.progressbar(length=n_waiting, label="sending", file=sys.stderr, show_pos=True) as bar:

        def told(row: OutboxRow, state: SendState, detail: str) -> None:
            if state.value == "parked":
                refused.append(f"Answer {row.id} was refused and is kept: {detail}")
            bar.update(1)

        done = await services.send_now(signed, told)
    for line in refused:
        say(line)
    return done


def _tell(done: FlushReport, signed: SignedIn) -> None:
    """Say what became of the answers, and end with the right exit code."""
    words = [f"{done.sent} sent"]
    words += [f"{done.late} kept late by the server, uncounted"] if done.late else []
    words += [f"{done.parked} refused (`gonogo outbox list` says why)"] if done.parked else []
    words += [f"{done.left} still wait"] if done.left else []
    words += [f"{done.on_desk} on the desk of an open gonogo"] if done.on_desk else []
    say(", ".join(words) + ".")
    with _opened() as box:
        others = {who: n for who, n in box.totals().items() if who != (signed.base_url, signed.annotator)}
    for (base_url, _), count in others.items():
        say(f"{count} for another login at {base_url}: sign in as that person to send them.")
    if done.trouble is not None and done.left:
        code = EXIT_NO_CREDENTIAL if done.trouble.signed_out else EXIT_UNREACHABLE
        fail(done.trouble.message, f"{done.trouble.next_step} Nothing is lost.".strip(), code)
    if done.parked:
        raise SystemExit(EXIT_REFUSED)


@outbox.command(epilog="\b\nExample:\n  gonogo outbox requeue 17 && gonogo outbox send")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="ID…")
def requeue(numbers: tuple[int, ...]) -> None:
    """Let refused answers be tried again, as new requests: after the lead has reopened a task, for example."""
    with _opened() as box:
        for number in numbers:
            row = box.get(number)
            if row is None:
                fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
            if not box.retry_parked([number]):
                fail(
                    f"answer {number} was not refused: it is {row.state.value}", "Only a parked answer is queued again."
                )
            say(f"Answer {number} waits again. The app sends it, or `gonogo outbox send`.")


@outbox.command(epilog="\b\nExample:\n  gonogo outbox drop 17")
@click.argument("number", type=int, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(number: int, yes: bool) -> None:
    """Delete one answer from this machine for good; what its server has of it stays there."""
    with _opened() as box:
        row = box.get(number)
        if row is None:
            fail(f"there is no answer {number} in the outbox", "`gonogo outbox list` shows the numbers.")
        if not yes:
            from gonogo.schemas.sanitize import clean_text

            asked = clean_text(f"Delete your answer “{row.decision.verdict}” to “{row.task.prompt}” for good?")
            click.confirm(asked, abort=True, err=True)
        if not box.drop(number):
            fail(f"answer {number} is on its way or still on a desk", "Leave the app first, then drop it.")
    say(f"Answer {number} is deleted.")
