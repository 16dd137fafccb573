"""Raw errors: envelope replies to requests too malformed for the app, written straight to the connection."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from gonogo.schemas.enums import ErrorCode
from gonogo.server.errors import REQUEST_ID
from gonogo.server.settings import API_VERSION
from gonogo.server.store.ids import new_id


def raw_error(status: HTTPStatus, message: str) -> bytes:
    """The bytes of an error reply, which closes the connection."""
    number = new_id()
    body = json.dumps(
        {"error": {"code": ErrorCode.BAD_REQUEST, "message": message, "details": {}}, "request_id": number}
    ).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n{REQUEST_ID.lower()}: {number}\r\nx-api-version: {API_VERSION}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body


class EnvelopeProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, with the envelope as the reply to bytes that are no HTTP."""

    transport: asyncio.Transport

    def send_400_response(self, _message: str) -> None:
        self.transport.write(raw_error(HTTPStatus.BAD_REQUEST, "This is not an HTTP request that can be read."))
        self.transport.close()
