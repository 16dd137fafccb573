"""`gonogo assign` and `gonogo revoke`: invite people to a campaign, given as options or in a CSV file, and remove them
from it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from gonogo.cli.completion import complete_person
from gonogo.cli.support.api_client import api_command, open_client
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import campaign_argument, json_option, server_option
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.client.lead_client import LeadClient, all_assignments_of
from gonogo.client.lookup import find_campaign, require_extensions
from gonogo.client.transport.http_transport import is_loopback
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.team_server import team_server_url
from gonogo.embedded.transport import BASE_URL
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import Role
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    CampaignAssignmentCreated,
    CampaignAssignmentPublic,
    LabelingCampaignPublic,
)
from gonogo.schemas.statuses import may_work

ROLES = tuple(role.value for role in Role)
_EMAIL = re.compile(r"(?=.{3,254}$)[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Invitee:
    """Person to invite."""

    email: str
    name: str | None = None
    role: str = "annotator"


@click.command(
    epilog="""\b
Examples:
  gonogo assign "batch 12" ana@example.com --name "Ana Weiss"
  gonogo assign "batch 12" chief@example.com --role reviewer --json
  # she lost her session or her link
  gonogo assign "batch 12" ana@example.com --again
  gonogo assign "batch 12" --from people.csv --dry-run

people.csv has a head line with `email`, and where wanted `name` and `role` (annotator, reviewer).
Whoever is in the campaign already is left alone, so the same file can be used again.
"""
)
@campaign_argument
@click.argument("email", required=False)
@click.option("--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A CSV of people.")
@click.option("--name", "display_name", help="The person's name.")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="annotator",
    show_default=True,
    help="What they do; in a file, for lines without a role of their own.",
)
@click.option(
    "--again", is_flag=True, help="Give a new link to people who are already invited; their old sessions end."
)
@click.option("--here", is_flag=True, help="Make links that work in gonogo on this computer only.")
@click.option("--dry-run", is_flag=True, help="List who would be invited; invite nobody.")
@server_option
@json_option
def assign(
    campaign: str,
    email: str | None,
    file: Path | None,
    display_name: str | None,
    role: str,
    again: bool,
    here: bool,
    dry_run: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Invite EMAIL, or all of a CSV, to CAMPAIGN. Links and their tokens are printed once and stored nowhere."""
    if (email is None) == (file is None):
        fail("give one address, or a file with --from", "`gonogo assign --help` shows both.", EXIT_USAGE)
    if file is not None and display_name is not None:
        fail("--name is for one address; a file has a column `name`", "`gonogo assign --help` shows both.", EXIT_USAGE)
    invitees = read_invitees(file, role) if file else [Invitee(email or "", display_name, role)]
    for person in invitees:
        if not _EMAIL.fullmatch(person.email):
            fail(
                f"{person.email!r} is no e-mail address; nobody was invited",
                "Write it like ana@example.com.",
                EXIT_USAGE,
            )
    if dry_run:
        run(_plan(campaign, invitees, base_url, as_json=as_json))
        return
    if not (base_url or here or team_server_url(AppPaths())):
        fail(
            "there is no server that people could reach, so nobody was invited",
            "Start one with `gonogo serve --public-url https://…` and invite again, or make links for this computer "
            "with --here.",
        )
    invitations: list[CampaignAssignmentCreated] = []
    complete = False
    try:
        run(_invite(campaign, invitees, base_url, invitations, single=file is None, again=again))
        complete = True
    finally:  # an invitation made before an error has a link that cannot be shown again
        if invitations or complete:
            if as_json:
                invited = [item.model_dump() for item in invitations]
                print_json(invited[0] if file is None else invited)
            else:
                _print_links(invitations, campaign, role if file is None else None)


def read_invitees(file: Path, role: str) -> list[Invitee]:
    """The people of a CSV with a head line; ends the command with every bad line named."""
    invitees: dict[str, Invitee] = {}
    bad: list[str] = []
    for number, row in _rows(file):
        person = Invitee((row.get("email") or "").strip(), (row.get("name") or "").strip() or None, _role(row, role))
        if None in row:
            bad.append(f"{file}:{number}: more cells than the head line has columns")
        elif not _EMAIL.fullmatch(person.email):
            bad.append(f"{file}:{number}: {person.email!r} is no e-mail address")
        elif person.role not in ROLES:
            bad.append(f"{file}:{number}: role {person.role!r} is not one of {', '.join(ROLES)}")
        elif person.email.casefold() in invitees:
            bad.append(f"{file}:{number}: {person.email} is there twice")
        invitees.setdefault(person.email.casefold(), person)
    for line in bad:
        echo_err(line)
    if bad or not invitees:
        why = f"nobody was invited: {counted(len(bad), 'bad line')}" if bad else f"{file} names nobody"
        fail(why, "Put the file right.")
    return list(invitees.values())


def _rows(file: Path) -> list[tuple[int, dict[str, str | None]]]:
    """Rows with their line numbers; column names in lower case, cells separated by `,`, `;` or tabs."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            head = stream.readline()
            stream.seek(0)
            delimiter = max(",;\t", key=head.count)  # spreadsheets write `;` where a comma is the decimal point
            rows = csv.DictReader(stream, delimiter=delimiter, skipinitialspace=True)
            rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
            if "email" not in rows.fieldnames:
                has = f"it is {head.strip()[:80]!r}" if head.strip() else "the file is empty"
                fail(f"{file}: the head line names no column `email`: {has}", "It should be: email,name,role")
            return [(rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} is no CSV in UTF-8 ({error})", "Save it as UTF-8, comma separated.")


def _role(row: dict[str, str | None], default: str) -> str:
    return (row.get("role") or "").strip().lower() or default


async def _plan(campaign: str, invitees: list[Invitee], base_url: str | None, *, as_json: bool) -> None:
    async with open_client(base_url) as client:
        new = await _without_assigned(client, await find_campaign(client, campaign), invitees)
    if as_json:
        print_json([asdict(person) for person in new])
        return
    echo_err(f"{len(new)} would be invited to {campaign}; nobody was.")
    columns = (TableColumn("email", Fit.CUT), TableColumn("role"), TableColumn("name", Fit.CUT))
    print_table(columns, [[person.email, person.role, person.name] for person in new])


async def _invite(
    campaign: str,
    invitees: list[Invitee],
    base_url: str | None,
    invitations: list[CampaignAssignmentCreated],
    *,
    single: bool,
    again: bool,
) -> None:
    """Invites the people; `invitations` holds what was made, even when one of them fails."""
    async with open_client(base_url) as client:
        if any(person.role != Role.ANNOTATOR for person in invitees):
            await require_extensions(client, "Reviewers can't be invited here; nobody was")
        target = await find_campaign(client, campaign)
        if again:
            await _end_assignments(client, target, invitees)
        new = invitees if single else await _without_assigned(client, target, invitees)
        with progress_bars() as report:
            for done, person in enumerate(new, 1):
                role = None if person.role == Role.ANNOTATOR else person.role
                body = CampaignAssignmentCreate(email=person.email, display_name=person.name, role=role)
                invitations.append(await client.create_assignment(target.id, body))
                if not single:
                    report("invited", done, len(new))


async def _end_assignments(client: LeadClient, campaign: LabelingCampaignPublic, invitees: list[Invitee]) -> None:
    """Revokes the assignments of these people, so that a new one, with a new link, can follow."""
    addresses = {person.email.casefold() for person in invitees}
    for item in await all_assignments_of(client, campaign.id):
        if may_work(item.status) and (item.annotator_email or "").casefold() in addresses:
            await client.revoke_assignment(campaign.id, item.id)


async def _without_assigned(
    client: LeadClient, campaign: LabelingCampaignPublic, invitees: list[Invitee]
) -> list[Invitee]:
    """Those who have no part in the campaign yet; the others are named."""
    assignments = await all_assignments_of(client, campaign.id)
    assigned = {(item.annotator_email or "").casefold() for item in assignments if may_work(item.status)}
    for person in invitees:
        if person.email.casefold() in assigned:
            echo_err(f"{person.email} is in {campaign.name} already.")
    return [person for person in invitees if person.email.casefold() not in assigned]


def _print_links(invitations: list[CampaignAssignmentCreated], campaign: str, role: str | None) -> None:
    """One line a person; for a single one the link stands alone, so that it can be piped on."""
    if not invitations:
        echo_err("Nobody new to invite.")
        return
    first = invitations[0]
    if role is not None:
        echo_err(f"{first.assignment.annotator_email} may now work in {campaign} as {role}.")
    ours = bool(first.magic_link_url)
    kind, how_long = ("link", "works once, for 24 hours, and") if ours else ("token", "")
    echo_err(f"Each {kind} {how_long} is not shown again:".replace("  ", " "))
    links = [item.magic_link_url or item.magic_link_token for item in invitations]
    if role is not None:
        click.echo(links[0])
    else:
        emails = [item.assignment.annotator_email for item in invitations]
        columns = (TableColumn("email"), TableColumn(kind))
        print_table(columns, list(zip(emails, links, strict=True)), paged=False)  # a pager would take them away
    host = urlsplit(first.magic_link_url or "").hostname or ""
    if host == urlsplit(BASE_URL).hostname:
        echo_err("The link works in gonogo on this computer only. A team needs `gonogo serve`.")
    elif is_loopback(host):
        echo_err("Only this computer reaches that server; others need `gonogo serve --host 0.0.0.0 --public-url …`.")
    elif not ours:
        echo_err(
            "It is pasted into gonogo's sign-in screen, with the address of your server. If the server has a sign-in "
            "of its own, name its redeem_path in the settings (docs/other-servers.md)."
        )
    else:
        echo_err("If the link doesn't open, paste it into gonogo's sign-in screen.")


@click.command(epilog='\b\nExample:\n  gonogo revoke "batch 12" ana@example.com --dry-run')
@campaign_argument
@click.argument("email", shell_complete=complete_person)
@consequence_options
@api_command
async def revoke(client: LeadClient, campaign: str, email: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """End the assignment of EMAIL (or of an assignment id): sessions end at once, held tasks are freed."""
    target = await find_campaign(client, campaign)
    campaign_id = target.id
    matches = [
        item
        for item in await all_assignments_of(client, campaign_id)
        if may_work(item.status) and email.casefold() in ((item.annotator_email or "").casefold(), item.id)
    ]
    if not matches:
        fail(f"{email} has no active assignment in {campaign}", f"`gonogo assign {campaign!r} {email}` makes one.")
    consequence = await _revoking(client, target, matches[0])
    if not agreed(consequence, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    revoked = await client.revoke_assignment(campaign_id, matches[0].id)
    if as_json:
        print_json(revoked.model_dump())
    else:
        echo_err(f"{email} can no longer work in {campaign}. The answers stay.")


async def _revoking(client: LeadClient, campaign: LabelingCampaignPublic, assignment: CampaignAssignmentPublic) -> str:
    """Consequence of a revocation, with the person's numbers where the server tells them."""
    name = assignment.annotator_email or assignment.id
    text = f"Revoke {name} in {campaign.name or campaign.id}: sessions end at once; only a new link lets them back in."
    if await client.capabilities() is None:
        return text
    people = (await client.progress(campaign.id)).people
    person = next((item for item in people if item.email == assignment.annotator_email), None)
    if person is None:
        return f"{text} There are no answers yet."
    held = counted(person.n_held, "held task")
    return f"{text} {counted(person.n_done, 'answer')} stay; {held} go to others."
