"""The demo campaign in a workspace: drawn, predicted, and partly judged by two earlier annotators."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from gonogo.demo.parts import draw_all
from gonogo.demo.readings import SEED, Reading, read_all
from gonogo.wire.extensions import (
    CampaignSettings,
    Prediction,
    PredictionsCreate,
    SessionCreate,
    TasksFromPredictions,
)
from gonogo.wire.labeling import (
    CampaignAssignmentCreate,
    LabelingCampaignCreate,
    LabelingProjectCreate,
    LabelSubmit,
)

if TYPE_CHECKING:
    from gonogo.client.extensions import GonogoClient

CAMPAIGN = "Demo: four parts"
EARLIER_VOTES = 24  # answers of each earlier annotator
GUIDELINE = """\
# What counts as read right

The value must say **what the drawing says**, whatever hand it is written in.

- `16,5` and `16.5`, `⌀` and `Ø`, `2×` and `2x` are the same.
- A missing `⌀`, `R` or `M` is **incorrect**. So is a missing or flipped tolerance.
- In a tolerance frame the symbol, the zone, and every datum letter count.
- You cannot read it on the drawing? Answer **unsure**: that is an answer, too.
"""

ClientFor = Callable[[str | None], "GonogoClient"]
"""Makes a client of the demo's server: for a session token, or (with `None`) for the local lead."""


async def find_campaign(client: GonogoClient) -> str | None:
    """The id of the demo campaign, if an earlier start made it whole."""
    page = await client.list_campaigns(limit=500)
    for campaign in page.data:
        if campaign.name == CAMPAIGN and campaign.status == "open":
            return campaign.id
    return None


async def prepare(client_for: ClientFor, report: Callable[[str], None]) -> str:
    """Make the demo campaign, or find the one that is there; returns its id.

    Safe to repeat: drawings and predictions are stored once, and the campaign gets its final name only when it is
    complete, because the name is what a second start looks for.
    """
    async with client_for(None) as lead:
        existing = await find_campaign(lead)
        if existing:
            return existing
        report("Drawing four parts …")
        boards = draw_all()
        revisions = {}
        for part, board in boards.items():
            filename = part.split()[0] + ".pdf"
            stored = await lead.store_drawing(part, filename, "application/pdf", board.pdf())
            revisions[part] = stored.part_revision_id
        report("Reading them the way a model would …")
        readings = read_all({part: board.callouts for part, board in boards.items()})
        campaign_id = await _make_campaign(lead, readings, revisions)
        report("Two colleagues have been here before you …")
        for name, care in (("Ana Weiss", 0.95), ("Bo Lindqvist", 0.86)):
            await _earlier_votes(client_for, lead, campaign_id, readings, name, care)
        return campaign_id


async def _make_campaign(lead: GonogoClient, readings: list[Reading], revisions: dict[str, str]) -> str:
    project = await lead.create_project(
        LabelingProjectCreate(name="Demo shop", description="Sample parts drawn by gonogo", target_kinds=["pmi"])
    )
    stored = await lead.store_predictions(
        PredictionsCreate(
            project_id=project.id,
            run="demo reader",
            predictions=[_prediction(number, reading, revisions) for number, reading in enumerate(readings)],
        )
    )
    campaign = await lead.create_campaign_in_project(
        project.id,
        LabelingCampaignCreate(
            name=CAMPAIGN, description="Are these read right?", target_redundancy=3, gold_fraction=0.1
        ),
    )
    await lead.update_settings(campaign.id, CampaignSettings(guideline=GUIDELINE))
    made = TasksFromPredictions(calculation_id=stored.calculation_id, gold_from_truth=True)
    await lead.tasks_from_predictions(campaign.id, made)
    return campaign.id


def _prediction(number: int, reading: Reading, revisions: dict[str, str]) -> Prediction:
    callout = reading.callout
    value: dict[str, object] = {"text": reading.text}
    return Prediction(
        id=f"demo-{number:03d}-{callout.name}",
        target_kind=callout.target_kind,
        detail_kind=callout.detail_kind,
        field_name=callout.name,
        prompt=callout.prompt or _question(callout.detail_kind),
        predicted_value=value,
        predicted_confidence=reading.confidence,
        drawing_bbox=list(callout.bbox),
        part=reading.part,
        part_revision_id=revisions[reading.part],
        truth={"text": callout.text},
        source="demo reader",
    )


def _question(detail_kind: str) -> str:
    nouns = {"gdt": "tolerance frame", "surface_finish": "surface finish", "thread": "thread"}
    return f"Is this {nouns.get(detail_kind, 'dimension')} read right?"


async def _earlier_votes(
    client_for: ClientFor, lead: GonogoClient, campaign_id: str, readings: list[Reading], name: str, care: float
) -> None:
    """One earlier annotator: signs in by a link and answers; `care` is how often an error is noticed."""
    invited = await lead.create_assignment(
        campaign_id, CampaignAssignmentCreate(email=name.lower().replace(" ", ".") + "@example.com", display_name=name)
    )
    session = await lead.redeem(
        SessionCreate(magic_link_token=invited.magic_link_token, client_nonce=f"demo-{name.replace(' ', '-')}")
    )
    rng = random.Random(f"{SEED}-{name}")  # noqa: S311 - sample data, not a secret
    by_field = {(tuple(reading.callout.bbox), reading.callout.name): reading for reading in readings}
    async with client_for(session.session_token) as annotator:
        for _ in range(EARLIER_VOTES):
            served = await annotator.next_task(campaign_id)
            if served.task is None:
                break
            task = served.task
            reading = by_field[(tuple(task.drawing_bbox or ()), task.field_name or "")]
            await annotator.submit(task.id, _vote(reading, rng, care))
        await annotator.end_session()


def _vote(reading: Reading, rng: random.Random, care: float) -> LabelSubmit:
    duration = int(1000 * rng.lognormvariate(1.1, 0.35))
    noticed = rng.random() < care
    if reading.error and noticed:
        value = {"text": reading.callout.text}
        return LabelSubmit(verdict="incorrect", corrected_value=value, confidence=0.8, duration_ms=duration + 4000)
    if not noticed and rng.random() < 0.3:
        return LabelSubmit(verdict="unsure", duration_ms=duration * 2)
    wrongly = not reading.error and not noticed and rng.random() < 0.4
    return LabelSubmit(verdict="incorrect" if wrongly else "correct", confidence=1.0, duration_ms=duration)
