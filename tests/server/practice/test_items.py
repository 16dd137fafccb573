"""Practice: known items, errors put in, feedback at once, and nothing of it in the campaign."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.schemas.review import ReviewSettings
from gonogo.server.practice.reading_errors import introduce_error
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS


async def test_practice_teaches_counts_for_nothing_and_gives_no_gold_away(bench: Bench) -> None:
    # Far enough apart that an error put into one is never the true value of another.
    right_texts = [f"⌀{n} ±0,1" for n in ("10,5", "23,7", "38,4", "46,9", "57,2", "61,8")]
    known = [await bench.task(predicted_value={"text": text}) for text in right_texts]
    for task in known:
        answer = await bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json={"verdict": "correct", "note": "view A"})
        assert answer.status_code == 201
    await bench.web.add(bench.campaign, {"is_gold": True, "gold_answer": "correct", "predicted_value": {"text": "77"}})
    ann = await bench.person("ann")
    path = f"{OURS}/campaigns/{bench.campaign}/practice"
    async with bench.api() as api:
        await api.update_review_settings(bench.campaign, ReviewSettings(qualification_items=6, pass_mark=1.0))
        before = (await api.campaign_quality(bench.campaign)).n_submissions
    found = (await ann.get(path)).json()
    assert len(found["data"]) == 6
    assert "77" not in {item["task"]["predicted_value"]["text"] for item in found["data"]}
    assert not {item["task"]["id"] for item in found["data"]} & set(known)
    seen_wrong = 0
    for item in found["data"]:
        verdict = "correct" if item["task"]["predicted_value"]["text"] in right_texts else "incorrect"
        answer = await ann.post(path, json={"item": item["item"], "verdict": verdict})
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["right"], told["note"]) == (True, "view A")
        if verdict == "incorrect":
            seen_wrong += 1
            assert told["value"]["text"] in right_texts
            assert told["difference"].startswith("differs:")
            assert told["error_type"]
    standing = told["standing"]
    assert (standing["n"], standing["right"], standing["needed"], standing["available"]) == (6, 6, 6, 6)
    assert (standing["pass_mark"], standing["passed"], standing["waits_for"]) == (1.0, True, None)
    wrong = await ann.post(path, json={"item": found["data"][0]["item"], "verdict": "unsure"})
    assert wrong.json()["right"] is False
    assert wrong.json()["standing"] == standing  # a second answer to the same item moves nothing
    async with bench.api() as api:
        assert (await api.campaign_quality(bench.campaign)).n_submissions == before
    submit = await ann.post(f"{LABELING}/tasks/{item['task']['id']}/submit", json={"verdict": "correct"})
    assert submit.status_code == 404
    for name in ("nothing", f"{known[0]}", f"{'0' * 36}.00000000"):
        assert (await ann.post(path, json={"item": name, "verdict": "correct"})).status_code == 404


@settings(deadline=None)
@given(st.text(alphabet="0123456789,.+-±⌀ HMR", max_size=20), st.integers())
def test_a_seeded_error_is_a_different_text_or_none(text: str, seed: int) -> None:
    spoiled, kind = introduce_error(text, random.Random(seed))
    assert (spoiled == text) == (kind == "other")
