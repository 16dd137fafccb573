"""`gonogo assign` and `gonogo revoke`: who may work in a campaign."""

from __future__ import annotations

import csv
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.completion import complete_person
from gonogo.cli.support import (
    EXIT_USAGE,
    campaign_argument,
    connect,
    emit,
    fail,
    json_option,
    progress,
    run,
    say,
    server_option,
)

if TYPE_CHECKING:
    from gonogo.client.lead import LeadClient
    from gonogo.schemas.labeling import LabelingCampaignPublic

ROLES = ("annotator", "reviewer")
_EMAIL = re.compile(r"(?=.{3,254}$)[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody to invite."""

    email: str
    name: str | None = None
    role: str = "annotator"


@click.command(
    epilog="""\b
Examples:
  gonogo assign "batch 12" ana@example.com --name "Ana Weiss"
  gonogo assign "batch 12" chief@example.com --role reviewer --json
  gonogo assign "batch 12" --from people.csv --dry-run

\b
people.csv has a head line with `email`, and where wanted `name` and `role` (annotator, reviewer).
Whoever is in the campaign already is left alone, so the same file can be used again.
"""
)
@campaign_argument
@click.argument("email", required=False)
@click.option("--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A CSV of people.")
@click.option("--name", "display_name", help="How the person is called.")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="annotator",
    show_default=True,
    help="What they do; in a file, for lines without a role of their own.",
)
@click.option("--dry-run", is_flag=True, help="Say who would be invited, and invite nobody.")
@server_option
@json_option
def assign(
    campaign: str,
    email: str | None,
    file: Path | None,
    display_name: str | None,
    role: str,
    dry_run: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Invite EMAIL, or all of a CSV, to CAMPAIGN. Links and their tokens are printed once and stored nowhere."""
    if (email is None) == (file is None):
        fail("give one address, or a file with --from", "`gonogo assign --help` shows both.", EXIT_USAGE)
    if file is not None and display_name is not None:
        fail("--name is for one address; a file has a column `name`", "`gonogo assign --help` shows both.", EXIT_USAGE)
    people = read_people(file, role) if file else [Invitee(email or "", display_name, role)]
    for person in people:
        if not _EMAIL.fullmatch(person.email):
            fail(
                f"{person.email!r} is no e-mail address; nobody was invited",
                "Write it like ana@example.com.",
                EXIT_USAGE,
            )
    if dry_run:
        _show_plan(run(_plan(campaign, people, base_url)), campaign, as_json)
        return
    made: list[dict[str, Any]] = []
    whole = False
    try:
        run(_assign(campaign, people, base_url, made, alone=file is None))
        whole = True
    finally:  # what was made before an error has a link that nobody can show again
        if made or whole:
            if as_json:
                emit(made[0] if file is None else made)
            else:
                _show_links(made, campaign, role if file is None else None)


def read_people(file: Path, role: str) -> list[Invitee]:
    """The people of a CSV with a head line; ends the command with every bad line named."""
    found: dict[str, Invitee] = {}
    bad: list[str] = []
    for number, row in _rows(file):
        person = Invitee((row.get("email") or "").strip(), (row.get("name") or "").strip() or None, _role(row, role))
        if None in row:
            bad.append(f"{file}:{number}: more cells than the head line has columns")
        elif not _EMAIL.fullmatch(person.email):
            bad.append(f"{file}:{number}: {person.email!r} is no e-mail address")
        elif person.role not in ROLES:
            bad.append(f"{file}:{number}: role {person.role!r} is not one of {', '.join(ROLES)}")
        elif person.email.casefold() in found:
            bad.append(f"{file}:{number}: {person.email} is there twice")
        found.setdefault(person.email.casefold(), person)
    for line in bad:
        say(line)
    if bad or not found:
        fail(f"nobody was invited: {len(bad)} bad lines" if bad else f"{file} names nobody", "Put the file right.")
    return list(found.values())


def _rows(file: Path) -> list[tuple[int, dict[str, Any]]]:
    """The rows with their line numbers; names of columns count whatever their case, cells end at `,`, `;` or tabs."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            head = stream.readline()
            stream.seek(0)
            comma = max(",;\t", key=head.count)  # spreadsheets write `;` where a comma is the decimal point
            rows = csv.DictReader(stream, delimiter=comma, skipinitialspace=True)
            rows.fieldnames = [name.strip().casefold() for name in rows.fieldnames or ()]
            if "email" not in rows.fieldnames:
                has = f"it is {head.strip()[:80]!r}" if head.strip() else "the file is empty"
                fail(f"{file}: the head line names no column `email`: {has}", "It should be: email,name,role")
            return [(rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} is no CSV in UTF-8 ({error})", "Save it as UTF-8, comma separated.")


def _role(row: dict[str, Any], usual: str) -> str:
    return (row.get("role") or "").strip().lower() or usual


async def _plan(campaign: str, people: list[Invitee], base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        return [asdict(person) for person in await _fresh(client, found, people)]


async def _assign(
    campaign: str, people: list[Invitee], base_url: str | None, made: list[dict[str, Any]], *, alone: bool
) -> None:
    """Invite; what was `made` is there for the caller even when one of them fails."""
    from gonogo.client.lookup import find_campaign, require_extensions
    from gonogo.schemas.labeling import CampaignAssignmentCreate

    async with connect(base_url) as client:
        if any(person.role != "annotator" for person in people):
            await require_extensions(client, "Reviewers cannot be invited here, and nobody was")
        found = await find_campaign(client, campaign)
        fresh = people if alone else await _fresh(client, found, people)
        with progress() as report:
            for done, person in enumerate(fresh, 1):
                role = None if person.role == "annotator" else person.role
                body = CampaignAssignmentCreate(email=person.email, display_name=person.name, role=role)
                made.append((await client.create_assignment(found.id, body)).model_dump())
                if not alone:
                    report("invited", done, len(fresh))


async def _fresh(client: LeadClient, campaign: LabelingCampaignPublic, people: list[Invitee]) -> list[Invitee]:
    """Those who have no part in the campaign yet; the others are named."""
    from gonogo.client.lead import all_assignments_of

    known = await all_assignments_of(client, campaign.id)
    there = {(item.annotator_email or "").casefold() for item in known if item.status != "revoked"}
    for person in people:
        if person.email.casefold() in there:
            say(f"{person.email} is in {campaign.name} already.")
    return [person for person in people if person.email.casefold() not in there]


def _show_plan(people: list[dict[str, Any]], campaign: str, as_json: bool) -> None:
    if as_json:
        emit(people)
        return
    say(f"{len(people)} would be invited to {campaign}; nobody was.")
    for person in people:
        click.echo("\t".join([person["email"], person["role"], person["name"] or ""]).rstrip())


def _show_links(made: list[dict[str, Any]], campaign: str, role: str | None) -> None:
    """One line a person; for a single one the link stands alone, so that it can be piped on."""
    if not made:
        say("Nobody new to invite.")
        return
    plain = not made[0].get("magic_link_url")
    if role is not None:
        say(f"{made[0]['assignment']['annotator_email']} may now work in {campaign} as {role}.")
    say("Each link works once, for 24 hours, and is not shown again:")
    for item in made:
        link = item.get("magic_link_url") or item["magic_link_token"]
        click.echo(link if role is not None else f"{item['assignment']['annotator_email']}\t{link}")
    if (made[0].get("magic_link_url") or "").startswith("http://embedded.localhost"):
        say("This is the workspace on this machine: the link works in gonogo here only. A team needs `gonogo serve`.")
    elif plain:
        say("That is a token: it is pasted into gonogo's sign-in screen, with the address of your server.")
    else:
        say("Who cannot open the link pastes it, or the part after `#token=`, into gonogo's sign-in screen.")


@click.command(epilog='\b\nExample:\n  gonogo revoke "batch 12" ana@example.com')
@campaign_argument
@click.argument("email", shell_complete=complete_person)
@server_option
@json_option
def revoke(campaign: str, email: str, base_url: str | None, as_json: bool) -> None:
    """End the assignment of EMAIL (or of an assignment id): sessions end at once, held tasks are freed."""
    ended = run(_revoke(campaign, email, base_url))
    if as_json:
        emit(ended)
    else:
        say(f"{email} can no longer work in {campaign}. The answers stay.")


async def _revoke(campaign: str, email: str, base_url: str | None) -> dict[str, object]:
    from gonogo.client.lead import all_assignments_of
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        same = [
            item
            for item in await all_assignments_of(client, found.id)
            if item.status != "revoked" and email.casefold() in ((item.annotator_email or "").casefold(), item.id)
        ]
        if not same:
            fail(f"{email} has no active assignment in {campaign}", f"`gonogo assign {campaign!r} {email}` makes one.")
        return (await client.revoke_assignment(found.id, same[0].id)).model_dump()
