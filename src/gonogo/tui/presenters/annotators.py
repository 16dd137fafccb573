"""What a lead reads of one person's votes before doing something about them: figures, flags with their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.content import Content

from gonogo.report.quality import evidence, sparkline
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.schemas.labeling import AnnotatorQuality, QualityReport
    from gonogo.schemas.review import AnnotatorAction, AnnotatorActionPreview, AnnotatorState

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
    "reopen": "This cannot be taken back: the tasks wait for one more vote each.",
}
_FLAG_NAMES = {"too_fast": "too fast", "always_the_same": "always the same", "drifting": "drifting"}
NOBODY = "Nobody has voted in this campaign or is invited to it. `gonogo assign` invites somebody. Esc goes back."


@dataclass(frozen=True, slots=True)
class AnnotatorRecord:
    """Somebody in a campaign; `worth` and `signs` come from the quality report, where there is one."""

    state: AnnotatorState
    worth: AnnotatorQuality | None = None
    signs: Mapping[str, Any] = field(default_factory=dict)

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
        return [str(flag) for flag in self.signs.get("flags") or []]


def people(states: Sequence[AnnotatorState], report: QualityReport | None) -> list[AnnotatorRecord]:
    """Everybody, those with flags first."""
    worth = {one.annotator_user_id: one for one in (report.annotators if report else None) or []}
    signs: Mapping[str, Any] = ((report.gonogo if report else None) or {}).get("annotators") or {}
    found = [AnnotatorRecord(one, worth.get(one.voter_id), signs.get(one.voter_id) or {}) for one in states]
    return sorted(found, key=lambda person: (-len(person.flags), person.name.casefold()))


def entry(person: AnnotatorRecord) -> Content:
    """Name, and on the line below votes, flags and state; each as a word."""
    said = [f"{person.state.n_submissions} votes"]
    said += ["‖ paused"] if person.paused else []
    said += ["– discounted"] if person.discounted else []
    flags = ", ".join(_FLAG_NAMES.get(flag, one_line(flag, 20)) for flag in person.flags)
    return Content.assemble(
        (person.name, "bold $foreground"), "\n  ", (" · ".join(said), "$quiet"),
        (f"  ! {flags}" if flags else "", "$warning"),
    )  # fmt: skip


def about(person: AnnotatorRecord, trail: Sequence[AnnotatorAction], names: Mapping[str, str]) -> Content:
    """The right-hand pane: figures, flags and why, and what was done before."""
    parts = [Content.styled(person.name, "bold $strong"), *_states(person), Content(""), *_figures(person)]
    parts += [Content(""), Content.styled("flags", "$quiet"), *_flags(person)]
    parts += [Content(""), Content.styled("what leads did", "$quiet"), *_trail(person, trail, names)]
    return Content("\n").join(parts)


def _states(person: AnnotatorRecord) -> Iterable[Content]:
    if person.state.paused_at is not None:
        since = _when(person.state.paused_at)
        yield Content.styled(f"‖ paused since {since} UTC: gets no new tasks", "$warning")
    if person.discounted:
        yield Content.styled(f"– {person.state.n_discounted} votes are discounted: they count for nothing", "$warning")


def _figures(person: AnnotatorRecord) -> Iterable[Content]:
    worth, signs = person.worth, person.signs
    yield _row("votes", str(person.state.n_submissions), "")
    if worth is not None:
        sure = "safely above" if worth.trust is not None else ""
        yield _row("reliability", _two(worth.reliability), f"mean share right; {sure} {_two(worth.trust)}".strip())
        yield _row("on gold", _two(worth.gold_accuracy), _gold(signs))
        yield _row("agreement", _two(worth.consensus_agreement), "with the consensus of all")
    for key, name in (("false_accept", "false accept"), ("false_reject", "false reject")):
        share = signs.get(key)
        if share and share.get("share") is not None:
            low, high = share["interval"]
            yield _row(name, f"{share['share']:.0%}", f"95 % {low:.0%} to {high:.0%}; {share['k']} of {share['n']}")
    times = signs.get("duration_ms") or {}
    if times.get("p50") is not None:
        yield _row("time", f"{times['p50'] / 1000:.1f} s", f"median of a vote   {sparkline(signs.get('trend') or [])}")
    if signs.get("too_fast_share") is not None:
        yield _row("too fast", f"{signs['too_fast_share']:.0%}", "of the votes under a second")


def _gold(signs: Mapping[str, Any]) -> str:
    n = signs.get("n_gold_answers")
    return "" if n is None else f"{n} gold answers" + ("; nothing can be said below 10" if n < 10 else "")


def _flags(person: AnnotatorRecord) -> list[Content]:
    found = [Content.styled(one_line(f"! {line}", 200), "$warning") for line in evidence(person.signs)]
    return found or [Content.styled("none; nothing speaks against these votes", "$foreground")]


def _trail(person: AnnotatorRecord, trail: Sequence[AnnotatorAction], names: Mapping[str, str]) -> list[Content]:
    mine = [one for one in trail if one.voter_id == person.state.voter_id]
    if not mine:
        return [Content.styled("nothing yet", "$foreground")]
    return [_done(one, names) for one in mine[:8]]


def _done(one: AnnotatorAction, names: Mapping[str, str]) -> Content:
    when = f"{_when(one.created_at)[5:]}  " if one.created_at else ""
    touched = f", {one.n_tasks} tasks" if one.n_tasks else ""
    who = names.get(one.actor_id or "", "")
    by = f"  by {one_line(who, 30)}" if who else ""
    note = f"  “{one_line(one.note, 80)}”" if one.note else ""
    done = DONE.get(one.action, one_line(one.action, 20))
    return Content.assemble((when, "$quiet"), (done + touched, "$foreground"), (by + note, "$quiet"))


def confirm(person: AnnotatorRecord, found: AnnotatorActionPreview | None, action: str) -> Content:
    """What an action does, before it is done. The line asks for the reason, which goes into the trail."""
    heading = {
        "pause": f"Pause {person.name}?",
        "discount": f"Take {person.name}'s votes out of the count?",
        "restore": f"Count {person.name}'s votes again?",
        "reopen": f"Have {person.name}'s settled tasks asked once more?",
    }[action]
    said = [Content.styled(heading, "bold $strong")]
    said.append(content(found.consequence if found is not None and found.consequence else CONSEQUENCES[action], 600))
    said.append(content(UNDO[action]))
    said.append(Content.styled("Why? It is written into the audit trail with your name. Enter does it.", "$foreground"))
    return Content("\n\n").join(said)


CONSEQUENCES = {
    "pause": "No new tasks for this person in this campaign. What is held may still be answered, and counts.",
    "discount": "All votes so far count for nothing; their tasks ask somebody else. Experts' rulings stand.",
    "restore": "The votes count again, beside those that have taken their place meanwhile.",
    "reopen": "The votes count, but every task they helped to settle is asked once more. Experts' rulings stand.",
}
"""Said where the server has no words of its own."""


def no_reason(text: str) -> str:
    return "" if len(text) >= 3 else "Say why in a few words, or press Esc."


def _row(name: str, figure: str, words: str) -> Content:
    return Content.assemble((f"{name:13}", "$quiet"), (f"{figure:8}", "bold $strong"), (words, "$quiet"))


def _when(timestamp: str) -> str:
    """`2026-11-22 07:24` of an ISO timestamp."""
    return one_line(timestamp[:16]).replace("T", " ")


def _two(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
