"""`gonogo assign` and `gonogo revoke`: who may work in a campaign."""

from __future__ import annotations

import click

from gonogo.cli.common import connect, emit, fail, json_option, run, say, server_option


@click.command(
    epilog="""\b
Examples:
  gonogo assign "batch 12" ana@example.com --name "Ana Weiss"
  gonogo assign "batch 12" chief@example.com --role reviewer --json
"""
)
@click.argument("campaign")
@click.argument("email")
@click.option("--name", "display_name", help="How the person is called.")
@click.option("--role", type=click.Choice(["annotator", "reviewer"]), default="annotator", show_default=True)
@server_option
@json_option
def assign(campaign: str, email: str, display_name: str | None, role: str, base_url: str | None, as_json: bool) -> None:
    """Invite EMAIL to CAMPAIGN (a name or an id). The link and its token are printed once and stored nowhere."""
    made = run(_assign(campaign, email, display_name, role, base_url))
    if as_json:
        emit(made)
        return
    say(f"{email} may now work in {campaign} as {role}. The link works once, for 24 hours:")
    click.echo(made.get("magic_link_url") or made["magic_link_token"])
    if not made.get("magic_link_url"):
        say("That is a token: it is pasted into gonogo's sign-in screen, with the address of your server.")


async def _assign(
    campaign: str, email: str, display_name: str | None, role: str, base_url: str | None
) -> dict[str, object]:
    from gonogo.cli.finding import find_campaign
    from gonogo.wire.labeling import CampaignAssignmentCreate

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        body = CampaignAssignmentCreate(
            email=email, display_name=display_name, role=None if role == "annotator" else role
        )
        made = await client.create_assignment(found.id, body)
        return made.model_dump()


@click.command(
    epilog="""\b
Example:
  gonogo revoke "batch 12" ana@example.com
"""
)
@click.argument("campaign")
@click.argument("email")
@server_option
@json_option
def revoke(campaign: str, email: str, base_url: str | None, as_json: bool) -> None:
    """End the assignment of EMAIL in CAMPAIGN: sessions end at once, held tasks are freed, answers stay."""
    ended = run(_revoke(campaign, email, base_url))
    if as_json:
        emit(ended)
    else:
        say(f"{email} can no longer work in {campaign}.")


async def _revoke(campaign: str, email: str, base_url: str | None) -> dict[str, object]:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        page = await client.list_assignments(found.id)
        same = [
            assignment
            for assignment in page.data
            if (assignment.annotator_email or "").casefold() == email.casefold() and assignment.status != "revoked"
        ]
        if not same:
            fail(f"{email} has no active assignment in {campaign}", f"`gonogo assign {campaign!r} {email}` makes one.")
        return (await client.revoke_assignment(found.id, same[0].id)).model_dump()
