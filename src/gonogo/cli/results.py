"""`gonogo results`: read a results API, Centaur's or a gonogo server's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.common import EXIT_NO_CREDENTIAL, current_home, emit, fail, json_option, run, say, show_fields

if TYPE_CHECKING:
    from gonogo.client.results import Filters, ResultsClient
    from gonogo.wire.results import CaseResult

SOURCES = ("centaur", "gonogo")
STATES = ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged")
CENTAUR = "https://api.centaurlabs.com"


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
    epilog="""\b
Examples:
  gonogo results login --source centaur
  gonogo results list --source centaur --task 1234 --state Labeled --json > cases.jsonl

\b
Credentials: `gonogo results login` keeps them in the keyring. For scripts: CENTAUR_API_KEY, CENTAUR_USERNAME,
CENTAUR_API_PASSWORD; for a gonogo server GONOGO_API_KEY, GONOGO_RESULTS_USERNAME, GONOGO_RESULTS_PASSWORD.
"""
)
def results() -> None:
    """Results as Centaur's API has them: a Task is a campaign, a Case one of its tasks."""


@results.command(
    "list",
    epilog="""\b
Examples:
  gonogo results list --source centaur --task 1234 --state Labeled --json > cases.jsonl
  gonogo results list --task 7 --updated-after 2026-07-14T12:00:00
  gonogo results list --task 7 --after 6837202 --json >> cases.jsonl     go on after a break
""",
)
@click.option("--task", required=True, type=click.IntRange(0), help="The task's number (`gonogo campaign show`).")
@click.option("--state", type=click.Choice(STATES), help="Only cases in this labeling state.")
@click.option("--updated-after", metavar="TIME", help="Only cases that changed after this time.")
@click.option("--after", type=click.IntRange(0), help="Begin after this sequence id.")
@click.option("--limit", type=click.IntRange(1), help="Cases of one page (the walk goes on to the end).")
@click.option("--verbose", is_flag=True, default=None, help="Ask for all that the server has, each read too.")
@source_options
@json_option
def list_(source: str, base_url: str | None, task: int, after: int | None, as_json: bool, **filters: Any) -> None:
    """All cases of a task, page by page; with --json one object a line.

    A walk that breaks off says the sequence id to go on from.
    """
    from gonogo.client.results import Filters

    wanted = Filters(filters["state"], filters["updated_after"], filters["limit"], filters["verbose"])
    run(_list(source, base_url, task, wanted, after, as_json))


async def _list(
    source: str, base_url: str | None, task: int, filters: Filters, after: int | None, as_json: bool
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


@results.command(epilog="\b\nExample:\n  gonogo results login --source centaur")
@source_options
def login(source: str, base_url: str | None) -> None:
    """Ask for key, user name and API password, try them, and keep them in the keyring."""
    address = _address(source, base_url) or fail("no server was named", "Add --base-url https://…", 2)
    given = {
        "key": click.prompt("API key", hide_input=True, err=True),
        "username": click.prompt("User name (e-mail)", err=True),
        "api_password": click.prompt("API password", hide_input=True, err=True),
    }
    run(_keep(address, given))


async def _keep(address: str, given: dict[str, str]) -> None:
    from gonogo.desk.vault import Vault, Where

    async with _with_login(address, given) as client:
        who = await client.log_in()
        await client.log_out()
    stored = await Vault().put(_account(address), json.dumps(given))
    say(f"Signed in to {address} as {who.email or given['username']}; kept in: {stored.where.value}.")
    if stored.where != Where.KEYRING:
        say(f"{stored.note} So set the variables that `gonogo results --help` names.")


@results.command(epilog="\b\nExample:\n  gonogo results logout --source centaur")
@source_options
def logout(source: str, base_url: str | None) -> None:
    """Forget key, user name and password."""
    from gonogo.desk.vault import Vault

    address = _address(source, base_url)
    if address is not None:
        run(Vault().drop(_account(address)))
    say("Forgotten.")


def _account(address: str) -> str:
    return f"results {address}"


def _address(source: str, base_url: str | None) -> str | None:
    """The server; `None` is the workspace on this machine."""
    if source == "centaur":
        return base_url or CENTAUR
    return base_url or os.environ.get("GONOGO_BASE_URL") or None


@asynccontextmanager
async def results_client(source: str, base_url: str | None, *, clean: bool = True) -> AsyncIterator[ResultsClient]:
    from gonogo.client.credential import ApiKey
    from gonogo.client.results import ResultsClient

    address = _address(source, base_url)
    if address is None:
        from gonogo.cli.embedded import embedded_parts

        parts = embedded_parts(current_home())
        key = ApiKey(parts.token)
        async with ResultsClient(parts.base_url, key, None, transport=parts.transport, clean=clean) as client:
            yield client
        return
    given = _from_environment(source) or await _from_keyring(address)
    if given is None:
        fail(
            f"no credentials for {address}",
            "`gonogo results login` keeps them; `gonogo results --help` names the variables for scripts.",
            EXIT_NO_CREDENTIAL,
        )
    async with _with_login(address, given, clean=clean) as client:
        yield client


def _with_login(address: str, given: dict[str, str], *, clean: bool = True) -> ResultsClient:
    from gonogo.client.credential import ApiKey
    from gonogo.client.results import ResultsClient
    from gonogo.wire.results import LoginRequest

    async def ask() -> LoginRequest:
        return LoginRequest(username=given["username"], api_password=given["api_password"])

    return ResultsClient(address, ApiKey(given["key"]), ask, clean=clean)


def _from_environment(source: str) -> dict[str, str] | None:
    names = {
        "centaur": ("CENTAUR_API_KEY", "CENTAUR_USERNAME", "CENTAUR_API_PASSWORD"),
        "gonogo": ("GONOGO_API_KEY", "GONOGO_RESULTS_USERNAME", "GONOGO_RESULTS_PASSWORD"),
    }[source]
    values = [os.environ.get(name) for name in names]
    found = {field: value for field, value in zip(("key", "username", "api_password"), values, strict=True) if value}
    return found if len(found) == len(names) else None


async def _from_keyring(address: str) -> dict[str, str] | None:
    from gonogo.desk.vault import Vault

    kept = await Vault().get(_account(address))
    found = json.loads(kept) if kept else None
    return found if isinstance(found, dict) else None
