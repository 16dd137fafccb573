"""Verdict table: each verdict an annotator can give, with its keys, sign, colour, ruling and consensus class.
Standard library only: it is on the start path.

To add a verdict, add a member to `Verdict` and a row to `VERDICTS`; keys, signs, settings, rulings, consensus classes
and export columns follow from the row. Beside it only the colour token in each theme needs an entry, and stored
confusion matrices need a migration, because their rows and columns are in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """An answer to "is this read right?"; `unsure` is an answer, not a skip."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    UNSURE = "unsure"


class RulingTraits(NamedTuple):
    """Ruling of an expert that corresponds to a verdict.

    Attributes:
        action: Name of the action, `adjudicate.<action>`.
        key_label: Word beside the key.
        label: Short description in the list of possible rulings.
        help: One sentence for the list of keys.
    """

    action: str
    key_label: str
    label: str
    help: str


class VerdictTraits(NamedTuple):
    """Traits of a verdict for the interface and the consensus.

    Attributes:
        verdict: The word that travels to the server.
        sign: One character that shows the verdict without colour.
        color: Colour token that every theme defines.
        keys: Key by keymap preset; `default` is there always, and is the key of the ruling too.
        rank: Place in the line of keys; 3 is the correction ("fix").
        help: One sentence for the list of keys.
        ruling: The ruling with the same meaning.
        takes_value: Whether a corrected value may go with it.
    """

    verdict: Verdict
    sign: str
    color: str
    keys: Mapping[str, str]
    rank: int
    help: str
    ruling: RulingTraits
    takes_value: bool = False


VERDICTS: Final[Mapping[str, VerdictTraits]] = {
    traits.verdict.value: traits
    for traits in (
        VerdictTraits(
            Verdict.CORRECT,
            sign="✓",
            color="correct",
            keys={"default": "a", "right": "j", "prodigy": "a", "numeric": "1"},
            rank=1,
            help="The value is read right; go to the next question.",
            ruling=RulingTraits("uphold", "right", "right", "The value is read right, even against the votes."),
        ),
        VerdictTraits(
            Verdict.INCORRECT,
            sign="✗",
            color="incorrect",
            keys={"default": "s", "right": "k", "prodigy": "x", "numeric": "2"},
            rank=2,
            help="The value is read wrong; go to the next question.",
            ruling=RulingTraits("reject", "wrong", "wrong, no value", "Read wrong; the right value stays open."),
            takes_value=True,
        ),
        VerdictTraits(
            Verdict.UNSURE,
            sign="?",
            color="unsure",
            keys={"default": "f", "right": "semicolon", "prodigy": "space", "numeric": "4"},
            rank=4,
            help="The drawing doesn't show it. An answer, not a skip.",
            ruling=RulingTraits("undecidable", "undecidable", "undecidable", "The drawing doesn't show it."),
        ),
    )
}
"""Traits by word. The order is the order of the classes in the consensus models and in stored confusion matrices."""

VERDICT_CLASSES: Final[tuple[str, ...]] = tuple(VERDICTS)
"""The classes of the consensus models: the words, in the order of the matrices."""

CLASS_OF: Final[Mapping[str, int]] = {word: index for index, word in enumerate(VERDICT_CLASSES)}
"""Index of a verdict in those matrices."""
