"""`gonogo results`: read a results API, Centaur's or a gonogo server's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.support import (
    EXIT_NO_CREDENTIAL,
    EXIT_USAGE,
    current_home,
    emit,
    fail,
    json_option,
    run,
    say,
    show_fields,
)

if TYPE_CHECKING:
    from gonogo.client.results_api import CaseFilters, ResultsClient
    from gonogo.desk.account.identity import EmbeddedParts
    from gonogo.desk.results.source import Source
    from gonogo.schemas.results_api import CaseResult

SOURCES = ("centaur", "gonogo")
STATES = ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged")


def source_options(command: Any) -> Any:
    """`--source` and `--base-url`."""
    command = click.option(
        "--base-url",
        metavar="URL",
        help="The server; default: Centaur's own, or GONOGO_BASE_URL, or the workspace on this machine.",
    )(command)
    return click.option(
        "--source", type=click.Choice(SOURCES), default="gonogo", show_default=True, help="Whose API is read."
    )(command)


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
        from gonogo.client.results_api import CaseFilters

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
@click.option("--task", required=True, type=click.IntRange(0), help="The task's number (`gonogo campaign show`).")
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
    from gonogo.client.results_api import CaseFilters

    wanted = CaseFilters(filters["state"], filters["updated_after"], filters["limit"], filters["verbose"])
    if screen:
        open_screen(source, base_url, task, wanted, after)
        return
    run(_list(source, base_url, task, wanted, after, as_json))


async def _list(
    source: str, base_url: str | None, task: int, filters: CaseFilters, after: int | None, as_json: bool
) -> None:
    from gonogo.client.errors import GonogoClientError

    last, count = after, 0
    try:
        async with results_client(source, base_url, clean=not as_json) as client:
            async for page in client.pages(task, filters, after):
                for case in page.payload:
                    click.echo(json.dumps(case.model_dump(), ensure_ascii=False) if as_json else line(case))
                sys.stdout.flush()
                count += len(page.payload)
                last = page.last_sequence_id if page.last_sequence_id is not None else last
    except GonogoClientError as error:
        if last is not None and last != after:
            error.next_step += f" {count} cases were written; --after {last} goes on from there."
        raise
    say(f"{count} cases." + (f" What changes from now on: --after {last}." if last is not None else ""))


def line(case: CaseResult) -> str:
    """A case as one line: number, state, label, agreement, what it is about."""
    ours = case.gonogo or {}
    about = ours.get("part") or _origin(case)
    cells = [case.case_id, case.labeling_state, case.correct_label, case.majority_label, _share(case.agreement), about]
    return "\t".join("–" if cell is None else str(cell) for cell in cells)


def _share(value: Any) -> str | None:
    return format(value, ".2f") if isinstance(value, int | float) else None


def _origin(case: CaseResult) -> Any:
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
    found = run(_get(source, base_url, task, case_id, verbose))
    if as_json:
        emit(found)
    else:
        show_fields(found)


async def _get(source: str, base_url: str | None, task: int, case_id: int, verbose: bool | None) -> dict[str, Any]:
    async with results_client(source, base_url) as client:
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
    address = _address(source, base_url) or fail(
        "the workspace on this machine needs no sign-in", "For a server add --base-url https://…", EXIT_USAGE
    )
    if sys.stdin.isatty():
        asked = (("API key", True), ("User name (e-mail)", False), ("API password", True))
        given = [click.prompt(what, hide_input=hide, err=True) for what, hide in asked]
    else:
        given = [line.strip() for line in sys.stdin.read().splitlines()]
    if len(given) != 3 or not all(given):
        fail("three lines were expected: API key, user name, API password", "Nothing was kept.", EXIT_USAGE)
    run(_keep(address, dict(zip(("key", "username", "api_password"), given, strict=True))))


async def _keep(address: str, given: dict[str, str]) -> None:
    from gonogo.desk.account.credentials import CredentialStore, StorageKind
    from gonogo.desk.results.source import account, with_login

    async with with_login(address, given) as client:
        who = await client.log_in()
        await client.log_out()
    stored = await CredentialStore().put(account(address), json.dumps(given))
    if stored.where == StorageKind.KEYRING:
        say(f"Signed in to {address} as {who.email or given['username']}; kept in the keyring.")
    else:
        why = stored.note.partition(": ")[2] or stored.note
        fail(
            f"{address} knows {who.email or given['username']}, but nothing could be kept: {why}",
            "Set the variables that `gonogo results --help` names.",
        )


@results.command(epilog="\b\nExample:\n  gonogo results logout --source centaur")
@source_options
def logout(source: str, base_url: str | None) -> None:
    """Forget key, user name and password."""
    from gonogo.desk.account.credentials import CredentialStore
    from gonogo.desk.results.source import account

    address = _address(source, base_url)
    if address is not None:
        run(CredentialStore().drop(account(address)))
    say("Forgotten." if address is not None else "The workspace on this machine needs no sign-in.")


def _address(source: str, base_url: str | None) -> str | None:
    """The server; `None` is the workspace on this machine."""
    from gonogo.desk.results.source import CENTAUR

    if source == "centaur":
        return (base_url or CENTAUR).rstrip("/")
    return (base_url or os.environ.get("GONOGO_BASE_URL") or "").rstrip("/") or None


def source_of(source: str, base_url: str | None, *, clean: bool = True, keep: EmbeddedParts | None = None) -> Source:
    """Where to read from. The workspace on this machine needs no sign-in; it ends with the client unless kept."""
    from gonogo.desk.results.source import Source, at_address

    address = _address(source, base_url)
    if address is not None:
        return at_address(source, address, clean=clean)

    async def connect() -> ResultsClient:
        from gonogo.client.credential import ApiKey
        from gonogo.client.results_api import ResultsClient
        from gonogo.client.shared_transport import UnclosableTransport
        from gonogo.embedded.transport import embedded_parts

        parts = keep or embedded_parts(current_home())
        transport: Any = UnclosableTransport(lambda: parts.transport) if keep else parts.transport
        return ResultsClient(parts.base_url, ApiKey(parts.token), None, transport=transport, clean=clean)

    return Source("this machine", connect)


@asynccontextmanager
async def results_client(source: str, base_url: str | None, *, clean: bool = True) -> AsyncIterator[ResultsClient]:
    from gonogo.desk.results.source import NoResultsLogin

    try:
        client = await source_of(source, base_url, clean=clean).connect()
    except NoResultsLogin as error:
        fail(str(error), error.next_step, EXIT_NO_CREDENTIAL)
    async with client:
        yield client


def open_screen(source: str, base_url: str | None, task: int | None, filters: CaseFilters, after: int | None) -> None:
    """The results screen by itself, until it is left."""
    if after is not None:
        fail("--after is for lists; the screen reads the whole task", "Leave one of the two out.", EXIT_USAGE)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        fail("the results screen needs a terminal", "`gonogo results list` works in scripts.", EXIT_USAGE)
    import asyncio

    from gonogo.embedded.compose import make_services
    from gonogo.embedded.transport import embedded_parts
    from gonogo.tui.app import make_app
    from gonogo.tui.screens.results.cases import ResultsScreen

    services, parts = make_services(current_home()), embedded_parts(current_home())
    app = make_app(services)
    read_from = source_of(source, base_url, keep=parts)
    signed, address = services.remembered(), _address(source, base_url)
    if signed is not None and (signed.kind == "embedded" if address is None else signed.base_url == address):
        read_from = read_from._replace(signed=signed)  # its drawings and review queue are at hand
    app.navigator.opening = lambda: ResultsScreen(read_from, task, filters)
    try:
        app.run()
    finally:
        asyncio.run(parts.transport.aclose())
        asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
