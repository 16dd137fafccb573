"""Campaign settings presenter: label, meaning and values of each setting, and the words before a change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.report.settings_effect import settings_effect_lines
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import VotePolicy
from gonogo.tui.presenters.common.empty_state import card
from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.desk.lead.campaign_settings import SettingsDraft
    from gonogo.schemas.gonogo_api import SettingsEffect
    from gonogo.schemas.labeling import LabelingCampaignPublic

GUIDELINE = "guideline"
"""The setting that is a text of many lines."""
MAX_GUIDELINE = 100_000

Parse = Callable[[str], object]
"""Reads a typed text; raises `ValueError` with what is wanted instead."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """Setting as a lead edits it: by `choices` (word, value), or as a text that `parse` reads."""

    name: str
    label: str
    meaning: str
    choices: tuple[tuple[str, object], ...] = ()
    parse: Parse = str

    def text(self, value: object) -> str:
        """Text of a value, as it is edited."""
        for word, choice in self.choices:
            if choice == value:
                return word
        if isinstance(value, float):
            return repr(value).removesuffix(".0")
        return "" if value is None else str(value)


def _share(text: str) -> float:
    return _number(text, 0, 1, "a number from 0 to 1")


def _share_or_none(text: str) -> float | None:
    return _number(text, 0, 1, "a number from 0 to 1, or nothing") if text.strip() else None


def _whole(low: int, high: int) -> Parse:
    def parse(text: str) -> int:
        number = _number(text, low, high, wanted := f"a whole number from {low} to {high}")
        if number != int(number):
            raise ValueError(wanted)
        return int(number)

    return parse


def _number(text: str, low: float, high: float, wanted: str) -> float:
    """Number within limits; a decimal comma and a percent sign are read as people mean them."""
    digits, is_percent = text.strip().replace(",", "."), text.strip().endswith("%")
    try:
        number = float(digits.removesuffix("%").strip()) / (100 if is_percent else 1)
    except ValueError:
        raise ValueError(wanted) from None
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError(wanted)
    return number


GROUPS: tuple[tuple[str, tuple[SettingField, ...]], ...] = (
    (
        "when a task settles",
        (
            SettingField(
                "max_risk", "max risk",
                "Greatest risk with which correct settles: 0.05 is 1 in 20.",
                parse=_share,
            ),
            SettingField(
                "votes", "votes", "As many for each task, or more where the risk is.",
                choices=(("the same for all", VotePolicy.FIXED), ("by risk", VotePolicy.BY_RISK)),
            ),
            SettingField(
                "min_votes", "first votes", "Votes that a task begins with, where they follow the risk.",
                parse=_whole(1, 50),
            ),
            SettingField(
                "unit", "unit", "Of lengths that the drawings write none for.",
                choices=(("none assumed", None), ("mm", "mm"), ("in", "in")),
            ),
            SettingField(
                "trailing_zeros_matter", "zeros", "Whether 12,50 and 12,5 are the same value.",
                choices=(("the same", False), ("differ", True)),
            ),
        ),
    ),
    (
        "experts and practice",
        (
            SettingField(
                "sample_rate", "sample", "Share of the settled tasks that experts look at again.", parse=_share
            ),
            SettingField(
                "pass_mark", "pass mark", "Share of practice right before the first task; empty: none.",
                parse=_share_or_none,
            ),
            SettingField(
                "qualification_items", "items", "Practice items that the pass mark counts.", parse=_whole(1, 100)
            ),
            SettingField(
                "warm_up_items", "warm-up", "Practice items at the start of each sitting; 0: none.",
                parse=_whole(0, 100),
            ),
        ),
    ),
    (
        "annotators",
        (
            SettingField(
                "lease_minutes", "lease", "Minutes for which a task stays with who took it.", parse=_whole(1, 60)
            ),
            SettingField(
                "grouping", "equal values", "Asked one by one, or together on a page; gold measures both.",
                choices=(("one by one", False), ("on one page", True)),
            ),
            SettingField(GUIDELINE, "guideline", "A text that annotators can read; Markdown."),
        ),
    ),
)  # fmt: skip
FIELDS: Mapping[str, SettingField] = {field.name: field for _, fields in GROUPS for field in fields}

PLAIN_SERVER = card(
    "!", "warning", "This server has no such settings",
    "It's a plain ARCNM server: votes, gold and acceptance are chosen when a campaign is made, and nothing changes "
    "them later.",
    "Esc goes back.",
)  # fmt: skip
COUNTING = Content.styled("… counting what this would do", "$quiet")
NOT_COUNTED = "This server doesn't count what a change would do."


def fixed_line(campaign: LabelingCampaignPublic) -> str:
    """What was chosen when the campaign was made and stays."""
    gold = f"{campaign.gold_fraction:.0%}" if campaign.gold_fraction is not None else "?"
    method = one_line(campaign.consensus_method or "?", 30).replace("_", " ")
    wanted = f"{campaign.acceptance_alpha:g}" if campaign.acceptance_alpha is not None else "?"
    votes = counted(campaign.target_redundancy, "vote") if campaign.target_redundancy else "? votes"
    return f"Chosen when it was made: up to {votes} a task, {gold} gold, {method}, accepted from alpha {wanted}."


def effect_lines(draft: SettingsDraft, effect: SettingsEffect | None) -> list[str]:
    """Sentences on what the draft would do; `effect` is what the server counted, `None` if it can't."""
    if not draft.of_campaign().model_fields_set and draft.changes:
        return ["No task changes by this."]
    return [NOT_COUNTED] if effect is None else settings_effect_lines(effect, resettle=False, word="resettle")


def change_lines(draft: SettingsDraft) -> list[str]:
    """Each change as before → after."""
    return [_change(FIELDS[name], draft.before(name), after) for name, after in draft.changes.items()]


def _change(field: SettingField, before: object, after: object) -> str:
    if field.name == GUIDELINE:
        return f"guideline: {len(str(before or ''))} → {len(str(after or ''))} characters"
    return f"{field.label} {field.text(before) or 'none'} → {field.text(after) or 'none'}"


def confirmation_card(name: str, draft: SettingsDraft, effect: SettingsEffect | None) -> Content:
    """Card before a change: what changes, what that does, and the word that does it."""
    n = 0 if effect is None else effect.n_resettled
    ask = "Type yes to change them."
    if n and not draft.changes:
        ask = "Type resettle to let the present settings decide on what is settled."
    elif effect is not None and effect.n_not_kept:
        ask = "Type resettle to change them and let them decide on what is settled."
    elif n:
        ask = "Type yes to change them and leave what is settled, resettle to let them decide on it, too."
    return paragraphs(
        Content.styled(f"Settings of {one_line(name, 60)}", "bold $strong"),
        *([_lines(change_lines(draft))] if draft.changes else []),
        _lines(effect_lines(draft, effect)),
        Content.styled(ask, "$foreground"),
    )


def check_word(draft: SettingsDraft, effect: SettingsEffect | None) -> Callable[[str], str]:
    """Returns the check of the typed word: its problem, empty for none."""
    allowed = ["yes"] if draft.changes and not (effect and effect.n_not_kept) else []
    allowed += ["resettle"] if effect and effect.n_resettled else []
    return lambda text: "" if text in allowed else f"Type {' or '.join(allowed)}, or press Esc."


def _lines(texts: Sequence[str]) -> Content:
    return Content("\n").join([content(text, 400) for text in texts])
