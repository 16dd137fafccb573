"""A ruling as the exact bytes that will travel."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from gonogo.client.request import PreparedRequest
from gonogo.desk.core.errors import DeskError
from gonogo.desk.review.models import Ruling


def prepare_ruling(task_id: str, ruling: Ruling, *, plain: bool, idempotency_key: str | None = None) -> PreparedRequest:
    """The ruling as the exact bytes that will travel, with a key of its own.

    A plain server takes only verdict and value: note, error type and gold stay out.

    Raises:
        DeskError: the value holds what JSON cannot.
    """
    body: dict[str, Any] = {"verdict": ruling.verdict}
    if ruling.value is not None:
        body["corrected_value"] = ruling.value
    if not plain:
        more = {"note": ruling.note, "error_type": ruling.error_type, "gold_candidate": ruling.gold}
        body |= {name: value for name, value in {**more, "override": ruling.override}.items() if value}
    try:
        raw = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise DeskError("This value has something in it that cannot be sent.", "Type it again.") from error
    base = "/api/v1/parts/labeling/tasks/{}/adjudicate" if plain else "/api/v1/gonogo/tasks/{}/ruling"
    return PreparedRequest("POST", base.format(quote(task_id, safe="")), raw, idempotency_key or str(uuid.uuid4()))
