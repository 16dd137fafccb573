"""Tasks by a selection policy, and honeypots whose prediction was made wrong on purpose."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.json_types import JsonObject, JsonValue
from gonogo.server.tasks.digit_errors import swap_digit
from gonogo.server.tasks.honeypot_errors import ErrorType, seed_error
from gonogo.server.tasks.selection import Candidate, SelectionPolicy, apply_strategy
from gonogo.values import equal, parse
from tests.server.results.conftest import GONOGO, LABELING, Served

READINGS = ["⌀16,5 +0,1 0", "R0,2", "M8", "45°", "12,5 ±0,1", "⌀8 H7", "Ø550 A3", "120", "25.4 mm", "⏥ 0,1 A B", "3,2"]


@given(st.sampled_from(READINGS), st.integers(0, 10_000))
def test_a_seeded_value_is_wrong_and_reads_like_a_value(text: str, seed: int) -> None:
    truth = {"text": text}
    found = seed_error({"text": text}, truth, [{"text": "⌀20"}, {"text": "7"}], random.Random(seed))
    if found is None:
        return
    value, _ = found
    assert not equal(value, truth).equal
    assert parse(str(value["text"])).ok or not parse(text).ok


PREFERRED = {
    "M8": "M{}",
    "M16": "M{}",
    "45°": "{}°",
    "R0,2": "R{}",
    "R15": "R{}",
    "2x R0,15": "2x R{}",
    "4xM8": "4xM{}",
    "0,8": "{}",
    "⏥ 0,1 A": "⏥ {} A",
}
USUAL = {
    "M{}": {"3", "5", "6", "2", "4", "10", "12", "14", "18", "36"},
    "2x R{}": {"0,10", "0,25"},
    "4xM{}": {"3", "5", "6", "2", "4", "10", "12", "14", "18", "36"},
    "{}°": {"15", "25", "75", "40", "105"},
    "R{}": {"0,1", "0,3", "0,4", "0,5", "0,6", "0,8", "10", "12", "16", "18", "25", "35"},
    "{}": {"0,1", "0,2", "0,4"},
    "⏥ {} A": {"0,2", "0,3", "0,5"},
}


@pytest.mark.parametrize("text", PREFERRED)
def test_a_wrong_digit_leaves_a_number_that_drawings_have(text: str) -> None:
    """Otherwise M7 or 43° would be known for wrong without a look at the drawing."""
    form = PREFERRED[text]
    made = {swap_digit(text, random.Random(seed)) for seed in range(60)}
    assert made <= {form.format(number) for number in USUAL[form]}
    assert len(made) > 1


@given(st.integers(1, 99_999), st.sampled_from(["", ",5", ",00", ",05", ",3"]), st.integers(0, 10_000))
def test_a_wrong_digit_keeps_the_step_of_the_number(whole: int, part: str, seed: int) -> None:
    text = f"{whole}{part}"
    changed = swap_digit(text, random.Random(seed))
    if changed is None:
        return
    assert changed != text
    assert len(changed) == len(text)
    if len(text) > 1 and text[-1] == "0":
        assert changed[-1] == "0"
    if len(text) > 1 and text[-1] == "5":
        assert changed[-1] in "05"
    if part == ",00":
        assert changed.endswith(",00")
        if whole > 9 and whole % 5 == 0:
            assert int(changed[:-3]) % (10 if whole % 10 == 0 else 5) == 0


def test_a_quantity_is_left_as_it_is() -> None:
    for seed in range(40):
        changed = swap_digit("4x⌀8,80 H8", random.Random(seed))
        assert changed is None or changed.startswith("4x⌀")


@pytest.mark.parametrize("text", ["1" * 400, "9" * 100_000, "25" + " " * 100_000 + "q", "\n" * 100_000])
def test_a_reading_that_is_no_dimension_gets_no_wrong_digit(text: str) -> None:
    neighbours: list[JsonValue] = [{"text": "M8"}]
    for seed in range(3):
        found = seed_error({"text": text}, {"text": text}, neighbours, random.Random(seed))
        assert found is None or found[1] == ErrorType.NEIGHBOUR


def test_a_wrong_datum_is_a_usual_letter_or_another_order() -> None:
    made = set()
    for seed in range(400):
        found = seed_error({"text": "⏥ 0,1 A B C"}, {"text": "⏥ 0,1 A B C"}, [], random.Random(seed))
        if found is not None and found[1] == ErrorType.WRONG_DATUM:
            made.add(found[0]["text"])
    assert made == {"⏥ 0,1 B A C", "⏥ 0,1 C B A", "⏥ 0,1 A C B"}


@pytest.mark.slow
def test_each_kind_of_error_is_made() -> None:
    made: dict[str, str] = {}
    for seed in range(300):
        for text in READINGS:
            found = seed_error({"text": text}, {"text": text}, [{"text": "⌀20"}, {"text": "7"}], random.Random(seed))
            if found is not None:
                made.setdefault(found[1], f"{text} → {found[0]['text']}")
    assert set(made) == set(ErrorType), made


def test_values_of_fields_are_made_wrong_too() -> None:
    right: JsonObject = {"kind": "linear", "nominal": 16.5, "upper": 0.1, "lower": 0, "unit": "mm"}
    kinds = set()
    for seed in range(50):
        found = seed_error(right, right, [], random.Random(seed))
        assert found is not None
        assert not equal(found[0], right).equal
        kinds.add(found[1])
    assert len(kinds) == 3


CANDIDATES = [Candidate(str(n), n, (n * 37 % 100) / 100, False) for n in range(100)]


@pytest.mark.parametrize("strategy", ["uncertainty", "random", "mixed", "all"])
def test_the_same_seed_chooses_the_same(strategy: Any) -> None:
    policy = SelectionPolicy(strategy=strategy, limit=20, seed=7)
    first, second = (apply_strategy(CANDIDATES, policy, policy.rng(random.Random())) for _ in range(2))
    assert [c.id for c in first] == [c.id for c in second]
    assert len(first) == 20


def test_mixed_takes_the_doubtful_and_some_others() -> None:
    lowest = {c.id for c in sorted(CANDIDATES, key=lambda c: c.confidence or 0)[:16]}
    policy = SelectionPolicy(strategy="mixed", limit=20, seed=1)
    chosen = {c.id for c in apply_strategy(CANDIDATES, policy, policy.rng(random.Random()))}
    assert lowest <= chosen


def prediction(number: int) -> dict[str, Any]:
    value = {"text": f"⌀{number + 10},5"}
    return {"id": str(number), "part": "a", "predicted_value": value, "predicted_confidence": 0.5, "truth": value}


async def generated(served: Served, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    policy = {"strategy": "random", "limit": 40, "seed": 5, "seeded_wrong": 0.5}
    project = await served.ok("POST", f"{LABELING}/projects", json={"name": name, "selection_policy": policy})
    body = {"project_id": project["id"], "run": "r", "predictions": [prediction(n) for n in range(60)]}
    run = await served.ok("POST", f"{GONOGO}/predictions", json=body)
    wanted = {"calculation_ids": [run["calculation_id"]], "campaign": {"name": name, "gold_fraction": 0.5}}
    plan = await served.ok("POST", f"{GONOGO}/projects/{project['id']}/generate-tasks/preview", json=wanted)
    made = await served.ok("POST", f"{LABELING}/projects/{project['id']}/generate-tasks", json=wanted)
    assert plan == {key: value for key, value in made.items() if key != "campaign"}
    lines = (await served.lead.get(f"{GONOGO}/campaigns/{made['campaign']['id']}/export")).text.splitlines()
    return made, [json.loads(line) for line in lines]


@pytest.mark.slow
async def test_honeypots_are_right_and_wrong_and_the_same_for_the_same_seed(served: Served) -> None:
    made, lines = await generated(served, "one")
    assert (made["n_tasks"], made["n_honeypots"], made["n_candidates"]) == (20, 20, 60)
    seeded = [line for line in lines if line["error_type"]]
    assert len(seeded) == 10
    for line in seeded:
        assert line["is_gold"]
        assert json.loads(line["gold_answer"]) == {"verdict": "incorrect", "corrected_value": line["truth"]}
        assert not equal(line["predicted_value"], line["truth"]).equal
    assert {line["gold_answer"] for line in lines if line["is_gold"] and not line["error_type"]} == {"correct"}
    _, again = await generated(served, "two")
    same = ("prediction_id", "is_gold", "error_type", "predicted_value")
    assert [[line[name] for name in same] for line in lines] == [[line[name] for name in same] for line in again]


async def test_a_neighbour_known_for_misread_or_of_another_kind_is_not_put_in_its_place(served: Served) -> None:
    """`45°` asked as `20000`, or as the roughness next to it, would need no look at the drawing."""
    values = [("45°", "45°", "angle"), ("20000", "200,00", "angle"), ("60°", None, "angle"), ("75°", None, "roughness")]
    read = [
        {"id": str(n), "part": "a", "predicted_value": {"text": text}, "detail_kind": kind}
        | ({"truth": {"text": truth}} if truth else {})
        for n, (text, truth, kind) in enumerate(values)
    ]
    seen = set()
    for seed in range(12):
        policy = {"strategy": "all", "seed": seed, "seeded_wrong": 1.0, "kinds": ["angle"]}
        project = await served.ok("POST", f"{LABELING}/projects", json={"name": f"{seed}", "selection_policy": policy})
        body = {"project_id": project["id"], "run": "r", "predictions": read}
        run = await served.ok("POST", f"{GONOGO}/predictions", json=body)
        wanted = {"calculation_ids": [run["calculation_id"]], "campaign": {"name": f"{seed}", "gold_fraction": 0.9}}
        made = await served.ok("POST", f"{LABELING}/projects/{project['id']}/generate-tasks", json=wanted)
        lines = (await served.lead.get(f"{GONOGO}/campaigns/{made['campaign']['id']}/export")).text.splitlines()
        seen |= {
            line["predicted_value"]["text"] for line in map(json.loads, lines) if line["error_type"] == "neighbour"
        }
    assert seen == {"60°"}


async def test_an_annotator_sees_nothing_of_the_error(served: Served) -> None:
    made, _ = await generated(served, "one")
    path = f"{LABELING}/campaigns/{made['campaign']['id']}"
    invited = await served.ok("POST", f"{path}/assignments", json={"email": "ana@example.com"})
    body = {"magic_link_token": invited["magic_link_token"], "client_nonce": "nonce-of-ana"}
    session = await served.ok("POST", f"{GONOGO}/sessions", json=body)
    headers = {"Authorization": f"Bearer {session['session_token']}"}
    shapes = set()
    served.lead.headers.pop("X-API-Key")
    for _ in range(15):
        task = await served.ok("POST", f"{path}/next-task", headers=headers)
        shapes.add(frozenset(task))
        assert not {"error_type", "is_gold", "gold_answer", "truth"} & set(task)
        verdict = {"verdict": "correct"}
        await served.ok("POST", f"{LABELING}/tasks/{task['id']}/submit", json=verdict, headers=headers)
    assert len(shapes) == 1
