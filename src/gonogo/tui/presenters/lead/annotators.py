"""Texts of the annotators screen: an annotator's figures, flags with their evidence, actions and their effects."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.json_types import JsonObject, as_list, as_numbers, as_object
from gonogo.report.quality import evidence, sparkline
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.review import AnnotatorState
from gonogo.schemas.statuses import may_work
from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.schemas.labeling import AnnotatorQuality, CampaignAssignmentPublic, QualityReport
    from gonogo.schemas.review import AnnotatorAction, AnnotatorActionPreview

DONE = {
    "pause": "paused",
    "resume": "working again",
    "discount": "votes taken out",
    "restore": "votes counted again",
    "reopen": "tasks asked again",
}
UNDO = {
    "pause": "p resumes at any time.",
    "discount": "d counts them again, where there is room.",
    "restore": "d takes them out again.",
}
CONSEQUENCES = {
    "pause": "No new tasks for this person in this campaign. What is held may still be answered, and counts.",
    "discount": "No vote so far counts; their tasks go to somebody else. Experts' rulings stand.",
    "restore": "The votes count again, beside those that have taken their place meanwhile.",
    "reopen": "The votes count, but what they helped to settle is asked again. Rulings stand. You can't undo this.",
}
"""Consequences of an action where the server gives none."""
NOBODY = "Nobody has voted or is invited yet. i invites somebody, Esc goes back."
OTHER_SERVER = "This server neither measures votes nor pauses people; i, a and x work."
_FLAG_NAMES = {"too_fast": "too fast", "always_the_same": "always the same", "drifting": "drifting"}
_TRAIL_LENGTH = 8
_WORDS_AT = 21
"""Column of the explanation of a figure."""
_FEW_GOLD_ANSWERS = 10
"""Least number of gold answers for a statement about accuracy."""


@dataclass(frozen=True, slots=True)
class AnnotatorRecord:
    """Person of a campaign: who voted or is invited, with the newest assignment.

    `quality` and `signs` come from the quality report, where there is one. Not `measured`: the server has no states of
    annotators.
    """

    state: AnnotatorState
    quality: AnnotatorQuality | None = None
    signs: JsonObject = field(default_factory=dict)
    assignment: CampaignAssignmentPublic | None = None
    measured: bool = True

    @property
    def invited(self) -> bool:
        """Whether the person may still work in the campaign."""
        return self.assignment is not None and may_work(self.assignment.status)

    @property
    def name(self) -> str:
        return one_line(self.state.email or self.state.name or self.state.voter_id, 60)

    @property
    def paused(self) -> bool:
        return self.state.paused_at is not None

    @property
    def discounted(self) -> bool:
        return self.state.n_discounted > 0

    @property
    def flags(self) -> list[str]:
        return [str(flag) for flag in as_list(self.signs.get("flags"))]


def annotator_records(
    states: Sequence[AnnotatorState] | None,
    report: QualityReport | None,
    assignments: Sequence[CampaignAssignmentPublic] = (),
) -> list[AnnotatorRecord]:
    """Returns a record for each person, those with flags first. `states` is `None` where the server has none.

    `assignments` are newest first.
    """
    qualities = {quality.annotator_user_id: quality for quality in (report.annotators if report else None) or []}
    signs = as_object(((report.gonogo if report else None) or {}).get("annotators"))
    by_account = {item.annotator_account_id or item.id: item for item in reversed(assignments)}
    known = list(states or ())
    missing = by_account.keys() - {state.voter_id for state in known}
    known += [_invited(account, by_account[account], qualities.get(account)) for account in missing]
    records = [
        AnnotatorRecord(
            state,
            qualities.get(state.voter_id),
            as_object(signs.get(state.voter_id)),
            by_account.get(state.voter_id),
            measured=states is not None,
        )
        for state in known
    ]
    return sorted(records, key=lambda record: (-len(record.flags), record.name.casefold()))


def _invited(account: str, assignment: CampaignAssignmentPublic, quality: AnnotatorQuality | None) -> AnnotatorState:
    """State of a person of whom the server tells the assignment only."""
    n_submissions = (quality.n_submissions if quality is not None else None) or 0
    return AnnotatorState(
        voter_id=account, email=assignment.annotator_email, kind="annotator", n_submissions=n_submissions
    )


def entry(record: AnnotatorRecord) -> Content:
    """Entry of the list: the name; below it votes, state and flags, each as a word."""
    facts = [counted(record.state.n_submissions, "vote")]
    if record.assignment is not None and record.assignment.status != "active":
        facts.append(one_line(record.assignment.status or "", 20))
    facts += ["‖ paused"] if record.paused else []
    facts += ["– discounted"] if record.discounted else []
    flags = ", ".join(_FLAG_NAMES.get(flag, one_line(flag, 20)) for flag in record.flags)
    return Content.assemble(
        (record.name, "bold $foreground"), "\n  ", (" · ".join(facts), "$quiet"),
        (f"  ! {flags}" if flags else "", "$warning"),
    )  # fmt: skip


def details(record: AnnotatorRecord, trail: Sequence[AnnotatorAction], names: Mapping[str, str], width: int) -> Content:
    """Details of an annotator in `width` columns: figures, flags with evidence, earlier actions.

    `names` are actors' names by id.
    """
    figures = [_figure(*figure, width) for figure in _figures(record)]
    lines = [Content.styled(record.name, "bold $strong"), *_states(record), Content(""), *figures]
    if not record.measured:
        return Content("\n").join([*lines, Content(""), Content.styled(OTHER_SERVER, "$quiet")])
    lines += [Content(""), Content.styled("flags", "$quiet"), *_flags(record)]
    lines += [Content(""), Content.styled("what leads did", "$quiet"), *_trail(record, trail, names)]
    return Content("\n").join(lines)


def _states(record: AnnotatorRecord) -> Iterable[Content]:
    if record.state.paused_at is not None:
        since = _minute(record.state.paused_at)
        yield Content.styled(f"‖ paused since {since} UTC: gets no new tasks", "$warning")
    if record.discounted:
        n_votes = record.state.n_discounted
        does = "votes are discounted: they count" if n_votes != 1 else "vote is discounted: it counts"
        yield Content.styled(f"– {n_votes} {does} for nothing", "$warning")
    assignment = record.assignment
    if assignment is None:
        yield Content.styled("not invited: a lead's key, or the platform's pool", "$quiet")
    else:
        since = f" since {_minute(assignment.invited_at)} UTC" if assignment.invited_at else ""
        yield Content.styled(f"{one_line(assignment.status or 'invited', 20)}, invited{since}", "$quiet")


def _figures(record: AnnotatorRecord) -> Iterable[tuple[str, str, str]]:
    """Name, figure and explanation of each figure."""
    quality, signs = record.quality, record.signs
    yield "votes", str(record.state.n_submissions), ""
    if quality is not None:
        bound = f"; safely above {_two_places(quality.trust)}" if quality.trust is not None else ""
        trust = f"mean share right{bound}"
        yield "reliability", _two_places(quality.reliability), trust
        yield "on gold", _two_places(quality.gold_accuracy), _gold_answers(signs)
        yield "agreement", _two_places(quality.consensus_agreement), "with the consensus of all"
    for key, name in (("false_accept", "false accept"), ("false_reject", "false reject")):
        errors = as_object(signs.get(key))
        share, interval = errors.get("share"), as_numbers(errors.get("interval"))
        if isinstance(share, int | float) and len(interval) == 2:
            doubt = f"{share:.0%}, 95 % range {100 * interval[0]:.0f}–{interval[1]:.0%}"
            yield name, f"{errors.get('k')} of {errors.get('n')}", doubt
    median = as_object(signs.get("duration_ms")).get("p50")
    if isinstance(median, int | float):
        trend = f"median of a vote   {sparkline(as_numbers(signs.get('trend')))}"
        yield "time", f"{median / 1000:.1f} s", trend
    too_fast = signs.get("too_fast_share")
    if isinstance(too_fast, int | float):
        yield "too fast", f"{too_fast:.0%}", "of the votes under a second"


def _gold_answers(signs: JsonObject) -> str:
    count = signs.get("n_gold_answers")
    if not isinstance(count, int):
        return ""
    few = count < _FEW_GOLD_ANSWERS
    return f"needs {_FEW_GOLD_ANSWERS} gold answers; has {count}" if few else f"{count} gold answers"


def _flags(record: AnnotatorRecord) -> list[Content]:
    lines = [Content.styled(one_line(f"! {line}", 200), "$warning") for line in evidence(record.signs)]
    return lines or [Content.styled("none; nothing speaks against these votes", "$foreground")]


def _trail(record: AnnotatorRecord, trail: Sequence[AnnotatorAction], names: Mapping[str, str]) -> list[Content]:
    own = [action for action in trail if action.voter_id == record.state.voter_id]
    lines = [_trail_line(action, names) for action in own[:_TRAIL_LENGTH]]
    return lines or [Content.styled("nothing yet", "$foreground")]


def _trail_line(action: AnnotatorAction, names: Mapping[str, str]) -> Content:
    time = f"{_minute(action.created_at)[5:]}  " if action.created_at else ""
    tasks = f", {counted(action.n_tasks, 'task')}" if action.n_tasks else ""
    actor = names.get(action.actor_id or "", "")
    by = f"  by {one_line(actor, 30)}" if actor else ""
    note = f"  “{one_line(action.note, 80)}”" if action.note else ""
    done = DONE.get(action.action, one_line(action.action, 20))
    return Content.assemble((time, "$quiet"), (done + tasks, "$foreground"), (by + note, "$quiet"))


def confirmation_card(record: AnnotatorRecord, preview: AnnotatorActionPreview | None, action: str) -> Content:
    """Card before an action: its consequence, how to undo it, and the request for a reason for the audit trail."""
    heading = {
        "pause": f"Pause {record.name}?",
        "discount": f"Take {record.name}'s votes out of the count?",
        "restore": f"Count {record.name}'s votes again?",
        "reopen": f"Ask {record.name}'s settled tasks again?",
    }[action]
    consequence = preview.consequence if preview is not None and preview.consequence else CONSEQUENCES[action]
    return paragraphs(
        Content.styled(heading, "bold $strong"),
        content(consequence, 600),
        *([content(UNDO[action])] if action in UNDO else []),
        Content.styled("Why? It is written into the audit trail with your name. Enter does it.", "$foreground"),
    )


def check_reason(text: str) -> str:
    """Returns the problem of a reason, empty for none."""
    return "" if len(text) >= 3 else "Say why in a few words, or press Esc."


def _figure(name: str, figure: str, words: str, width: int) -> Content:
    """A figure, its explanation in a column of its own."""
    lines = textwrap.wrap(words, max(width - _WORDS_AT, 12)) or [""]
    return Content.assemble(
        (f"{name:13}", "$quiet"), (f"{figure:7} ", "bold $strong"), (f"\n{' ' * _WORDS_AT}".join(lines), "$quiet")
    )


def _minute(timestamp: str) -> str:
    """Minute of an ISO timestamp: `2026-11-22 07:24`."""
    return one_line(timestamp[:16]).replace("T", " ")


def _two_places(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
