"""`gonogo keys`: creates, lists and revokes API keys."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from gonogo.cli.completion import complete_key
from gonogo.cli.support.api_client import api_command, open_client
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.errors import handle_errors, run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import check_name, earlier_option, json_option, server_option
from gonogo.cli.support.output import print_json, print_list
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn
from gonogo.cli.support.times import shown_time
from gonogo.client.errors import NotFoundError
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import ambiguous_name_error, require_extensions
from gonogo.client.page_reader import read_all
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import KeyScope
from gonogo.schemas.gonogo_api import KeyCreate
from gonogo.schemas.lead import KeyPublic

SCOPES = tuple(scope.value for scope in KeyScope)


@click.group(epilog="\b\nExample:\n  gonogo keys list")
def keys() -> None:
    """API keys: for leads and programs. People who label get magic links (`gonogo assign`)."""


@keys.command(
    epilog="""\b
Examples:
  gonogo keys create ci
  gonogo keys create report --scopes parts:read --json
  gonogo keys create lead --database sqlite:////srv/gonogo/gonogo.db
  gonogo keys create dashboards --scopes parts:read --results-password
"""
)
@earlier_option("name", "--name", callback=check_name)
@click.argument("name", required=False, metavar="NAME", callback=check_name)
@click.option("--scopes", default=",".join(SCOPES), show_default=True, help="Comma-separated.")
@click.option("--results-password", is_flag=True, help="Also what signs in to the results API: username, api_password.")
@click.option(
    "--database",
    envvar="GONOGO_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="The server's database; default: the server of --base-url, or the workspace on this machine.",
)
@server_option
@json_option
def create(
    name: str, scopes: str, results_password: bool, database: str | None, base_url: str | None, as_json: bool
) -> None:
    """Make an API key for NAME: what uses it. It is printed once, and only its hash is kept."""
    names = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    unknown = [scope for scope in names if scope not in SCOPES]
    if unknown or not names:
        fail(f"unknown scope: {', '.join(unknown) or '(none given)'}", f"Known: {', '.join(SCOPES)}", EXIT_USAGE)
    with handle_errors():
        body = KeyCreate(name=name, scopes=names)
    if database and base_url:
        database = _chosen_database(database)
    if database:
        from gonogo.cli.commands.server.local_keys import (
            create_in_database,  # the server, which --base-url does without
        )

        key = create_in_database(database, body, results_password)
    else:
        key = run(_create(body, results_password, base_url))
    if as_json:
        print_json(key)
        return
    echo_err(f"Key {key['name']} ({', '.join(key['scopes'])}). It is not shown again:")
    click.echo(key["key"])
    if results_password:
        echo_err("For the results API (POST /auth/public/v1/login), beside the key:")
        click.echo(f"username\t{key['username']}\napi_password\t{key['api_password']}")


def _chosen_database(database: str) -> str | None:
    """Returns the database if it was named on the command line and the server was not, `None` the other way round."""
    context = click.get_current_context()
    named = [context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("database", "base_url")]
    if named[0] == named[1]:
        fail(
            "a database and a server are both named, and they may hold different keys",
            "Name one: --database URL or --base-url URL; it wins over GONOGO_BASE_URL and GONOGO_DATABASE_URL.",
            EXIT_USAGE,
        )
    return database if named[0] else None


async def _create(body: KeyCreate, results_password: bool, base_url: str | None) -> dict[str, Any]:
    async with open_client(base_url) as client:
        await require_extensions(client, "Keys cannot be made here")
        key = (await client.create_key(body)).model_dump()
        return key | ((await client.results_password(key["id"])).model_dump() if results_password else {})


@keys.command("list", epilog="\b\nExample:\n  gonogo keys list --json")
@pager_option
@api_command
async def list_(client: LeadClient, as_json: bool) -> None:
    """All keys, newest first: how each begins, never the key itself."""
    await require_extensions(client, "Keys cannot be listed here")
    keys = await _all_keys(client)
    print_list(
        keys,
        as_json=as_json,
        columns=_COLUMNS,
        cells=_cells,
        empty="There is no key yet. `gonogo keys create NAME` makes one.",
    )


_COLUMNS = (
    TableColumn("key", Fit.CUT),
    TableColumn("begins"),
    TableColumn("may", Fit.CUT),
    TableColumn("status"),
    TableColumn("revoked", Fit.SPARE),
    TableColumn("id", Fit.SPARE),
)


def _cells(item: KeyPublic) -> list[str]:
    status = "revoked" if item.revoked_at else "active"
    may = ",".join(item.scopes)
    return [item.name, f"{item.prefix}_…", may, status, shown_time(item.revoked_at), item.id]


async def _all_keys(client: LeadClient) -> list[KeyPublic]:
    return await read_all(lambda limit, cursor: client.list_keys(limit=limit, cursor=cursor))


@keys.command(epilog="\b\nExample:\n  gonogo keys revoke ci --dry-run")
@click.argument("key", shell_complete=complete_key)
@consequence_options
@api_command
async def revoke(client: LeadClient, key: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Void KEY at once: its name, where one active key has it, its id, or how it begins."""
    await require_extensions(client, "Keys cannot be revoked here")
    all_keys = await _all_keys(client)
    matches = [item for item in all_keys if key in (item.id, item.prefix)]
    matches = matches or [item for item in all_keys if item.name == key and item.revoked_at is None]
    if not matches:
        raise NotFoundError(f"There is no active key {key!r}.", next_step="`gonogo keys list` shows them all.")
    if len(matches) > 1:
        raise ambiguous_name_error("key", key, [item.id for item in matches])
    if not agreed(_revoking(matches[0], all_keys), dry_run=dry_run, yes=yes, as_json=as_json):
        return
    revoked = await client.revoke_key(matches[0].id)
    if as_json:
        print_json(revoked.model_dump())
    else:
        echo_err(f"Key {revoked.name} ({revoked.prefix}_…) was revoked at {shown_time(revoked.revoked_at)}.")


def _revoking(key: KeyPublic, all_keys: list[KeyPublic]) -> str:
    """Consequence of a revocation."""
    left = sum(item.revoked_at is None and item.id != key.id for item in all_keys)
    results = " Its sign-in to the results API ends, too." if key.results_username else ""
    name = f"{key.name} ({key.prefix}_…, {', '.join(key.scopes)}), made {shown_time(key.created_at)}"
    return (
        f"Revoke key {name}: every program that uses it is refused from now on.{results} "
        f"{counted(left, 'other key')} stay active."
    )
