"""`gonogo keys`: API keys of a server's database."""

from __future__ import annotations

from typing import Any

import click

from gonogo.cli.common import connect, emit, fail, json_option, run, say, server_option, show_list
from gonogo.cli.completing import complete_key

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
@click.option("--name", required=True, help="What the key is for; shown in lists and logs.")
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
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        fail(f"unknown scope: {', '.join(unknown) or '(none given)'}", f"Known: {', '.join(SCOPES)}", 2)
    if database:
        made = _create_in_database(name, wanted, results_password, database)
    else:
        made = run(_create(name, wanted, results_password, base_url))
    if as_json:
        emit(made)
        return
    say(f"Key {made['name']} ({', '.join(made['scopes'])}). It is not shown again:")
    click.echo(made["key"])
    if results_password:
        say("For the results API (POST /auth/public/v1/login), beside the key:")
        click.echo(f"username\t{made['username']}\napi_password\t{made['api_password']}")


def _create_in_database(name: str, scopes: list[str], results_password: bool, database: str) -> dict[str, Any]:
    from gonogo.server.keys import create_key, give_results_password
    from gonogo.server.store.engine import Store

    store = Store(database)
    try:
        store.upgrade()
        made = create_key(store, name, scopes).model_dump()
        if results_password:
            made |= give_results_password(store, made["id"]).model_dump()
        return made
    finally:
        store.dispose()


async def _create(name: str, scopes: list[str], results_password: bool, base_url: str | None) -> dict[str, Any]:
    from gonogo.cli.finding import need_ours
    from gonogo.wire.extensions import KeyCreate

    async with connect(base_url) as client:
        await need_ours(client, "Keys cannot be made here")
        made = (await client.create_key(KeyCreate(name=name, scopes=scopes))).model_dump()
        if results_password:
            made |= (await client.results_password(made["id"])).model_dump()
        return made


@keys.command("list", epilog="\b\nExample:\n  gonogo keys list --json")
@server_option
@json_option
def list_(base_url: str | None, as_json: bool) -> None:
    """All keys, newest first: how each begins, never the key itself."""
    show_list(run(_list(base_url)), as_json, _line, "There is no key yet. `gonogo keys create --name …` makes one.")


def _line(item: dict[str, Any]) -> str:
    state = f"revoked {item['revoked_at']}" if item["revoked_at"] else "active"
    return f"{item['name']}\t{item['prefix']}_…\t{','.join(item['scopes'])}\t{state}\t{item['id']}"


async def _list(base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.cli.finding import PAGE, every, need_ours

    async with connect(base_url) as client:
        await need_ours(client, "Keys cannot be listed here")
        found = await every(lambda cursor: client.list_keys(limit=PAGE, cursor=cursor))
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
    from gonogo.cli.finding import PAGE, ambiguous, every, need_ours
    from gonogo.client.errors import NotFoundError

    async with connect(base_url) as client:
        await need_ours(client, "Keys cannot be revoked here")
        known = await every(lambda cursor: client.list_keys(limit=PAGE, cursor=cursor))
        found = [item for item in known if key in (item.id, item.prefix)]
        found = found or [item for item in known if item.name == key and item.revoked_at is None]
        if not found:
            raise NotFoundError(f"There is no active key {key!r}.", next_step="`gonogo keys list` shows them all.")
        if len(found) > 1:
            raise ambiguous("key", key, [item.id for item in found])
        return (await client.revoke_key(found[0].id)).model_dump()
