"""Prepared requests: hold the exact bytes to send, so that a retry days later sends the same request.

Standard library only: a key press builds its request here, and must not wait for httpx or pydantic to be imported.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final
from urllib.parse import quote

from gonogo.client.errors import InvalidInputError

SUBMIT_PATH: Final = "/api/v1/parts/labeling/tasks/{}/submit"
ADJUDICATE_PATH: Final = "/api/v1/parts/labeling/tasks/{}/adjudicate"
RULING_PATH: Final = "/api/v1/gonogo/tasks/{}/ruling"
AMEND_PATH: Final = "/api/v1/gonogo/tasks/{}/amend"
HELP_PATH: Final = "/api/v1/gonogo/tasks/{}/help"


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """One request, without host and credential: those belong to the client that sends it.

    `path` starts with `/` and carries the query string, if any. `idempotency_key` is `""` for a GET.
    """

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    idempotency_key: str = ""
    content_type: str = "application/json"

    def headers(self) -> dict[str, str]:
        """Headers of the request itself."""
        headers = {"Accept": "application/json"}
        if self.body:
            headers["Content-Type"] = self.content_type
        if self.idempotency_key:
            headers["Idempotency-Key"] = self.idempotency_key
        return headers


class RequestKind(Enum):
    """Kind of a stored request; each has its own response model."""

    SUBMISSION = auto()
    RULING = auto()  # of our own server
    ADJUDICATION = auto()  # of any ARCNM server
    HELP = auto()  # instead of a verdict, of our own server
    AMENDMENT = auto()  # a verdict in place of an earlier one, of our own server


def request_kind(request: PreparedRequest) -> RequestKind:
    """Returns the kind of a request of this module, by its path, as stored rows carry no other sign."""
    kinds = {"ruling": RequestKind.RULING, "adjudicate": RequestKind.ADJUDICATION, "help": RequestKind.HELP}
    kinds["amend"] = RequestKind.AMENDMENT
    return kinds.get(request.path.rpartition("/")[2], RequestKind.SUBMISSION)


def submit_request(
    task_id: str,
    verdict: str,
    *,
    corrected_value: Mapping[str, object] | None = None,
    confidence: float | None = None,
    duration_ms: int | None = None,
    reason: str | None = None,
    note: str | None = None,
    group_size: int | None = None,
    amends: bool = False,
    idempotency_key: str | None = None,
) -> PreparedRequest:
    """Builds the submit request of one verdict; fields that are `None` are left out.

    `reason` and `note` are for servers with the extension `notes` only, `amends`, which replaces an earlier answer, for
    those with `amendments`, `group_size`, the tasks that were confirmed at once, for those with `groups`.

    Raises:
        InvalidInputError: the id or the value cannot be sent.
    """
    fields: dict[str, object] = {"corrected_value": corrected_value, "confidence": confidence}
    fields |= {"duration_ms": duration_ms, "reason": reason, "note": note, "group_size": group_size}
    body: dict[str, object] = {"verdict": verdict}
    body |= {name: value for name, value in fields.items() if value is not None}
    return _post(AMEND_PATH if amends else SUBMIT_PATH, task_id, body, idempotency_key)


def help_request(
    task_id: str,
    *,
    reason: str | None = None,
    note: str | None = None,
    duration_ms: int | None = None,
    idempotency_key: str | None = None,
) -> PreparedRequest:
    """Builds the request that gives a task to the lead instead of answering it. Raises `InvalidInputError`."""
    fields = {"reason": reason, "note": note, "duration_ms": duration_ms}
    body: dict[str, object] = {name: value for name, value in fields.items() if value is not None}
    return _post(HELP_PATH, task_id, body, idempotency_key)


def adjudicate_request(
    task_id: str,
    verdict: str,
    *,
    corrected_value: Mapping[str, object] | None = None,
    idempotency_key: str | None = None,
) -> PreparedRequest:
    """Builds the adjudication of one task on any ARCNM server. Raises `InvalidInputError`."""
    body: dict[str, object] = {"verdict": verdict}
    if corrected_value is not None:
        body["corrected_value"] = corrected_value
    return _post(ADJUDICATE_PATH, task_id, body, idempotency_key)


def ruling_request(
    task_id: str,
    verdict: str,
    *,
    corrected_value: Mapping[str, object] | None = None,
    note: str | None = None,
    error_type: str | None = None,
    gold_candidate: bool = False,
    override: bool = False,
    by_page: bool = False,
    idempotency_key: str | None = None,
) -> PreparedRequest:
    """Builds the ruling of one task on our own server; empty and false fields are left out.

    Raises:
        InvalidInputError: the id or the value cannot be sent.
    """
    fields = {"note": note, "error_type": error_type, "gold_candidate": gold_candidate, "override": override}
    fields |= {"by_page": by_page}
    body: dict[str, object] = {"verdict": verdict}
    if corrected_value is not None:
        body["corrected_value"] = corrected_value
    body |= {name: value for name, value in fields.items() if value}
    return _post(RULING_PATH, task_id, body, idempotency_key)


def sent_verdict(request: PreparedRequest) -> str | None:
    """Returns the verdict in the bytes of `request`: the server's word for it, which its receipt repeats."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return str(body["verdict"]) if isinstance(body, dict) and "verdict" in body else None


def url_path(template: str, *ids: str) -> str:
    """Returns `template` with each `{}` replaced by an id, quoted so that it stays one path segment.

    Raises:
        InvalidInputError: an id is empty or would change the path.
    """
    for item in ids:
        if not item.strip() or item in (".", ".."):
            raise InvalidInputError(f"{item!r} is not an id.")
    try:
        return template.format(*(quote(item, safe="") for item in ids))
    except UnicodeEncodeError:
        raise InvalidInputError("An id has characters that cannot be sent.") from None


def new_key() -> str:
    """Returns a fresh idempotency key, one for each logical operation."""
    return str(uuid.uuid4())


def as_bytes(value: object) -> bytes:
    """Returns `value` as compact UTF-8 JSON.

    Raises:
        InvalidInputError: it holds what JSON cannot (NaN, Infinity, half a surrogate pair), or nests too deep.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError):
        raise InvalidInputError(
            "A value has something in it that cannot be sent: a number that is not finite, a broken character, "
            "or too many levels."
        ) from None


def _post(template: str, task_id: str, body: dict[str, object], idempotency_key: str | None) -> PreparedRequest:
    return PreparedRequest("POST", url_path(template, task_id), as_bytes(body), idempotency_key or new_key())
