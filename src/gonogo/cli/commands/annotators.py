"""`gonogo annotators`: who works in a campaign, what speaks against whose votes, and what a lead does about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
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
    run,
    say,
    server_option,
    show_fields,
)

if TYPE_CHECKING:
    from gonogo.client.lead import LeadClient
    from gonogo.schemas.review import AnnotatorState, AnnotatorVerb

NO_EXTENSION = "This server does not tell who works in a campaign, and takes no actions on annotators."
DONE: dict[AnnotatorVerb, str] = {
    "pause": "{name} is paused.",
    "resume": "{name} gets tasks again.",
    "discount": "The votes of {name} on {n} tasks no longer count.",
    "restore": "The votes of {name} on {n} tasks count again.",
    "reopen": "{n} tasks that {name} helped to settle are asked once more.",
}


@click.group(epilog="\b\nExample:\n  gonogo annotators list 'batch 12'")
def annotators() -> None:
    """People of a campaign. Flags only inform: nothing happens to anybody's votes unless you say so here."""


@annotators.command(
    "list",
    epilog="""\b
Examples:
  gonogo annotators list 'batch 12'
  gonogo annotators list 'batch 12' --json | jq '.[] | select(.flags != [])'
""",
)
@campaign_argument
@server_option
@json_option
def list_(campaign: str, base_url: str | None, as_json: bool) -> None:
    """Who votes or is invited, whose votes deserve a look, and why."""
    found = run(_list(campaign, base_url))
    if as_json:
        emit(found)
        return
    if not found:
        say(f"Nobody has voted in {campaign} or is invited to it. `gonogo assign` invites somebody.")
    for person in found:
        for line in _about(person):
            click.echo(line)


async def _list(campaign: str, base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        states = await _states(client, found.id)
        report = await client.campaign_quality(found.id)
    worth = {one.annotator_user_id: one.model_dump() for one in report.annotators or []}
    signs: Mapping[str, Any] = (report.gonogo or {}).get("annotators") or {}
    return [_merged(state, worth.get(state.voter_id, {}), signs.get(state.voter_id, {})) for state in states]


def _merged(state: AnnotatorState, worth: Mapping[str, Any], signs: Mapping[str, Any]) -> dict[str, Any]:
    """One person: state, scores, and flags with their evidence in words and in numbers."""
    from gonogo.report.quality import evidence

    scores = {name: worth.get(name) for name in ("reliability", "trust", "gold_accuracy", "consensus_agreement")}
    shown = {name: signs.get(name) for name in ("too_fast_share", "too_fast_recent", "run", "drift")}
    flags = {"flags": list(signs.get("flags") or []), "evidence": evidence(signs), "signs": shown}
    return {**state.model_dump(mode="json"), **scores, **flags}


def _about(person: Mapping[str, Any]) -> list[str]:
    who = [person["name"], person["email"]] if person["name"] != person["email"] else [person["email"]]
    cells = [" ".join(str(part) for part in who if part) or person["voter_id"], f"{person['n_submissions']} votes"]
    scores = ("reliability", "trust", "gold_accuracy")
    cells += [f"{key.replace('_', ' ')} {person[key]:.2f}" for key in scores if person[key] is not None]
    if person["paused_at"]:
        cells.append(f"PAUSED since {person['paused_at'][:16].replace('T', ' ')} UTC")
    if person["n_discounted"]:
        cells.append(f"{person['n_discounted']} votes DISCOUNTED")
    return ["   ".join(cells), *(f"    ! {line}" for line in person["evidence"])]


def _action(verb: AnnotatorVerb, about: str, examples: str) -> Callable[..., None]:
    """One command of the five; they differ in what they ask the server for."""

    @annotators.command(verb, help=about, epilog=f"\b\nExamples:\n{examples}")
    @campaign_argument
    @click.argument("person", shell_complete=complete_person)
    @click.option("--note", help="Why; kept in the audit trail.")
    @click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
    @click.option("--yes", is_flag=True, help="Do it without asking.")
    @server_option
    @json_option
    def command(
        campaign: str, person: str, note: str | None, dry_run: bool, yes: bool, base_url: str | None, as_json: bool
    ) -> None:
        done = run(_act(verb, campaign, person, note, base_url, dry_run=dry_run, yes=yes))
        if as_json and done is not None:
            emit(done)

    return command


async def _act(
    verb: AnnotatorVerb, campaign: str, person: str, note: str | None, base_url: str | None, *, dry_run: bool, yes: bool
) -> dict[str, Any] | None:
    """The action's line of the audit trail, or what it would do; `None` when the lead thought better of it."""
    from gonogo.client.lookup import find_campaign
    from gonogo.schemas.review import AnnotatorActionCreate

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        who = _find(await _states(client, found.id), person, campaign)
        name = who.name or who.email or who.voter_id
        planned = await client.preview_annotator_action(found.id, who.voter_id, verb)
        say(f"{verb.capitalize()} {name} in {found.name}: {planned.consequence}")
        if dry_run:
            say("Nothing was done.")
            return planned.model_dump()
        if not yes and not _confirmed():
            say("Nothing was done.")
            return None
        body = AnnotatorActionCreate(action=verb, note=note)
        done = await client.act_on_annotator(found.id, who.voter_id, body)
        say(DONE[verb].format(name=name, n=done.n_tasks))
        return done.model_dump(mode="json")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        fail("nobody is there to confirm this", "Look at it with --dry-run, then say --yes.", EXIT_USAGE)
    return click.confirm("Do it?", default=False, err=True)


async def _states(client: LeadClient, campaign_id: str) -> list[AnnotatorState]:
    from gonogo.client.errors import InvalidInputError

    if await client.capabilities() is None:
        raise InvalidInputError(NO_EXTENSION, next_step="`gonogo revoke` ends a person's assignment on any server.")
    return (await client.annotators(campaign_id)).data


def _find(states: list[AnnotatorState], person: str, campaign: str) -> AnnotatorState:
    """The one of this address, name or id."""
    from gonogo.client.errors import NotFoundError
    from gonogo.client.lookup import ambiguous_name_error

    wanted = person.casefold()
    exact = [one for one in states if wanted in (one.voter_id, (one.email or "").casefold())]
    found = exact or [one for one in states if (one.name or "").casefold() == wanted]
    if len(found) > 1:
        raise ambiguous_name_error("annotator", person, [one.email or one.voter_id for one in found])
    if not found:
        known = ", ".join(one.email or one.voter_id for one in states[:10])
        there = f"There are: {known}." if states else "Nobody is there yet."
        raise NotFoundError(f"There is no annotator {person!r} in {campaign}.", next_step=there)
    return found[0]


_action(
    "pause",
    "Give PERSON no new tasks. What is held may still be answered, and all votes count.",
    "  gonogo annotators pause 'batch 12' bo@example.com --note 'five in three seconds'\n"
    "  gonogo annotators pause 'batch 12' 'Bo Lindqvist' --yes --json",
)
_action(
    "resume",
    "Give PERSON tasks again.",
    "  gonogo annotators resume 'batch 12' bo@example.com --yes",
)
_action(
    "discount",
    "Take all votes of PERSON so far out of the count; their tasks ask somebody else. Experts' rulings stand.",
    "  gonogo annotators discount 'batch 12' bo@example.com --dry-run\n"
    "  gonogo annotators discount 'batch 12' bo@example.com --note 'accepted everything' --yes",
)
_action(
    "restore",
    "Count the discounted votes of PERSON again.",
    "  gonogo annotators restore 'batch 12' bo@example.com --yes",
)
_action(
    "reopen",
    "Ask every task that PERSON helped to settle once more. All votes go on counting; it cannot be taken back.",
    "  gonogo annotators reopen 'batch 12' bo@example.com --dry-run",
)


@annotators.command(
    epilog="""\b
Examples:
  gonogo annotators settings 'batch 12'                                  what is asked of people
  gonogo annotators settings 'batch 12' --pass-mark 0.8 --items 20       qualify before the first task
  gonogo annotators settings 'batch 12' --warm-up 20 --sample-rate 0.05
  gonogo annotators settings 'batch 12' --no-pass-mark --warm-up 0       ask for nothing
"""
)
@campaign_argument
@click.option(
    "--pass-mark", type=click.FloatRange(0, 1), help="Share of practice items right before any task is given."
)
@click.option("--no-pass-mark", is_flag=True, help="Ask for no qualification.")
@click.option("--items", type=click.IntRange(1, 100), help="Practice items of the qualification (20).")
@click.option("--warm-up", type=click.IntRange(0, 100), help="Practice items at the start of each sitting (0).")
@click.option("--sample-rate", type=click.FloatRange(0, 1), help="Share of settled tasks experts look at again (0.05).")
@server_option
@json_option
def settings(
    campaign: str,
    pass_mark: float | None,
    no_pass_mark: bool,
    items: int | None,
    warm_up: int | None,
    sample_rate: float | None,
    base_url: str | None,
    as_json: bool,
) -> None:
    """What CAMPAIGN asks of people before it gives tasks, and how much of the settled work experts see again.

    Practice items are tasks of the campaign on which an expert has ruled; there have to be as many as are asked for.
    """
    if pass_mark is not None and no_pass_mark:
        fail("--pass-mark and --no-pass-mark exclude each other; nothing was changed", code=EXIT_USAGE)
    given = {
        "pass_mark": pass_mark,
        "qualification_items": items,
        "warm_up_items": warm_up,
        "sample_rate": sample_rate,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if no_pass_mark:
        changes["pass_mark"] = None
    found = run(_settings(campaign, changes, base_url))
    if as_json:
        emit(found)
    else:
        show_fields(found)
        if found["pass_mark"] is None:
            click.echo(f"{'pass mark':20} none: nobody has to qualify")


async def _settings(campaign: str, changes: dict[str, Any], base_url: str | None) -> dict[str, Any]:
    from gonogo.client.lookup import find_campaign
    from gonogo.schemas.review import ReviewSettings

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        if not changes:
            return (await client.review_settings(found.id)).model_dump()
        return (await client.update_review_settings(found.id, ReviewSettings(**changes))).model_dump()
