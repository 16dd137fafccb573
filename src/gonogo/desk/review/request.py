"""Request of a ruling, as a gonogo server or a plain ARCNM one takes it."""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.client.errors import InvalidInputError
from gonogo.client.transport.requests import PreparedRequest, adjudicate_request, ruling_request
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.verdict_words import verdict_word
from gonogo.desk.review.models import Ruling


def prepare_ruling(task_id: str, ruling: Ruling, words: Mapping[str, str], *, plain: bool) -> PreparedRequest:
    """Builds the ruling's request. A plain server takes only verdict and value: note, error type and gold stay out.

    `words` are the server's words for verdicts, by action.

    Raises:
        DeskError: the value holds what JSON cannot.
    """
    verdict = verdict_word(ruling.verdict, ruling.value, words)
    try:
        if plain:
            return adjudicate_request(task_id, verdict, corrected_value=ruling.value)
        return ruling_request(
            task_id,
            verdict,
            corrected_value=ruling.value,
            note=ruling.note,
            error_type=ruling.error_type,
            gold_candidate=ruling.gold,
            override=ruling.override,
            by_page=ruling.by_page,
        )
    except InvalidInputError as error:
        raise DeskError("This value can't be sent: it has a broken character or number.", "Type it again.") from error
