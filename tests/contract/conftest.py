"""The facts of the published reference: the copy beside this file, and the reference itself where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.make_facts import make_facts
from tests.shared_material import SHARED

COPY = Path(__file__).with_name("labeling_facts.json")
REFERENCE = SHARED / "contract" / "labeling.json" if SHARED else None


def load_copy() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(COPY.read_text())
    return facts


def load_reference() -> dict[str, Any] | None:
    if REFERENCE is None or not REFERENCE.is_file():
        return None
    return make_facts(json.loads(REFERENCE.read_text()))


OPERATIONS = sorted(load_copy()["operations"])


@pytest.fixture(params=["copy", "reference"])
def facts(request: pytest.FixtureRequest) -> dict[str, Any]:
    found = load_copy() if request.param == "copy" else load_reference()
    if found is None:
        pytest.skip("the published reference is not on this machine")
    return found
