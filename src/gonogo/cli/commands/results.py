"""`gonogo results`: reads labeling results from an API in Centaur's format, and opens the results screen."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import click

from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_item
from gonogo.cli.support.results_source import open_results_client, results_address, results_source, source_options
from gonogo.client.errors import GonogoClientError
from gonogo.client.results_api import CaseFilters
from gonogo.desk.account.credentials import StorageKind, credential_store
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.results.results_login import account, with_login
from gonogo.embedded.app_composition import make_services
from gonogo.embedded.transport import embedded_parts
from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.results_api import CaseResult
from gonogo.schemas.sanitize import escape_json

STATES = ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  gonogo results --screen --task 7
  gonogo results login --source centaur
  gonogo results list --source centaur --task 1234 --state Labeled --json > cases.jsonl

\b
Credentials: `gonogo results login` keeps them in the keyring. For scripts: CENTAUR_API_KEY, CENTAUR_USERNAME,
CENTAUR_API_PASSWORD; for a gonogo server GONOGO_API_KEY, GONOGO_RESULTS_USERNAME, GONOGO_RESULTS_PASSWORD.
""",
)
@click.option("--screen", is_flag=True, help="Look at a task's cases on a screen: filter, sort, open one.")
@click.option("--task", type=click.IntRange(0), help="The task's number, for --screen; without it the screen asks.")
@source_options
@click.pass_context
def results(ctx: click.Context, screen: bool, task: int | None, source: str, base_url: str | None) -> None:
    """Results as Centaur's API has them: a Task is a campaign, a Case one of its tasks."""
    if ctx.invoked_subcommand is not None:
        if screen or task is not None:
            raise click.UsageError("--screen and --task of `gonogo results` go with no further command.", ctx)
    elif screen:
        open_screen(source, base_url, task, CaseFilters(), None)
    else:
        click.echo(ctx.get_help())


@results.command(
    "list",
    epilog="""\b
Examples:
  gonogo results list --source centaur --task 1234 --state Labeled --json > cases.jsonl
  gonogo results list --task 7 --updated-after 2026-07-14T12:00:00
  gonogo results list --task 7 --after 6837202 --json >> cases.jsonl     go on after a break
  gonogo results list --task 7 --state Flagged --screen
""",
)
@click.option("--task", required=True, type=click.IntRange(0), help="The task's number (`gonogo campaigns show`).")
@click.option("--state", type=click.Choice(STATES), help="Only cases in this labeling state.")
@click.option("--updated-after", metavar="TIME", help="Only cases that changed after this time.")
@click.option("--after", type=click.IntRange(0), help="Begin after this sequence id.")
@click.option("--limit", type=click.IntRange(1), help="Cases of one page (the walk goes on to the end).")
@click.option("--verbose", is_flag=True, default=None, help="Ask for all that the server has, each read too.")
@click.option("--screen", is_flag=True, help="Show them on a screen instead.")
@source_options
@json_option
def list_(
    source: str, base_url: str | None, task: int, after: int | None, screen: bool, as_json: bool, **filters: Any
) -> None:
    """All cases of a task, page by page; with --json one object a line.

    A walk that breaks off says the sequence id to go on from.
    """
    case_filters = CaseFilters(filters["state"], filters["updated_after"], filters["limit"], filters["verbose"])
    if screen:
        open_screen(source, base_url, task, case_filters, after)
        return
    run(_list(source, base_url, task, case_filters, after, as_json))


async def _list(
    source: str, base_url: str | None, task: int, filters: CaseFilters, after: int | None, as_json: bool
) -> None:
    last, count = after, 0
    try:
        async with open_results_client(source, base_url, clean=not as_json) as client:
            async for page in client.pages(task, filters, after):
                for case in page.payload:
                    line = json.dumps(case.model_dump(), ensure_ascii=False) if as_json else case_line(case)
                    click.echo(escape_json(line) if as_json else line)
                sys.stdout.flush()
                count += len(page.payload)
                last = page.last_sequence_id if page.last_sequence_id is not None else last
    except GonogoClientError as error:
        if last is not None and last != after:
            error.next_step += f" {count} cases were written; --after {last} goes on from there."
        raise
    echo_err(f"{count} cases." + (f" What changes from now on: --after {last}." if last is not None else ""))


def case_line(case: CaseResult) -> str:
    """A case as one line: number, state, label, agreement, what it is about."""
    subject = (case.gonogo or {}).get("part") or _origin(case)
    cells = [
        case.case_id,
        case.labeling_state,
        case.correct_label,
        case.majority_label,
        _share(case.agreement),
        subject,
    ]
    return "\t".join("–" if cell is None else str(cell) for cell in cells)


def _share(value: JsonValue) -> str | None:
    return format(value, ".2f") if isinstance(value, int | float) else None


def _origin(case: CaseResult) -> JsonValue:
    first = (case.content_metadata or [None])[0]
    return first.get("origin") if isinstance(first, dict) else None


@results.command(epilog="\b\nExample:\n  gonogo results get --source centaur --task 1234 --case 2345 --json")
@click.option("--task", required=True, type=click.IntRange(0), help="The task's number.")
@click.option("--case", "case_id", required=True, type=click.IntRange(0), help="The case's number.")
@click.option("--verbose", is_flag=True, default=None, help="Ask for all that the server has, each read too.")
@source_options
@json_option
def get(source: str, base_url: str | None, task: int, case_id: int, verbose: bool | None, as_json: bool) -> None:
    """One case."""
    print_item(run(_get(source, base_url, task, case_id, verbose)), as_json=as_json)


async def _get(source: str, base_url: str | None, task: int, case_id: int, verbose: bool | None) -> JsonObject:
    async with open_results_client(source, base_url) as client:
        return (await client.case(task, case_id, verbose=verbose)).model_dump()


@results.command(
    epilog="""\b
Examples:
  gonogo results login --source centaur
  printf '%s\\n' "$KEY" "$USER_NAME" "$PASSWORD" | gonogo results login --source centaur
"""
)
@source_options
def login(source: str, base_url: str | None) -> None:
    """Ask for key, user name and API password (or read them from standard input, a line each), try and keep them."""
    address = results_address(source, base_url) or fail(
        "the workspace on this machine needs no sign-in", "For a server add --base-url https://…", EXIT_USAGE
    )
    if sys.stdin.isatty():
        prompts = (("API key", True), ("User name (e-mail)", False), ("API password", True))
        answers = [click.prompt(prompt, hide_input=hide, err=True) for prompt, hide in prompts]
    else:
        answers = [line.strip() for line in sys.stdin.read().splitlines()]
    if len(answers) != 3 or not all(answers):
        fail("three lines were expected: API key, user name, API password", "Nothing was kept.", EXIT_USAGE)
    run(_store_login(address, dict(zip(("key", "username", "api_password"), answers, strict=True))))


async def _store_login(address: str, login: dict[str, str]) -> None:
    async with with_login(address, login) as client:
        user = await client.log_in()
        await client.log_out()
    stored = await credential_store(AppPaths()).put(account(address), json.dumps(login))
    if stored.where != StorageKind.MEMORY:
        echo_err(f"Signed in to {address} as {user.email or login['username']}; kept in the {stored.where.value}.")
    else:
        reason = stored.note.partition(": ")[2] or stored.note
        fail(
            f"{address} knows {user.email or login['username']}, but nothing could be kept: {reason}",
            "Set the variables that `gonogo results --help` names.",
        )


@results.command(epilog="\b\nExample:\n  gonogo results logout --source centaur")
@source_options
def logout(source: str, base_url: str | None) -> None:
    """Forget key, user name and password."""
    address = results_address(source, base_url)
    if address is not None:
        run(credential_store(AppPaths()).drop(account(address)))
    echo_err("Forgotten." if address is not None else "The workspace on this machine needs no sign-in.")


def open_screen(source: str, base_url: str | None, task: int | None, filters: CaseFilters, after: int | None) -> None:
    """The results screen by itself, until it is left."""
    if after is not None:
        fail("--after is for lists; the screen reads the whole task", "Leave one of the two out.", EXIT_USAGE)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        fail("the results screen needs a terminal", "`gonogo results list` works in scripts.", EXIT_USAGE)
    # Textual is loaded for a screen only.
    from gonogo.tui.app import make_app
    from gonogo.tui.screens.results.cases import ResultsScreen

    services, parts = make_services(AppPaths()), embedded_parts(AppPaths())
    app = make_app(services)
    read_from = results_source(source, base_url, parts=parts)
    signed, address = services.remembered(), results_address(source, base_url)
    if signed is not None and (signed.kind == "embedded" if address is None else signed.base_url == address):
        read_from = read_from._replace(signed=signed)  # its drawings and review queue are at hand
    app.navigator.standalone_screen = lambda: ResultsScreen(read_from, task, filters)
    try:
        app.run()
    finally:
        asyncio.run(parts.transport.aclose())
        asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
