"""An answer as the exact bytes that will travel. Standard library only: a key must not wait for an import.

The same bytes as `LabelingClient.prepare_submit` makes; a test holds the two together.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gonogo.client.request import PreparedRequest
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision


def prepare_submission(
    task_id: str, decision: Decision, words: Mapping[str, str] | None = None, *, idempotency_key: str | None = None
) -> PreparedRequest:
    """The submit request of `decision`, with a key of its own.

    `words` are the server's words for what a person does (`correct`, `incorrect`, `fix`, `unsure`), see
    `Settings.verdicts`; what it does not name travels as it is.

    Raises:
        DeskError: the corrected value holds what JSON cannot.
    """
    body: dict[str, Any] = {"verdict": _word(decision, words or {})}
    if decision.corrected_value is not None:
        body["corrected_value"] = decision.corrected_value
    if decision.confidence is not None:
        body["confidence"] = decision.confidence
    body["duration_ms"] = decision.times.duration_ms
    try:
        raw = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise DeskError(
            "This value has something in it that cannot be sent: a number that is not finite, or a broken character.",
            "Type it again.",
        ) from error
    path = f"/api/v1/parts/labeling/tasks/{quote(task_id, safe='')}/submit"
    return PreparedRequest("POST", path, raw, idempotency_key or str(uuid.uuid4()))


def sent_word(request: PreparedRequest) -> str | None:
    """The verdict in the bytes of `request`: the server's word for it, which its receipt repeats."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return str(body["verdict"]) if isinstance(body, dict) and "verdict" in body else None


def _word(decision: Decision, words: Mapping[str, str]) -> str:
    """A wrong value put right is `fix`, which a server may call something else than `incorrect`."""
    done = "fix" if decision.verdict == "incorrect" and decision.corrected_value is not None else decision.verdict
    return words.get(done, decision.verdict)
