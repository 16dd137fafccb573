"""Delivery outcome: decides from a server's response whether an answer is delivered, late, refused, or to be
retried.
"""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.client.errors import ConflictError, GonogoClientError, InvalidInputError, InvalidRequestError
from gonogo.desk.connection.circuit_breaker import is_trouble
from gonogo.desk.connection.server_protocol import Receipt
from gonogo.desk.core.models import SendState
from gonogo.json_types import as_list

_LATE = {
    "campaign_closed": "The campaign was closed before this answer arrived: the server keeps it, uncounted.",
    "task_resolved": "The question was settled before this answer arrived: the server keeps it, uncounted.",
    "assignment_revoked": "You were removed from the campaign: the server keeps this answer, uncounted.",
}


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """New state of a row. `QUEUED`: retry, `after` seconds at the earliest (`None`: when the connection allows it).

    The first line of `detail` is for the person; a second one names the exchange on the server. `code`: the reason why
    answering a refused one again is of no use; empty when it may help.
    """

    state: SendState
    detail: str = ""
    after: float | None = None
    code: str = ""


def from_receipt(receipt: Receipt, task_id: str, verdict: str | None) -> DeliveryOutcome:
    """Returns the outcome of a 2xx. It delivers only the task and the `verdict` (as sent) that it names."""
    if receipt.task_id not in (None, task_id) or receipt.verdict not in (None, verdict):
        return DeliveryOutcome(
            SendState.PARKED,
            "The server confirmed something other than what was sent. Ask the campaign's lead what it holds.",
        )
    return DeliveryOutcome(SendState.SENT)


def from_error(
    error: GonogoClientError, attempts: int, *, delivered_otherwise: bool = False, amends: bool = False
) -> DeliveryOutcome:
    """Returns the outcome of an error; `attempts` counts the tries so far, this one included, over all runs.

    `delivered_otherwise`: an earlier answer to the same task, with another body, has been delivered. `amends`: the row
    was to change such an answer, so nothing of a refused one is kept by the server.
    """
    if is_trouble(error):
        return DeliveryOutcome(SendState.QUEUED, str(error))
    if isinstance(error, ConflictError) and amends and not error.code.startswith("idempotency"):
        return DeliveryOutcome(SendState.PARKED, f"{error}\n{error.trace}".strip())
    if isinstance(error, ConflictError):
        return _from_conflict(error, 0 if delivered_otherwise else attempts)
    detail = f"{error} {error.next_step}"
    trace = f"\n{error.trace}" if error.trace else ""
    if isinstance(error, InvalidRequestError):
        fields = [(".".join(map(str, as_list(field.get("loc")))), field.get("msg", "")) for field in error.errors[:3]]
        named = [f"{place}: {message}" for place, message in fields]
        detail = " · ".join([str(error), *named]) if named else detail
    if error.transient and not isinstance(error, InvalidInputError):
        return DeliveryOutcome(SendState.QUEUED, str(error), 30.0)
    return DeliveryOutcome(SendState.PARKED, detail + trace)


def _from_conflict(error: ConflictError, attempts: int) -> DeliveryOutcome:
    """`attempts` is 0 where "already submitted" can't be about this answer."""
    if error.code == "idempotency_in_flight":
        return DeliveryOutcome(
            SendState.QUEUED, "The server is still working on it.", min(30.0, 2.0 ** max(0, attempts - 1))
        )
    if error.code == "idempotency_conflict":
        return DeliveryOutcome(
            SendState.PARKED, "The server has another request under this one's key. Export it and show it to your lead."
        )
    if error.reason == "already_submitted" and attempts > 1:
        return DeliveryOutcome(SendState.SENT, "The server had it already; only its receipt was lost.")
    if error.details.get("receipt_id"):
        return DeliveryOutcome(SendState.LATE, _LATE.get(error.reason, f"The server keeps it, uncounted. {error}"))
    if error.reason == "already_submitted":
        return DeliveryOutcome(
            SendState.PARKED,
            "You had answered this question before, in another window or on another machine; the first answer stands.",
            code=error.reason,
        )
    return DeliveryOutcome(SendState.PARKED, f"{error} {error.next_step}\n{error.trace}".strip())
