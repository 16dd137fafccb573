"""Submit request: builds the API request for an annotator's decision, with the verdict names that the server has."""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.client.errors import InvalidInputError
from gonogo.client.transport.requests import PreparedRequest, help_request, submit_request
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import HELP, Decision
from gonogo.desk.core.verdict_words import verdict_word


def submission_request(
    task_id: str,
    decision: Decision,
    words: Mapping[str, str] | None = None,
    *,
    amends: bool = False,
    idempotency_key: str | None = None,
) -> PreparedRequest:
    """Builds the submit request of `decision`, or its request for help, under a key of its own unless one is given.

    `amends`: it replaces an earlier answer. `words` are the server's words for the verdict actions (`correct`,
    `incorrect`, `fix`, `unsure`), see `Settings.verdicts`; a verdict without an entry travels unchanged.

    Raises:
        DeskError: the corrected value holds what JSON cannot.
    """
    reason, note = decision.note.reason or None, decision.note.words or None
    duration = decision.times.duration_ms
    try:
        if decision.verdict == HELP:
            return help_request(
                task_id, reason=reason, note=note, duration_ms=duration, idempotency_key=idempotency_key
            )
        return submit_request(
            task_id,
            verdict_word(decision.verdict, decision.corrected_value, words or {}),
            corrected_value=decision.corrected_value,
            confidence=decision.confidence,
            duration_ms=duration,
            reason=reason,
            note=note,
            group_size=decision.group_size if decision.group_size > 1 and not amends else None,
            amends=amends,
            idempotency_key=idempotency_key,
        )
    except InvalidInputError as error:
        raise DeskError(
            "This value can't be sent: it has a number that is not finite, or a broken character.",
            "Type it again.",
        ) from error
