"""OpenAPI of the server: its introduction, tags, credentials, and what FastAPI can't read off a signature."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

DESCRIPTION: Final = """\
The ARCNM Labeling API over a database of its own, and extensions under `/api/v1/gonogo`.

Every POST and DELETE takes an `Idempotency-Key` header (1 to 255 visible ASCII characters): a repeat within 24 hours
has no effect and gets the first answer again, with `Idempotent-Replayed: true`. Every answer bears `X-Request-ID` and
`X-API-Version`; every error has the same envelope, and `error.code` is the part to branch on.

Types are strict, as JSON writes them: `"0.5"`, `5.0` for a whole number and `"yes"` get 422; so do the character NUL
and integers beyond 64 bits."""


class Tag(StrEnum):
    """Group of operations."""

    WORK = "Work"
    TASKS = "Tasks"
    CAMPAIGNS = "Campaigns"
    PROJECTS = "Projects and predictions"
    DRAWINGS = "Drawings"
    PEOPLE = "People"
    PRACTICE = "Practice"
    REVIEW = "Review and gold"
    QUALITY = "Progress and quality"
    EXPORT = "Export"
    WEBHOOKS = "Webhooks"
    SIGN_IN = "Sign-in and keys"
    SERVER = "Server"


_TAGS: Final = {
    Tag.WORK: "Claim a task, answer it, renew the claim or give it back.",
    Tag.TASKS: "Make tasks, list them, read the votes on them.",
    Tag.CAMPAIGNS: "Make, read, set and close campaigns.",
    Tag.PROJECTS: "Store predictions, and make campaigns of those that need a person.",
    Tag.DRAWINGS: "Store drawings, and get a short-lived URL of one.",
    Tag.PEOPLE: "Invite people, revoke them, and act on their work.",
    Tag.PRACTICE: "Known readings to practise on; nothing of it counts as a vote.",
    Tag.REVIEW: "The expert's queue, rulings, and what becomes gold.",
    Tag.QUALITY: "How far a campaign is, how far it can be trusted, and promotion to the golden dataset.",
    Tag.EXPORT: "A campaign as JSON lines.",
    Tag.WEBHOOKS: "Signed messages to other programs, their deliveries, and what to do about those that failed.",
    Tag.SIGN_IN: "Sessions of people, API keys of programs.",
    Tag.SERVER: "What this server is, and the head of its audit log.",
}
_CREDENTIALS: Final = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "Of a user: a lead or a reader."},
    "Session": {"type": "http", "scheme": "bearer", "description": "Of an annotator or reviewer, from a magic link."},
}
_PATH_PARAMETERS: Final = {
    "campaign_id": "Id of a campaign.",
    "project_id": "Id of a project.",
    "task_id": "Id of a task.",
    "assignment_id": "Id of an assignment, as the list of assignments has it.",
    "voter_id": "Id of a person, as the list of annotators has it.",
    "action": "`pause`, `resume`, `discount`, `restore` or `reopen`.",
    "key_id": "Id of an API key; not the key itself.",
    "ruling_id": "Id of a ruling.",
    "webhook_id": "Id of an endpoint.",
    "delivery_id": "Id of a delivery, its `webhook-id`.",
    "part_revision_id": "Id of a part's revision, as tasks have it.",
    "token": "Signature of the URL, with its end of validity.",
    "name": "Name of the file; it changes nothing.",
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with credentials, the tags in use, and descriptions of path parameters."""
    document.setdefault("components", {})["securitySchemes"] = _CREDENTIALS
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    in_use = {tag for operation in operations for tag in operation.get("tags", ())}
    document["tags"] = [{"name": tag.value, "description": text} for tag, text in _TAGS.items() if tag in in_use]
    for operation in operations:
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter.setdefault("description", _PATH_PARAMETERS[parameter["name"]])
    return document
