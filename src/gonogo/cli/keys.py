"""`gonogo keys`: API keys of a server's database."""

from __future__ import annotations

from typing import Any

import click

from gonogo.cli.common import connect, current_home, emit, fail, json_option, run, say

SCOPES = ("parts:read", "parts:write")


@click.group()
def keys() -> None:
    """API keys: for leads and programs. People who label get magic links (`gonogo assign`)."""


@keys.command(
    epilog="""\b
Examples:
  gonogo keys create --name ci
  gonogo keys create --name report --scopes parts:read --json
  gonogo keys create --name lead --database sqlite:////srv/gonogo/gonogo.db
"""
)
@click.option("--name", required=True, help="What the key is for; shown in lists and logs.")
@click.option("--scopes", default=",".join(SCOPES), show_default=True, help="Comma-separated.")
@click.option(
    "--database",
    envvar="GONOGO_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="The server's database; default: the workspace on this machine.",
)
@json_option
def create(name: str, scopes: str, database: str | None, as_json: bool) -> None:
    """Make an API key. It is printed once, and only its hash is kept."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        fail(f"unknown scope: {', '.join(unknown) or '(none given)'}", f"Known: {', '.join(SCOPES)}", 2)
    made = _create_in_database(name, wanted, database) if database else run(_create(name, wanted))
    if as_json:
        emit(made)
        return
    say(f"Key {made['name']} ({', '.join(made['scopes'])}). It is not shown again:")
    click.echo(made["key"])


def _create_in_database(name: str, scopes: list[str], database: str) -> dict[str, Any]:
    from gonogo.server.keys import create_key
    from gonogo.server.store.engine import Store

    current_home()
    store = Store(database)
    try:
        store.upgrade()
        return create_key(store, name, scopes).model_dump()
    finally:
        store.dispose()


async def _create(name: str, scopes: list[str]) -> dict[str, Any]:
    from gonogo.wire.extensions import KeyCreate

    async with connect(None) as client:
        return (await client.create_key(KeyCreate(name=name, scopes=scopes))).model_dump()
