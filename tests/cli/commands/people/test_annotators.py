"""The lead's shell view of quality and of people: numbers with words, actions that say first what they will do."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gonogo.client.credential import ApiKey, Credential, SessionToken
from gonogo.client.lead_client import LeadClient
from gonogo.client.transport.shared_transport import UnclosableTransport
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.transport import BASE_URL, embedded_parts
from gonogo.json_types import JsonObject
from gonogo.report.quality import evidence
from gonogo.schemas.gonogo_api import SessionCreate
from gonogo.schemas.labeling import CampaignAssignmentCreate, LabelSubmit
from tests.cli.conftest import Gonogo


async def answer_all(name: str, people: dict[str, str]) -> None:
    """Each of `people` answers every task of the campaign with one verdict."""
    parts = embedded_parts(AppPaths())

    def client(credential: Credential) -> LeadClient:
        return LeadClient(BASE_URL, credential, transport=cast("Any", UnclosableTransport(lambda: parts.transport)))

    try:
        async with client(ApiKey(parts.token)) as lead:
            (campaign,) = [found for found in (await lead.list_campaigns()).data if found.name == name]
            for email, verdict in people.items():
                invited = await lead.create_assignment(campaign.id, CampaignAssignmentCreate(email=email))
                redeem = SessionCreate(magic_link_token=invited.magic_link_token, client_nonce=f"nonce of {email}")
                session = await lead.redeem(redeem)
                async with client(SessionToken(session.session_token)) as person:
                    while (served := await person.next_task(campaign.id)).task is not None:
                        await person.submit(served.task.id, LabelSubmit(verdict=verdict, duration_ms=2500))
    finally:
        await parts.transport.aclose()


@pytest.fixture
def voted(gonogo: Gonogo, imported: object) -> str:
    """A campaign on which Ana and Bo disagree about everything."""
    asyncio.run(answer_all("pmi", {"ana@works.test": "correct", "bo@works.test": "incorrect"}))
    return "pmi"


def test_quality_has_words_beside_the_numbers_and_names_for_people(gonogo: Gonogo, voted: str) -> None:
    said = gonogo("campaign", "quality", voted).stdout
    for part in ("alpha  ", "95 %", "wanted 0.8", "not accepted", "8 submissions on 4 tasks", "ana@works.test"):
        assert part in said
    assert "Krippendorff" in said
    assert "→" in said
    report = gonogo.json("campaign", "quality", voted)
    assert report["gonogo"]["words"]["alpha"]["means"]
    assert report["gonogo"]["n_paired_tasks"] == 4


def test_a_campaign_nobody_voted_in_has_no_alpha(gonogo: Gonogo, imported: object) -> None:
    said = gonogo("campaign", "quality", "pmi").stdout
    assert "alpha  not known yet" in said
    assert "Nobody has voted yet." in said
    assert "Nobody has voted" in gonogo("annotators", "list", "pmi").stderr


def test_an_action_says_what_it_does_and_needs_a_yes(gonogo: Gonogo, voted: str) -> None:
    planned = gonogo("annotators", "discount", voted, "bo@works.test", "--dry-run")
    assert "4 tasks stop counting" in planned.stderr
    refused = gonogo("annotators", "discount", voted, "bo@works.test", code=2)
    assert "4 tasks stop counting" in refused.stderr
    assert "--yes" in refused.stderr
    people = {person["email"]: person for person in gonogo.json("annotators", "list", voted)}
    assert people["bo@works.test"]["n_discounted"] == 0
    done = gonogo.json("annotators", "discount", voted, "bo@works.test", "--yes", "--note", "accepts nothing")
    assert (done["action"], done["n_tasks"], done["note"]) == ("discount", 4, "accepts nothing")
    assert rows(gonogo, voted)["bo@works.test"]["discounted"] == "4"
    gonogo("annotators", "restore", voted, "bo@works.test", "--yes")
    gonogo("annotators", "pause", voted, "ANA@works.test", "--yes")
    ana = rows(gonogo, voted)["ana@works.test"]
    assert (ana["status"], ana["paused"][-1]) == ("paused", "Z")
    gonogo("annotators", "resume", voted, "ana@works.test", "--yes")
    assert rows(gonogo, voted)["ana@works.test"]["status"] == "active"
    assert {row["discounted"] for row in rows(gonogo, voted).values()} == {""}


def rows(gonogo: Gonogo, campaign: str) -> dict[str, dict[str, str]]:
    """The table as programs get it, by address."""
    head, *lines = gonogo("annotators", "list", campaign).stdout.splitlines()
    table = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    return {row["email"]: row for row in table}


def test_somebody_who_is_not_there_is_named_with_who_is(gonogo: Gonogo, voted: str) -> None:
    said = gonogo("annotators", "reopen", voted, "cem@works.test", "--yes", code=4).stderr
    assert "'cem@works.test'" in said
    assert "ana@works.test" in said


def test_flags_come_with_their_evidence() -> None:
    signs: JsonObject = {
        "flags": ["too_fast", "always_the_same", "drifting"],
        "too_fast": True,
        "too_fast_recent": 7,
        "run": {"verdict": "correct", "length": 31, "probability": 0.0004},
        "drift": {"against": "gold", "before": 0.9, "now": 0.7, "votes": 50},
    }
    text = "\n".join(evidence(signs))
    for part in ("7 of the last 20", "31 times correct in a row", "1 in 2 500", "by gold 90 % before, 70 %"):
        assert part in text


def test_what_is_asked_of_people_is_shown_and_set(gonogo: Gonogo, imported: object) -> None:
    assert "nobody has to qualify" in gonogo("annotators", "settings", "pmi").stdout
    changed = gonogo.json("annotators", "settings", "pmi", "--warm-up", "20", "--sample-rate", "0.2")
    assert (changed["warm_up_items"], changed["sample_rate"], changed["pass_mark"]) == (20, 0.2, None)
    refused = gonogo("annotators", "settings", "pmi", "--pass-mark", "0.8", code=4).stderr
    assert "20" in refused
    assert "rule on more tasks" in refused.lower()
    gonogo("annotators", "settings", "pmi", "--pass-mark", "0.8", "--no-pass-mark", code=2)
    assert gonogo.json("annotators", "settings", "pmi")["warm_up_items"] == 20


def test_each_person_is_listed_once_with_a_status(gonogo: Gonogo, voted: str) -> None:
    gonogo("assign", voted, "cem@works.test", "--here")
    gonogo("assign", voted, "dee@works.test", "--here")
    gonogo("revoke", voted, "dee@works.test", "--yes")
    gonogo("assign", voted, "dee@works.test", "--here")
    gonogo("revoke", voted, "bo@works.test", "--yes")
    gonogo("annotators", "pause", voted, "ana@works.test", "--yes")
    assert {email: row["status"] for email, row in rows(gonogo, voted).items()} == {
        "ana@works.test": "paused",
        "bo@works.test": "revoked",
        "cem@works.test": "invited",
        "dee@works.test": "invited",
    }
