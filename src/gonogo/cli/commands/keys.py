"""`gonogo keys`: API keys of a server's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.completion import complete_key
from gonogo.cli.support import (
    connect,
    emit,
    fail,
    json_option,
    name_given,
    run,
    say,
    sentences,
    server_option,
    show_list,
)

if TYPE_CHECKING:
    from gonogo.schemas.gonogo_api import KeyCreate
    from gonogo.server.store.engine import Store

SCOPES = ("parts:read", "parts:write")


@click.group(epilog="\b\nExample:\n  gonogo keys list")
def keys() -> None:
    """API keys: for leads and programs. People who label get magic links (`gonogo assign`)."""


@keys.command(
    epilog="""\b
Examples:
  gonogo keys create --name ci
  gonogo keys create --name report --scopes parts:read --json
  gonogo keys create --name lead --database sqlite:////srv/gonogo/gonogo.db
  gonogo keys create --name dashboards --scopes parts:read --results-password
"""
)
@click.option("--name", required=True, callback=name_given, help="What the key is for; shown in lists and logs.")
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
    """Make an API key. It is printed once, and only its hash is kept."""
    from gonogo.cli.commands.db import with_store
    from gonogo.schemas.gonogo_api import KeyCreate

    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        fail(f"unknown scope: {', '.join(unknown) or '(none given)'}", f"Known: {', '.join(SCOPES)}", 2)
    with sentences():
        body = KeyCreate(name=name, scopes=wanted)
    if database:
        made = with_store(database, lambda store: _create_in_database(store, body, results_password))
    else:
        made = run(_create(body, results_password, base_url))
    if as_json:
        emit(made)
        return
    say(f"Key {made['name']} ({', '.join(made['scopes'])}). It is not shown again:")
    click.echo(made["key"])
    if results_password:
        say("For the results API (POST /auth/public/v1/login), beside the key:")
        click.echo(f"username\t{made['username']}\napi_password\t{made['api_password']}")


def _create_in_database(store: Store, body: KeyCreate, results_password: bool) -> dict[str, Any]:
    from gonogo.server.auth.api_keys import create_key
    from gonogo.server.results.auth import create_results_password

    store.upgrade()
    made = create_key(store, body.name, body.scopes).model_dump()
    if results_password:
        made |= create_results_password(store, made["id"]).model_dump()
    return made


async def _create(body: KeyCreate, results_password: bool, base_url: str | None) -> dict[str, Any]:
    from gonogo.client.lookup import require_extensions

    async with connect(base_url) as client:
        await require_extensions(client, "Keys cannot be made here")
        made = (await client.create_key(body)).model_dump()
        if results_password:
            made |= (await client.results_password(made["id"])).model_dump()
        return made


@keys.command("list", epilog="\b\nExample:\n  gonogo keys list --json")
@server_option
@json_option
def list_(base_url: str | None, as_json: bool) -> None:
    """All keys, newest first: how each begins, never the key itself."""
    show_list(run(_list(base_url)), as_json, _cells, "There is no key yet. `gonogo keys create --name …` makes one.")


def _cells(item: dict[str, Any]) -> list[str]:
    state = f"revoked {item['revoked_at']}" if item["revoked_at"] else "active"
    return [item["name"], f"{item['prefix']}_…", ",".join(item["scopes"]), state, item["id"]]


async def _list(base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.client.lookup import PAGE, fetch_all_pages, require_extensions

    async with connect(base_url) as client:
        await require_extensions(client, "Keys cannot be listed here")
        found = await fetch_all_pages(lambda cursor: client.list_keys(limit=PAGE, cursor=cursor))
        return [item.model_dump() for item in found]


@keys.command(epilog="\b\nExample:\n  gonogo keys revoke ci")
@click.argument("key", shell_complete=complete_key)
@server_option
@json_option
def revoke(key: str, base_url: str | None, as_json: bool) -> None:
    """Void KEY at once: its name, where one active key has it, its id, or how it begins."""
    ended = run(_revoke(key, base_url))
    if as_json:
        emit(ended)
    else:
        say(f"Key {ended['name']} ({ended['prefix']}_…) is void since {ended['revoked_at']}.")


async def _revoke(key: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.client.errors import NotFoundError
    from gonogo.client.lookup import PAGE, ambiguous_name_error, fetch_all_pages, require_extensions

    async with connect(base_url) as client:
        await require_extensions(client, "Keys cannot be revoked here")
        known = await fetch_all_pages(lambda cursor: client.list_keys(limit=PAGE, cursor=cursor))
        found = [item for item in known if key in (item.id, item.prefix)]
        found = found or [item for item in known if item.name == key and item.revoked_at is None]
        if not found:
            raise NotFoundError(f"There is no active key {key!r}.", next_step="`gonogo keys list` shows them all.")
        if len(found) > 1:
            raise ambiguous_name_error("key", key, [item.id for item in found])
        return (await client.revoke_key(found[0].id)).model_dump()
