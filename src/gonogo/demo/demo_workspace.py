"""Demo workspace: creates the demo campaign with drawings, predictions, and answers of three simulated annotators.

The three answer the same few tasks, so that these have all their votes: most are resolved, some are disputed for an
expert to rule on, and the quality report has data. The other tasks are left to the person who tries the demo.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from gonogo.client.credential import ApiKey, SessionToken
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.shared_transport import UnclosableTransport
from gonogo.demo.parts import draw_all
from gonogo.demo.simulated_annotators import CREW, EXPERT, answer
from gonogo.demo.simulated_readings import Reading, read_all
from gonogo.demo.tour import tour_lessons
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.practice.tour import save_lessons
from gonogo.embedded.transport import BASE_URL, embedded_parts, workspace_url
from gonogo.json_types import JsonObject
from gonogo.schemas.gonogo_api import (
    CampaignSettings,
    Prediction,
    PredictionsCreate,
    SessionCreate,
    TasksFromPredictions,
)
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    LabelingCampaignCreate,
    LabelingCampaignPublic,
    LabelingProjectCreate,
)
from gonogo.server.store.engine import Store

CAMPAIGN = "Demo: four parts"
PROJECT = "Demo shop"
GUIDELINE = """\
# What counts as read right

The value must say **what the drawing says**, whatever hand it is written in.

- `16,5` and `16.5`, `⌀` and `Ø`, `2×` and `2x` are the same.
- A missing `⌀`, `R` or `M` is **incorrect**. So is a missing or flipped tolerance.
- In a tolerance frame the symbol, the zone, and every datum letter count.
- You cannot read it on the drawing? Answer **unsure**: that is an answer, too.
"""

ClientFor = Callable[[str | None], GonogoClient]
"""Makes a client of the demo's server: for a session token, or (with `None`) for the local lead."""


async def find_campaign(client: GonogoClient) -> LabelingCampaignPublic | None:
    """The open demo campaign of an earlier start; one without tasks was interrupted."""
    page = await client.list_campaigns(limit=500)
    return next((item for item in page.data if item.name == CAMPAIGN and item.status == "open"), None)


async def prepare_embedded(home: AppPaths, report: Callable[[str], None]) -> str:
    """Creates the demo campaign in the embedded workspace; see `prepare`."""
    parts = embedded_parts(home)

    def client_for(session: str | None) -> GonogoClient:
        credential = SessionToken(session) if session else ApiKey(parts.token)
        shared = UnclosableTransport(lambda: parts.transport)
        return GonogoClient(BASE_URL, credential, transport=cast("Any", shared))  # it has the methods httpx calls

    try:
        campaign_id, revisions = await prepare(client_for, workspace_url(home), report)
        if revisions:
            save_lessons(home, campaign_id, tour_lessons(campaign_id, revisions))
        return campaign_id
    finally:
        await parts.transport.aclose()


async def prepare(
    client_for: ClientFor, database_url: str, report: Callable[[str], None]
) -> tuple[str, dict[str, str]]:
    """Creates the demo campaign in the workspace, or finds the existing one.

    Returns its id, and the revision of each part if it was created now.
    Safe to repeat, and to interrupt: the next start continues with what an earlier one made.
    """
    async with client_for(None) as lead:
        existing = await find_campaign(lead)
        if existing and existing.task_count:
            return existing.id, {}
        report("Drawing four parts …")
        boards = draw_all()
        revisions = {}
        for part, board in boards.items():
            filename = part.split()[0] + ".pdf"
            stored = await lead.store_drawing(part, filename, "application/pdf", board.pdf())
            revisions[part] = stored.part_revision_id
        report("Reading them the way a model would …")
        readings = read_all({part: board.callouts for part, board in boards.items()})
        campaign_id = await _make_campaign(lead, existing.id if existing else None, readings, revisions)
        report("Three simulated colleagues answer before you …")
        people = {name: await _sign_up(client_for, lead, campaign_id, name) for name in (*CREW, EXPERT)}
        _answer(database_url, campaign_id, people, readings)
        return campaign_id, revisions


def _answer(database_url: str, campaign_id: str, people: dict[str, str], readings: list[Reading]) -> None:
    store = Store(database_url)
    try:
        answer(store, campaign_id, people, readings)
    finally:
        store.dispose()


async def _project(lead: GonogoClient) -> str:
    """Id of the demo's project, created if it does not exist."""
    for project in (await lead.list_projects(limit=500)).data:
        if project.name == PROJECT:
            return project.id
    body = LabelingProjectCreate(name=PROJECT, description="Sample parts drawn by gonogo", target_kinds=["pmi"])
    return (await lead.create_project(body)).id


async def _make_campaign(
    lead: GonogoClient, campaign_id: str | None, readings: list[Reading], revisions: dict[str, str]
) -> str:
    project_id = await _project(lead)
    stored = await lead.store_predictions(
        PredictionsCreate(
            project_id=project_id,
            run="demo reader",
            predictions=[_prediction(number, reading, revisions) for number, reading in enumerate(readings)],
        )
    )
    if campaign_id is None:
        body = LabelingCampaignCreate(
            name=CAMPAIGN, description="Are these read right?", target_redundancy=3, gold_fraction=0.1
        )
        campaign_id = (await lead.create_campaign_in_project(project_id, body)).id
    await lead.update_settings(campaign_id, CampaignSettings(guideline=GUIDELINE, unit="mm"))
    tasks = TasksFromPredictions(calculation_id=stored.calculation_id, gold_from_truth=True)
    await lead.tasks_from_predictions(campaign_id, tasks)
    return campaign_id


def _prediction(number: int, reading: Reading, revisions: dict[str, str]) -> Prediction:
    callout = reading.callout
    value: JsonObject = {"text": reading.text}
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


async def _sign_up(client_for: ClientFor, lead: GonogoClient, campaign_id: str, name: str) -> str:
    """Signs one simulated person in by a link, once; returns the account's id."""
    email = f"{re.split('[ ,]', name)[0].lower()}.simulated@example.com"
    role = "reviewer" if name == EXPERT else "annotator"
    body = CampaignAssignmentCreate(email=email, display_name=name, role=role)
    invitation = await lead.create_assignment(campaign_id, body)
    redeem = SessionCreate(magic_link_token=invitation.magic_link_token, client_nonce=f"demo-{email}")
    session = await lead.redeem(redeem)
    async with client_for(session.session_token) as annotator:
        await annotator.end_session()
    return invitation.assignment.annotator_account_id or ""
