"""Texts of the adjudicate screen: the conflict, every vote, and what each possible ruling does."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.content import Content

from gonogo.desk.review.models import Case, Draft, QueueRow, Ruled
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.note_reasons import reason_in_words
from gonogo.schemas.review import PossibleRuling, ReviewDetail, ReviewVote, RulingPublic, ValueGroup
from gonogo.schemas.review_readings import ReviewReading
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui.presenters.common.format import (
    percent,
    styled_answer,
    styled_value,
    styled_verdict,
    value_text,
    verdict_sign,
)
from gonogo.tui.presenters.work.annotate import OUTCOMES
from gonogo.tui.text import one_line, styled

REASONS = {
    "tie": "as many votes for one answer as for another",
    "verdicts": "the verdicts differ",
    "values": "wrong, but the right values differ",
    "unsafe": "they agree, but not safely enough",
    "help": "an annotator asks about it",
    "sample": "settled; drawn at random to look again",
    "listed": "no conflict: it is in the list you asked for",
    "ruled": "ruled on already",
    "plain": "",
}
"""Reasons why a task needs an expert, by the server's word."""
_ERROR_TYPES = {
    "plus_minus": "± missing",
    "zero_for_diameter": "0 for ⌀",
    "letter_for_digit": "letter for a digit",
    "neighbour": "neighbour's value",
    "notation": "same value",
    "words": "words beside the value",
}
NO_VOTES = "This server lists no votes: rule from the drawing and the value."


def evidence(case: Case, ruled: Ruled | None, draft: Draft, width: int, height: int = 1_000) -> list[Content]:
    """Lines below the value, each at most `width` cells: conflict, votes and possible rulings.

    Where they take more than `height` lines, each vote takes one, with the facts that fit, and no line stays empty.
    """
    lines = _evidence(case, ruled, draft, width)
    if len(lines) > height:
        lines = [line for line in _evidence(case, ruled, draft, width, one_line_votes=True) if line.plain]
    return [line.truncate(max(width, 1), ellipsis=True) for line in lines]


def _evidence(
    case: Case, ruled: Ruled | None, draft: Draft, width: int, *, one_line_votes: bool = False
) -> list[Content]:
    lines = [*_conflict(case, ruled), *_draft(draft), *_question(case), Content("")]
    if case.detail is None:
        return [*lines, *_wrapped(NO_VOTES, width, "$quiet"), *_public(case)]
    votes = _votes(case.detail, case.names, width, one_line_votes)
    readings = _readings(case.detail.readings)
    about = [*_asked(case.detail, case.names), *readings, *([Content("")] if readings else [])]
    return [*lines, *about, *votes, Content(""), *_rulings(case.detail, width)]


def preview(row: QueueRow, case: Case | None, ruled: Ruled | None, width: int) -> list[Content]:
    """Lines of a row, each at most `width` cells: the reason, and the votes or, until they come, their counts."""
    case = case or Case(row)
    if case.detail is None:
        lines = [*_conflict(case, ruled), *_question(case), Content(""), *_counts(row)]
    else:
        votes = [line for vote in case.detail.votes for line in _vote(vote, case.names, width)]
        asked = _asked(case.detail, case.names)
        readings = _readings(case.detail.readings)
        lines = [*_conflict(case, ruled), *_question(case), *asked, *readings, Content(""), *(votes or _counts(row))]
    return [line.truncate(max(width, 1), ellipsis=True) for line in lines]


def _counts(row: QueueRow) -> list[Content]:
    """Votes of a row by verdict, one on a line; of a server that lists none, how many and how far they agree."""
    if row.why == "plain" and row.n_votes:
        votes = counted(row.n_votes, "vote")
        if row.task.n_required:
            votes = f"{row.n_votes} of {counted(row.task.n_required, 'vote')}"
        agree = f", {percent(row.agreement)} agree" if row.agreement is not None else ""
        lines = [Content.styled(f"{votes}{agree}", "$foreground")]
        if row.leading:
            lines.append(Content.assemble(("most say ", "$quiet"), styled_verdict(row.leading)))
        return lines
    by_verdict = [Content.assemble((f"{count:3} × ", "$quiet"), styled_verdict(word)) for word, count in row.verdicts]
    return by_verdict or [Content.styled("no votes yet", "$quiet")]


def _question(case: Case) -> list[Content]:
    """Reason why the task is in the queue, and its risk."""
    row, detail = case.row, case.detail
    word = "help" if row.why == "help" else detail.why if detail is not None else row.why
    no_votes = detail is not None and not detail.votes and word != "help" and not detail.help
    reason = "nobody has voted yet" if no_votes else REASONS.get(word, one_line(word, 40))
    lines = [Content.assemble(("? ", "bold $warning"), (reason, "$foreground"))] if reason else []
    facts = []
    if detail is not None:
        facts += [f"right {percent(detail.now.posterior.get('correct'))}", f"harm {detail.harm:.2f}"]
    if row.confidence is not None:
        facts.append(f"prediction sure {percent(row.confidence)}")
    return [*lines, *([Content.styled(" · ".join(facts), "$quiet")] if facts else [])]


def _public(case: Case) -> list[Content]:
    """Lines for a plain server: counts and agreement, no votes."""
    return [*_counts(case.row), Content(""), *_keys_plain()]


def _keys_plain() -> list[Content]:
    keys = (
        ("a", "right: the prediction stands"),
        ("s", "wrong, no value"),
        ("d", "wrong: type the value"),
        ("f", "undecidable"),
    )
    return [Content.assemble((key, "bold $accent"), "  ", (effect, "$foreground")) for key, effect in keys]


def other_readings(detail: ReviewDetail | None) -> tuple[tuple[str, str], ...]:
    """Values and readers of the readings that the task doesn't ask about."""
    readings = detail.readings if detail is not None else []
    return tuple((value_text(reading.value), reading.source or "–") for reading in readings if not reading.asked)


def _readings(readings: Sequence[ReviewReading]) -> list[Content]:
    """Readings of the place, one on a line: the reader, the value, and which one was asked."""
    if not readings:
        return []
    widest = min(max(cell_len(one_line(reading.source or "–", 16)) for reading in readings), 16)
    lines = [Content.styled("read by", "$quiet")]
    for reading in readings:
        reader = one_line(reading.source or "–", 16)
        asked = ("  asked", "$quiet") if reading.asked else ""
        gap = " " * (widest - cell_len(reader) + 2)
        lines.append(Content.assemble((reader, "$foreground"), gap, styled_value(reading.value), asked))
    return lines


# --- votes -----------------------------------------------------------------------------------------------


def _votes(detail: ReviewDetail, names: bool, width: int, one_line: bool) -> list[Content]:
    head = "votes" + ("" if names else "   names hidden, b shows them")
    if not detail.votes:
        return [
            Content.styled("votes", "$quiet"),
            Content.styled("Nobody has voted: rule from the drawing.", "$foreground"),
        ]
    lines = [Content.styled(head, "$quiet")]
    for vote in detail.votes:
        lines += _vote(vote, names, width, one_line)
    return lines


def _vote(vote: ReviewVote, names: bool, width: int, one_line_only: bool = False) -> list[Content]:
    """Vote on one line if it fits, else on two: the answer, then its facts; `one_line_only` drops the last facts.

    Its note follows on a line of its own.
    """
    return [*_answer(vote, names, width, one_line_only), *_note(vote)]


def _answer(vote: ReviewVote, names: bool, width: int, one_line_only: bool) -> list[Content]:
    voter = f"{vote.label} {one_line(vote.voter_name or vote.voter_id or '', 24)}".rstrip() if names else vote.label
    answer = Content.assemble((f"{voter} ", "bold $foreground"), styled_answer(vote.verdict, vote.corrected_value))
    texts, uncounted = list(_facts(vote)), _uncounted(vote)
    warning = Content.styled(f"{uncounted} · " if uncounted else "", "$warning")
    while True:
        facts = Content.assemble(warning, (" · ".join(texts), "$quiet"))
        gap = width - answer.cell_length - facts.cell_length
        if gap >= 2:
            return [Content.assemble(answer, " " * gap, facts)]
        if not one_line_only:
            return [answer, Content.assemble("    ", facts)]
        if not texts:
            return [Content.assemble(warning, answer)]
        texts.pop()


def _asked(detail: ReviewDetail, names: bool) -> list[Content]:
    """Annotators' questions to the lead, one on a line."""
    lines = []
    for request in detail.help:
        person = f"{one_line(request.voter_name or request.voter_id or '', 24)} " if names else ""
        words = ": ".join(filter(None, (reason_in_words(request.reason), one_line(request.note or "", 200))))
        lines.append(Content.assemble((f"» {person}asks: ", "bold $accent"), styled(words, "$foreground")))
    return lines


def _note(vote: ReviewVote) -> list[Content]:
    words = ": ".join(filter(None, (reason_in_words(vote.reason), one_line(vote.note or "", 200))))
    return [Content.assemble(("    note: ", "$accent"), styled(words, "$foreground"))] if words else []


def _facts(vote: ReviewVote) -> Iterable[str]:
    if vote.first_verdict is not None:
        first = verdict_sign(vote.first_verdict)[0]
        value = value_text(vote.first_value, 16)
        yield f"first {first} {value}".rstrip()
    if vote.confidence is not None:
        yield f"sure {percent(vote.confidence)}"
    yield seconds(vote.duration_ms)
    yield f"reliable {percent(vote.reliability)}" if vote.reliability is not None else "reliability not known yet"


def _uncounted(vote: ReviewVote) -> str:
    if vote.discounted:
        return "! discounted"
    if vote.counted:
        return ""
    return "! late, not counted" if vote.late else "! not counted"


def seconds(milliseconds: float | None) -> str:
    return "time –" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


# --- rulings ---------------------------------------------------------------------------------------------


def _rulings(detail: ReviewDetail, width: int) -> list[Content]:
    """Possible rulings: the probability before and after each, and whose votes it upholds."""
    lines = [Content.styled(f"{'rulings':19}probability  who agrees", "$quiet")]
    for possible in detail.possible:
        if possible.group is not None and possible.group < len(detail.groups):
            group = detail.groups[possible.group]
            lines.append(_ruling(str(possible.group + 1), styled_value(group.value), possible, width))
            lines += [Content.styled(f"     {reason}", "$quiet") for reason in _reasons(group)]
        else:
            traits = VERDICTS.get(possible.verdict)
            key = traits.keys["default"] if traits is not None else ""
            label = traits.ruling.label if traits is not None else one_line(possible.verdict, 20)
            lines.append(_ruling(key, Content.styled(label, "$foreground"), possible, width))
    return lines


def _ruling(key: str, label: Content, possible: PossibleRuling, width: int) -> Content:
    """Ruling on one line, cut at the right: `a  right   36% → 100%  B, C, overrules A   agreement 67%`."""
    gap = " " * max(16 - label.cell_length, 1)
    then = percent(possible.after.posterior.get(possible.verdict))
    line = Content.assemble(
        (f"{key:<2} " if key else "   ", "bold $accent"), label, gap,
        (f"{percent(possible.probability):>4}", "$foreground"), (f" → {then:4}", "$quiet"),
    )  # fmt: skip
    upheld = f"  {', '.join(possible.upholds)}" if possible.upholds else "  nobody"
    over = f", overrules {', '.join(possible.overrules)}" if possible.overrules else ""
    agreed = possible.after.agreement
    after = f"   agreement {percent(agreed)}" if agreed is not None else ""
    for part, color in ((upheld, "$foreground"), (over, "$foreground"), (after, "$quiet")):
        if line.cell_length + len(part) > width:
            break
        line = Content.assemble(line, (part, color))
    return line


def _reasons(group: ValueGroup) -> list[str]:
    """Reasons why the group's values count as equal, and its difference from the first group."""
    reasons = [f"{member.label} {one_line(member.reason, 60)}" for member in group.members if member.reason != "same"]
    if group.against and not group.against.startswith("same"):
        difference = group.against.removeprefix("differs: ").removeprefix("value ").replace(" against ", ", not ")
        reasons.append(f"differs from 1: {one_line(difference, 60)}")
    if group.as_predicted:
        reasons.append("the same as the prediction: then a says right")
    return reasons


# --- earlier rulings, and the draft of the next one ------------------------------------------------------


def _conflict(case: Case, ruled: Ruled | None) -> list[Content]:
    """Earlier rulings, an own one that was refused, and an own vote, which forbids ruling."""
    earlier = [ruling for ruling in case.detail.rulings if not ruling.superseded] if case.detail else []
    lines = [_earlier_ruling(ruling) for ruling in earlier]
    if ruled is not None and ruled.refused:
        own = styled_answer(ruled.ruling.verdict, ruled.ruling.value)
        lines += [Content.assemble(("! yours, refused: ", "bold $warning"), own), styled(ruled.detail, "$quiet")]
    if case.settled_before:
        lines.append(Content.styled("A ruling now replaces what stands; l leaves it as it is.", "$warning"))
    if case.detail is not None and case.detail.own_vote:
        lines.append(Content.styled("! You voted on this task: a reviewer may not rule on it.", "bold $warning"))
    return [*lines, Content("")] if lines else []


def _earlier_ruling(ruling: RulingPublic) -> Content:
    expert = "you" if ruling.by_you else one_line(ruling.expert_name or "another expert", 30)
    answer = styled_answer(ruling.verdict, ruling.corrected_value)
    note = f"  “{one_line(ruling.note, 80)}”" if ruling.note else ""
    return Content.assemble((f"! {expert} ruled: ", "bold $warning"), answer, (note, "$quiet"))


def _draft(draft: Draft) -> list[Content]:
    lines = []
    if draft.note:
        lines.append(Content.assemble(("note: ", "$accent"), styled(draft.note, "$foreground")))
    if draft.gold or draft.error_type:
        facts = ["★ gold candidate"] if draft.gold else []
        facts += [f"error: {error_type_text(draft.error_type)}"] if draft.error_type else []
        lines.append(Content.styled(" · ".join(facts), "$accent"))
    return lines


def error_type_text(name: str) -> str:
    """An error type as people read it: `lost_tolerance` → `lost tolerance`."""
    return _ERROR_TYPES.get(name) or one_line(name.replace("_", " "), 40)


def cannot_undo_ruling_message(ruled: Iterable[Ruled]) -> str:
    """Message that no ruling can be undone, with the reason."""
    last = max(ruled, key=lambda each: each.number, default=None)
    if last is None:
        return "Nothing to take back yet: you haven't ruled on anything."
    return f"Nothing to take back: your last ruling is {OUTCOMES[last.state]}."


def _wrapped(text: str, width: int, style: str) -> Sequence[Content]:
    return [Content.styled(line, style) for line in textwrap.wrap(text, max(width, 10))]
