"""`gonogo results`: reads labeling results from an API in Centaur's format, and opens the results screen."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import click

from gonogo.cli.completion import complete_campaign
from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import F, RenamedOption, earlier_option, json_option
from gonogo.cli.support.output import print_item, print_json
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.results_source import open_results_client, results_address, results_source, source_options
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.client.errors import GonogoClientError
from gonogo.client.lookup import find_campaign, require_extensions
from gonogo.client.results_api import CaseFilters
from gonogo.client.transport.retry import ONCE
from gonogo.desk.account.credentials import StorageKind, credential_store
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.desk.results.results_login import account, with_login
from gonogo.embedded.app_composition import make_services
from gonogo.embedded.transport import embedded_parts
from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.results_api import CaseResult
from gonogo.schemas.sanitize import escape_json


def task_argument(command: F) -> F:
    """TASK: a number, or the name of a campaign; earlier `--task`."""
    argument = click.argument("task", required=False, metavar="TASK", shell_complete=complete_campaign)
    return earlier_option("task", "--task")(argument(command))


STATES = ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  gonogo results --screen --task 7
  gonogo results login --source centaur
  gonogo results list 1234 --source centaur --state Labeled --json \\
      > cases.json

\b
Credentials: `gonogo results login` keeps them in the keyring.
For scripts: CENTAUR_API_KEY, CENTAUR_USERNAME, CENTAUR_API_PASSWORD;
for a gonogo server GONOGO_API_KEY, GONOGO_RESULTS_USERNAME,
GONOGO_RESULTS_PASSWORD.
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
  gonogo results list 'batch 12' --state Flagged
  gonogo results list 1234 --source centaur --json > cases.json
  gonogo results list 7 --updated-after 2026-07-14T12:00:00
  gonogo results list 7 --jsonl --after 83 >> cases.jsonl   after a break
  gonogo results list 7 --state Flagged --screen
""",
)
@task_argument
@click.option("--state", type=click.Choice(STATES), help="Only cases in this labeling state.")
@click.option("--updated-after", metavar="TIME", help="Only cases that changed after this time.")
@click.option("--after", type=click.IntRange(0), help="Begin after this sequence id.")
@click.option(
    "--page-size",
    "--limit",
    "limit",
    cls=RenamedOption,
    type=click.IntRange(1),
    help="Cases of one page (the walk goes on to the end).",
)
@click.option("--verbose", is_flag=True, default=None, help="Ask for all that the server has, each read too.")
@click.option("--screen", is_flag=True, help="Show them on a screen instead.")
@click.option("--jsonl", is_flag=True, help="Print JSON Lines: an object a line, as they come.")
@source_options
@pager_option
@json_option
def list_(
    source: str,
    base_url: str | None,
    task: str,
    after: int | None,
    screen: bool,
    jsonl: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """All cases of TASK, page by page. TASK is a number, or on a gonogo server the name of a campaign.

    A walk that breaks off says the sequence id to go on from.
    """
    number = run(_task_number(source, base_url, task))
    case_filters = CaseFilters(filters["state"], filters["updated_after"], filters["limit"], filters["verbose"])
    if screen:
        open_screen(source, base_url, number, case_filters, after)
        return
    form = CaseForm.LINES if jsonl else CaseForm.DOCUMENT if as_json else CaseForm.TABLE
    run(_list(source, base_url, number, case_filters, after, form))


class CaseForm(Enum):
    """Form in which cases are printed."""

    TABLE = "table"
    DOCUMENT = "one JSON array"
    LINES = "JSON Lines"


async def _task_number(source: str, base_url: str | None, task: str) -> int:
    """Returns the number of a task: given as such, or of the gonogo campaign with this name or id."""
    if task.isascii() and task.isdecimal():
        return int(task)
    if source != "gonogo":
        fail(f"{task!r} is not the number of a task", "This API knows tasks by number alone.", EXIT_USAGE)
    async with open_client(results_address(source, base_url)) as client:
        await require_extensions(client, f"{task!r} is no number, and campaigns can't be looked up here")
        campaign = await find_campaign(client, task)
        return (await client.campaign_detail(campaign.id)).number


@contextmanager
def _case_printer(form: CaseForm) -> Iterator[Callable[[CaseResult], None]]:
    """Printer of cases; JSON is whole also after a walk that broke off."""
    if form is CaseForm.LINES:
        yield lambda case: click.echo(_json_line(case))
        return
    if form is CaseForm.TABLE:
        rows: list[list[str]] = []
        try:
            yield lambda case: rows.append(case_cells(case))
        finally:
            print_table(_COLUMNS, rows)
        return
    separator = "[\n"

    def print_element(case: CaseResult) -> None:
        nonlocal separator
        click.echo(separator + _json_line(case), nl=False)
        separator = ",\n"

    try:
        yield print_element
    finally:
        click.echo("[]" if separator == "[\n" else "\n]")


def _json_line(case: CaseResult) -> str:
    return escape_json(json.dumps(case.model_dump(), ensure_ascii=False))


async def _list(
    source: str, base_url: str | None, task: int, filters: CaseFilters, after: int | None, form: CaseForm
) -> None:
    last, count = after, 0
    try:
        async with open_results_client(source, base_url, clean=form is CaseForm.TABLE) as client:
            with _case_printer(form) as print_case:
                async for page in client.pages(task, filters, after):
                    for case in page.payload:
                        print_case(case)
                    sys.stdout.flush()
                    count += len(page.payload)
                    last = page.last_sequence_id if page.last_sequence_id is not None else last
    except GonogoClientError as error:
        if last is not None and last != after:
            error.next_step += f" {counted(count, 'case')} written; --after {last} goes on from there."
        raise
    echo_err(f"{counted(count, 'case')}." + (f" What changes from now on: --after {last}." if last is not None else ""))


_COLUMNS = (
    TableColumn("case", number=True),
    TableColumn("state"),
    TableColumn("correct label", Fit.CUT),
    TableColumn("majority label", Fit.CUT),
    TableColumn("agreement", number=True),
    TableColumn("part", Fit.CUT),
)


def case_cells(case: CaseResult) -> list[str]:
    """A case as a row: number, state, labels, agreement, what it is about."""
    subject = (case.gonogo or {}).get("part") or _origin(case)
    cells = [
        case.case_id,
        case.labeling_state,
        case.correct_label,
        case.majority_label,
        _share(case.agreement),
        subject,
    ]
    return ["" if cell is None else str(cell) for cell in cells]


def _share(value: JsonValue) -> str | None:
    return format(value, ".2f") if isinstance(value, int | float) else None


def _origin(case: CaseResult) -> JsonValue:
    first = (case.content_metadata or [None])[0]
    return first.get("origin") if isinstance(first, dict) else None


@results.command(
    epilog="""\b
Examples:
  gonogo results get 'batch 12' 4
  gonogo results get 1234 2345 --source centaur --json
"""
)
@task_argument
@earlier_option("case", "--case", type=click.IntRange(0))
@click.argument("case", required=False, metavar="CASE", type=click.IntRange(0))
@click.option("--verbose", is_flag=True, default=None, help="Ask for all that the server has, each read too.")
@source_options
@json_option
def get(source: str, base_url: str | None, task: str, case: int, verbose: bool | None, as_json: bool) -> None:
    """The case with the number CASE of TASK."""
    print_item(run(_get(source, base_url, task, case, verbose)), as_json=as_json)


async def _get(source: str, base_url: str | None, task: str, case: int, verbose: bool | None) -> JsonObject:
    number = await _task_number(source, base_url, task)
    async with open_results_client(source, base_url) as client:
        return (await client.case(number, case, verbose=verbose)).model_dump()


@results.command(
    epilog="""\b
Examples:
  gonogo results login --source centaur
  printf '%s\\n' "$KEY" "$USER_NAME" "$PASSWORD" | gonogo results login \\
      --source centaur
"""
)
@source_options
@json_option
def login(source: str, base_url: str | None, as_json: bool) -> None:
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
    kept = run(_store_login(address, dict(zip(("key", "username", "api_password"), answers, strict=True))))
    if as_json:
        print_json(kept)


async def _store_login(address: str, login: dict[str, str]) -> JsonObject:
    network = load_profile(AppPaths()).server(address).network
    async with with_login(address, login, network) as client:
        user = await client.log_in()
        await client.log_out()
    stored = await credential_store(AppPaths()).put(account(address), json.dumps(login))
    name = user.email or login["username"]
    if stored.where == StorageKind.MEMORY:
        reason = stored.note.partition(": ")[2] or stored.note
        fail(
            f"{address} knows {name}, but nothing could be kept: {reason}",
            "Set the variables that `gonogo results --help` names.",
        )
    echo_err(f"Signed in to {address} as {name}; kept in the {stored.where.value}.")
    return {"name": name, "base_url": address, "storage": stored.where.value}


@results.command(epilog="\b\nExample:\n  gonogo results logout --source centaur")
@source_options
@json_option
def logout(source: str, base_url: str | None, as_json: bool) -> None:
    """Forget key, user name and password."""
    address = results_address(source, base_url)
    if address is not None:
        run(credential_store(AppPaths()).drop(account(address)))
    echo_err("Forgotten." if address is not None else "The workspace on this machine needs no sign-in.")
    if as_json:
        print_json({"signed_in": False})


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
    read_from = results_source(source, base_url, parts=parts, retry=ONCE)
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
