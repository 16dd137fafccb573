"""A request as the exact bytes that will travel, so that a retry in a week is the same request."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        """The headers that belong to the request itself."""
        found = {"Accept": "application/json"}
        if self.body:
            found["Content-Type"] = self.content_type
        if self.idempotency_key:
            found["Idempotency-Key"] = self.idempotency_key
        return found
