"""Writes `labeling_facts.json`: what the published labeling reference fixes, in the short form our tests use.

    python -m tests.contract.make_facts <labeling.json> > tests/contract/labeling_facts.json

An operation is `METHOD path` with `params` and `body` (name → type, `!` = required), `success`, `errors` (status →
code) and `answer` (a model's name, or name → type). `models` are the named ones. Types are JSON's, `[]` for lists.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

NAMES = {
    "LabelingCampaignPublic": "GET /api/v1/parts/labeling/campaigns/{campaign_id}",
    "LabelingProjectPublic": "GET /api/v1/parts/labeling/projects/{project_id}",
    "LabelingTaskPublic": "POST /api/v1/parts/labeling/tasks/{task_id}/adjudicate",
    "CampaignAssignmentPublic": "DELETE /api/v1/parts/labeling/campaigns/{campaign_id}/assignments/{assignment_id}",
}
"""Named models, and an operation that answers with each of them alone."""

CREATED = {"LabelingCampaignCreate": "POST /api/v1/parts/labeling/campaigns"}

NOT_IN_TASK_CREATE = {
    "id", "campaign_id", "status", "agreement", "claim_expires_at", "claimed_at", "claimed_by_annotator_account_id",
    "claimed_by_user_id", "consensus_value", "consensus_verdict", "created_at", "resolved_at", "submission_count",
}  # fmt: skip
"""The reference gives no table for the task of a create body, only an example: the public fields less these, and
`gold_answer`."""


def make_facts(reference: Facts) -> Facts:
    """The facts of the whole reference."""
    found = {f"{op['method']} {op['path']}": op for op in reference["operations"]}
    models: dict[str, dict[str, str]] = {name: dict(found[key]["response"]) for name, key in NAMES.items()}
    models |= {name: _typed(found[key]["request_body"]) or {} for name, key in CREATED.items()}
    task = {name: kind for name, kind in models["LabelingTaskPublic"].items() if name not in NOT_IN_TASK_CREATE}
    models["LabelingTaskCreate"] = {**task, "gold_answer": "string"}
    for op in found.values():
        for name, kind in op["response"].items():
            if kind.removesuffix("[]") not in models and kind[0].isupper():
                models[kind.removesuffix("[]")] = _by_example(op["example"][name][0])
    operations = {key: _operation(op, models) for key, op in found.items()}
    return {"operations": dict(sorted(operations.items())), "models": dict(sorted(models.items()))}


def _operation(op: Facts, models: dict[str, dict[str, str]]) -> Facts:
    own = [name for name in NAMES if models[name] == op["response"]]
    return {
        "params": {f"{p['in']}:{p['name']}": p["type"] + "!" * p["required"] for p in op["parameters"]},
        "body": _typed(op["request_body"]),
        "success": op["success_status"],
        "errors": {str(error["status"]): error["code"] for error in op["errors"]},
        "answer": own[0] if own else op["response"],
    }


def _typed(fields: Facts | None) -> dict[str, str] | None:
    return fields and {name: field["type"] + "!" * field["required"] for name, field in fields.items()}


def _by_example(example: Facts) -> dict[str, str]:
    """Types of a model that no operation answers alone: those of its example, where counters are `n_…`."""
    return {name: "integer" if name.startswith("n_") else _TYPES[type(value)] for name, value in example.items()}


_TYPES = {str: "string", int: "number", float: "number", bool: "boolean"}


def main() -> None:
    facts = make_facts(json.loads(Path(sys.argv[1]).read_text()))
    print(json.dumps(facts, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
