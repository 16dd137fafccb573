"""Error envelope: defines the body of every error response."""

from __future__ import annotations

from gonogo.json_types import JsonObject
from gonogo.schemas.base import Received


class ErrorBody(Received):
    code: str
    message: str = ""
    details: JsonObject = {}
    doc_url: str | None = None


class ErrorEnvelope(Received):
    """`request_id` equals the `X-Request-ID` response header."""

    error: ErrorBody
    request_id: str | None = None
