"""`gonogo annotators`: lists a campaign's annotators with the evidence against their votes, pauses or resumes them,
discounts or restores their votes, and changes the lead's settings.
"""

from __future__ import annotations

from typing import NamedTuple

import click

from gonogo.cli.completion import complete_person
from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.editor import OPEN_EDITOR, ask_text
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import campaign_argument
from gonogo.cli.support.output import print_fields, print_json, waiting
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.cli.support.times import shown_time
from gonogo.client.errors import NotFoundError, UnsupportedError
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import ambiguous_name_error, find_campaign
from gonogo.json_types import JsonObject, as_list, as_object
from gonogo.report.quality import evidence
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.labeling import AnnotatorQuality
from gonogo.schemas.review import AnnotatorActionCreate, AnnotatorState, AnnotatorVerb, ReviewSettings

NO_EXTENSION = "This server measures no annotators, and takes no actions on them."
DONE: dict[AnnotatorVerb, str] = {
    "pause": "{name} is paused.",
    "resume": "{name} gets tasks again.",
    "discount": "The votes of {name} on {tasks} no longer count.",
    "restore": "The votes of {name} on {tasks} count again.",
    "reopen": "{name} helped to settle {tasks}: asked again.",
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
@pager_option
@api_command
async def list_(client: LeadClient, campaign: str, as_json: bool) -> None:
    """People of a campaign: votes, reliability, and flags with their reasons."""
    campaign_id = (await find_campaign(client, campaign)).id
    states = await _fetch_states(client, campaign_id)
    with waiting("Measuring the quality …"):
        report = await client.campaign_quality(campaign_id)
    scores = {item.annotator_user_id: item for item in report.annotators or []}
    signs = as_object((report.gonogo or {}).get("annotators"))
    people = [_Person(item, scores.get(item.voter_id), as_object(signs.get(item.voter_id))) for item in states]
    if as_json:
        print_json([_person_json(person) for person in people])
        return
    if not people:
        echo_err(f"Nobody has voted in {campaign} or is invited to it. `gonogo assign` invites somebody.")
    notes = [[f"! {line}" for line in evidence(person.signs)] for person in people]
    print_table(_COLUMNS, [_person_cells(person) for person in people], notes_head="evidence", notes=notes)


class _Person(NamedTuple):
    """An annotator; `quality` and `signs` come from the quality report, where it has the person."""

    state: AnnotatorState
    quality: AnnotatorQuality | None
    signs: JsonObject


def _person_json(person: _Person) -> JsonObject:
    """One person: state, scores, and flags with their evidence as text and numbers."""
    quality = person.quality.model_dump() if person.quality else {}
    scores = {name: quality.get(name) for name in ("reliability", "trust", "gold_accuracy", "consensus_agreement")}
    shown = {name: person.signs.get(name) for name in ("too_fast_share", "too_fast_recent", "run", "drift")}
    flags = {"flags": as_list(person.signs.get("flags")), "evidence": evidence(person.signs), "signs": shown}
    return {**person.state.model_dump(mode="json"), **scores, **flags}


_COLUMNS = (
    TableColumn("annotator", Fit.CUT),
    TableColumn("email"),
    TableColumn("status"),
    TableColumn("votes", number=True),
    TableColumn("discounted", Fit.SPARE, number=True),
    TableColumn("trust", Fit.SPARE, number=True),
    TableColumn("reliability", Fit.SPARE, number=True),
    TableColumn("gold accuracy", Fit.SPARE, number=True),
    TableColumn("paused", Fit.SPARE),
)


def _person_cells(person: _Person) -> list[str]:
    state, quality = person.state, person.quality
    status = "paused" if state.paused_at else state.status or ("API key" if state.kind != "annotator" else "")
    scores = (quality.trust, quality.reliability, quality.gold_accuracy) if quality else (None, None, None)
    return [
        state.name or ("" if state.email else state.voter_id),
        state.email or "",
        status,
        str(state.n_submissions),
        str(state.n_discounted or ""),
        *("" if score is None else f"{score:.2f}" for score in scores),
        shown_time(state.paused_at),
    ]


def _add_action(verb: AnnotatorVerb, about: str, examples: str) -> None:
    """Adds one command of the five; they differ in the verb that the server gets."""

    @annotators.command(verb, help=about, epilog=f"\b\nExamples:\n{examples}")
    @campaign_argument
    @click.argument("person", shell_complete=complete_person)
    @click.option(
        "--note",
        is_flag=False,
        flag_value=OPEN_EDITOR,
        help="Why; kept in the audit trail. Without a text, as the last word, it opens your editor.",
    )
    @consequence_options
    @api_command
    async def command(
        client: LeadClient, campaign: str, person: str, note: str | None, dry_run: bool, yes: bool, as_json: bool
    ) -> None:
        target = await find_campaign(client, campaign)
        state = _find_person(await _fetch_states(client, target.id), person, campaign)
        name = state.name or state.email or state.voter_id
        plan = await client.preview_annotator_action(target.id, state.voter_id, verb)
        consequence = f"{verb.capitalize()} {name} in {target.name}: {plan.consequence}"
        if not agreed(consequence, dry_run=dry_run, yes=yes, as_json=as_json, plan=plan.model_dump()):
            return
        if note == OPEN_EDITOR:
            note = _ask_note(consequence)
        body = AnnotatorActionCreate(action=verb, note=note)
        action = await client.act_on_annotator(target.id, state.voter_id, body)
        echo_err(DONE[verb].format(name=name, tasks=counted(action.n_tasks, "task")))
        if as_json:
            print_json(action.model_dump(mode="json"))


def _ask_note(consequence: str) -> str:
    """Asks for the note in the editor; ends the command without one, as git does without a message."""
    asked = ask_text("", comment=f"Why? The text is kept in the audit trail.\n{consequence}", option="--note TEXT")
    note = (asked or "").strip()
    if not note:
        fail("the note is empty, so nothing was done", "Write it above the lines with #, and save the file.")
    return note


async def _fetch_states(client: LeadClient, campaign_id: str) -> list[AnnotatorState]:
    if await client.capabilities() is None:
        raise UnsupportedError(
            NO_EXTENSION,
            next_step="`gonogo campaigns people` lists who is invited, `gonogo revoke` ends an assignment.",
        )
    return (await client.annotators(campaign_id)).data


def _find_person(states: list[AnnotatorState], person: str, campaign: str) -> AnnotatorState:
    """The annotator of this address, name or id. Raises `NotFoundError` or `InvalidInputError` (ambiguous)."""
    key = person.casefold()
    exact = [state for state in states if key in (state.voter_id, (state.email or "").casefold())]
    matches = exact or [state for state in states if (state.name or "").casefold() == key]
    if len(matches) > 1:
        raise ambiguous_name_error("annotator", person, [state.email or state.voter_id for state in matches])
    if not matches:
        known = ", ".join(state.email or state.voter_id for state in states[:10])
        next_step = f"There are: {known}." if states else "Nobody is there yet."
        raise NotFoundError(f"There is no annotator {person!r} in {campaign}.", next_step=next_step)
    return matches[0]


_add_action(
    "pause",
    "Give PERSON no new tasks. What is held may still be answered, and all votes count.",
    "  gonogo annotators pause 'batch 12' bo@example.com --note 'too fast'\n"
    "  gonogo annotators pause 'batch 12' 'Bo Lindqvist' --yes --json",
)
_add_action(
    "resume",
    "Give PERSON tasks again.",
    "  gonogo annotators resume 'batch 12' bo@example.com --yes",
)
_add_action(
    "discount",
    "Stop counting all votes of PERSON so far; their tasks go to somebody else. Experts' rulings stand.",
    "  gonogo annotators discount 'batch 12' bo@example.com --dry-run\n"
    "  gonogo annotators discount 'batch 12' bo@example.com --note 'too fast' --yes",
)
_add_action(
    "restore",
    "Count the discounted votes of PERSON again.",
    "  gonogo annotators restore 'batch 12' bo@example.com --yes",
)
_add_action(
    "reopen",
    "Ask every task that PERSON helped to settle again. All votes still count; you can't undo this.",
    "  gonogo annotators reopen 'batch 12' bo@example.com --dry-run",
)


@annotators.command(
    epilog="""\b
Examples:
  gonogo annotators settings 'batch 12'   what is asked of people
  # qualify before the first task
  gonogo annotators settings 'batch 12' --pass-mark 0.8 --items 20
  gonogo annotators settings 'batch 12' --warm-up 20 --sample-rate 0.05
  # ask for nothing
  gonogo annotators settings 'batch 12' --no-pass-mark --warm-up 0
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
@api_command
async def settings(
    client: LeadClient,
    campaign: str,
    pass_mark: float | None,
    no_pass_mark: bool,
    items: int | None,
    warm_up: int | None,
    sample_rate: float | None,
    as_json: bool,
) -> None:
    """Show or change the qualification for CAMPAIGN, and the share of settled work that experts see again.

    Practice items are tasks of the campaign on which an expert has ruled; there have to be as many as are asked for.
    """
    if pass_mark is not None and no_pass_mark:
        fail("--pass-mark and --no-pass-mark exclude each other; nothing was changed", code=EXIT_USAGE)
    options = {
        "pass_mark": pass_mark,
        "qualification_items": items,
        "warm_up_items": warm_up,
        "sample_rate": sample_rate,
    }
    changes: dict[str, float | None] = {name: value for name, value in options.items() if value is not None}
    if no_pass_mark:
        changes["pass_mark"] = None
    campaign_id = (await find_campaign(client, campaign)).id
    current = (
        await client.update_review_settings(campaign_id, ReviewSettings.model_validate(changes))
        if changes
        else await client.review_settings(campaign_id)
    )
    if as_json:
        print_json(current.model_dump())
        return
    unset = {"pass_mark": "none: nobody has to qualify"} if current.pass_mark is None else {}
    print_fields(current.model_dump() | unset)
