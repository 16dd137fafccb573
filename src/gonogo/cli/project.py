"""`gonogo project`: projects hold prediction runs and campaigns."""

from __future__ import annotations

from typing import Any

import click

from gonogo.cli.common import connect, emit, json_option, run, say, server_option


@click.group()
def project() -> None:
    """Projects: they hold prediction runs and campaigns."""


@project.command("list", epilog="\b\nExample:\n  gonogo project list --json")
@server_option
@json_option
def list_(base_url: str | None, as_json: bool) -> None:
    """All projects, newest first."""
    found = run(_list(base_url))
    if as_json:
        emit(found)
        return
    if not found:
        say("There is no project yet. `gonogo import` makes one from a file of predictions.")
    for item in found:
        click.echo(f"{item['name']}\t{item['status']}\t{item['campaign_count']} campaigns\t{item['id']}")


async def _list(base_url: str | None) -> list[dict[str, Any]]:
    async with connect(base_url) as client:
        return [item.model_dump() for item in (await client.list_projects(limit=500)).data]


@project.command(epilog="\b\nExample:\n  gonogo project create 'PMI 2026' --kind pmi --kind title_block")
@click.argument("name")
@click.option("--description")
@click.option("--kind", "kinds", multiple=True, help="A target kind; may be given several times.")
@server_option
@json_option
def create(name: str, description: str | None, kinds: tuple[str, ...], base_url: str | None, as_json: bool) -> None:
    """Make a project."""
    made = run(_create(name, description, kinds, base_url))
    if as_json:
        emit(made)
    else:
        say(f"Project {made['name']} made.")
        click.echo(made["id"])


async def _create(name: str, description: str | None, kinds: tuple[str, ...], base_url: str | None) -> dict[str, Any]:
    from gonogo.wire.labeling import LabelingProjectCreate

    async with connect(base_url) as client:
        body = LabelingProjectCreate(name=name, description=description, target_kinds=list(kinds) or None)
        return (await client.create_project(body)).model_dump()
