"""Texts of the campaign dashboard: details, progress, and the cards for inviting, closing, promoting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.json_types import JsonObject, as_list, as_numbers, as_object
from gonogo.report.progress import pace_text, person_text, queue_text
from gonogo.report.quality import gauge
from gonogo.schemas.counted_nouns import counted
from gonogo.tui.presenters.common.format import moment, paragraphs
from gonogo.tui.text import one_line, plain, styled

if TYPE_CHECKING:
    from gonogo.desk.lead.campaign_snapshot import CampaignSnapshot
    from gonogo.schemas.labeling import (
        LabelingCampaignPublic,
        PromoteResult,
    )

PERSON_WIDTH = 84
"""Most cells of a person's row, so that the eye finds from the name to the work on a wide terminal."""
MAX_PEOPLE = 100
"""Most lines of people in the details."""
_ADDRESS = re.compile(r"(?=.{3,254}$)[^@\s]+@[^@\s]+")


def entry(campaign: LabelingCampaignPublic) -> Content:
    """Entry of the list: the name; below it status and progress."""
    done, total = _counts(campaign)
    name = Content.styled(one_line(campaign.name or campaign.id, 60), "bold $foreground")
    facts = f"  {one_line(campaign.status or 'open', 12):9}{progress_bar(done, total, 10)} {done}/{total}"
    return Content("\n").join([name, Content.styled(facts, "$quiet")])


def progress_bar(done: int, total: int, width: int) -> str:
    filled = round(width * done / total) if total else 0
    return "█" * filled + "░" * (width - filled)


def _counts(campaign: LabelingCampaignPublic) -> tuple[int, int]:
    """Numbers of settled tasks and of all tasks."""
    return campaign.resolved_count or 0, campaign.task_count or 0


def details(snapshot: CampaignSnapshot, width: int, now: datetime | None = None) -> Content:
    """Details of a campaign, in `width` cells."""
    campaign, now = snapshot.campaign, now or datetime.now(UTC)
    done, total = _counts(campaign)
    settled = f"{done} of {total} settled"
    status = one_line(campaign.status or "open", 20)
    votes = counted(campaign.target_redundancy, "vote") if campaign.target_redundancy else "? votes"
    gold = f" · {snapshot.n_gold} gold beside them" if snapshot.n_gold else ""
    facts = f"{status} · {counted(total, 'task')} · {votes} each{gold}"
    bar = progress_bar(done, total, max(min(width - len(settled) - 2, 40), 5))
    lines = [
        styled(campaign.name or campaign.id, "bold $strong"),
        Content.styled(facts, "$quiet"),
        Content(""),
        Content.styled(f"{bar} {settled}", "$foreground"),
        *_work(snapshot, now),
        Content(""),
        *_quality(snapshot, width),
        Content(""),
        *_people(snapshot, width, now),
        *(styled(text, "$quiet") for text in snapshot.missing),
    ]
    return Content("\n").join(lines)


def _work(snapshot: CampaignSnapshot, now: datetime) -> list[Content]:
    """Lines on queue, pace and expected end, as far as the server reports them."""
    if snapshot.progress is None:
        return [Content.styled(average_pace(snapshot.campaign, now), "$foreground")]
    texts = (queue_text(snapshot.progress), pace_text(snapshot.progress, now))
    return [Content.styled(plain(text, 200), "$foreground") for text in texts]


def average_pace(campaign: LabelingCampaignPublic, now: datetime) -> str:
    """Average pace since the start of the campaign, in settled tasks a day, and the end at that pace."""
    done, total = _counts(campaign)
    began = moment(campaign.created_at)
    if total and done >= total:
        return "All tasks are settled."
    if began is None or not done or now <= began:
        return "Pace and expected end: not known before something is settled."
    days = max((now - began).total_seconds() / 86400, 1 / 24)
    a_day = done / days
    end = now + timedelta(days=min((total - done) / a_day, 36500))
    pace = f"{a_day:.0f} settled a day" if a_day >= 1 else f"1 settled every {counted(round(1 / a_day), 'day')}"
    return f"{pace} since it began · at that pace done on {end:%Y-%m-%d}"


def _quality(snapshot: CampaignSnapshot, width: int) -> list[Content]:
    report = snapshot.quality
    if report is None:
        return []
    details, required = report.gonogo or {}, report.acceptance_alpha or 0.0
    if report.alpha is None:
        lines = [Content.assemble(("alpha ", "$quiet"), ("not enough votes yet", "bold $strong"))]
    else:
        numbers = as_numbers(details.get("alpha_interval"))
        interval = numbers if len(numbers) == 2 else None
        doubt = f", 95 % {interval[0]:.2f} to {interval[1]:.2f}" if interval else ""
        word = "accepted" if report.accepted else "not accepted"
        lines = [
            Content.assemble(
                ("alpha ", "$quiet"), (f"{report.alpha:.2f}{doubt}", "bold $strong"),
                (f" · wanted {required:g} · {word}", "$foreground"),
            ),
            Content.styled(gauge(report.alpha, interval, required, max(min(width - 8, 41), 11)), "$foreground"),
        ]  # fmt: skip
    return [*lines, *_advice(details), Content.styled("y says what it means and what to do.", "$quiet")]


def _advice(details: JsonObject) -> Iterator[Content]:
    """What a lead should see without opening the report: gold that can be told, and the first step."""
    if as_list(details.get("gold_looks")):
        yield Content.styled("! gold looks different from the work: people can tell it", "$warning")
    texts = [str(as_object(step).get("text")) for step in as_list(details.get("next_steps"))]
    first = next((text for text in texts if "{name}" not in text), "")  # a person's name stands in the report
    if first:
        yield Content.assemble(("next ", "$quiet"), (plain(first, 200), "$foreground"))


def _people(snapshot: CampaignSnapshot, width: int, now: datetime) -> list[Content]:
    """Lines on people: the invited ones, and voters without an invitation (leads, the platform's pool)."""
    rows = [_person(*person, width) for person in _people_rows(snapshot, now)][:MAX_PEOPLE]
    count = len(snapshot.people)
    if not count:
        rows.insert(0, Content.styled("Nobody is invited; i invites.", "$foreground"))
    else:
        rows.append(Content.styled("d chooses one: new link, pause, remove.", "$quiet"))
    if count > MAX_PEOPLE:
        rows.append(Content.styled(f"and {count - MAX_PEOPLE} more: `gonogo campaigns watch` has them", "$quiet"))
    return [Content.styled(f"people ({count})", "$quiet"), *rows]


def _people_rows(snapshot: CampaignSnapshot, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yields status, name and work of each person."""
    at_work = snapshot.progress.people if snapshot.progress is not None else ()
    if snapshot.progress is not None:
        now = moment(snapshot.progress.as_of) or now  # the server's clock, which the votes have their times from
    work = {(person.email or person.voter_id).casefold(): person for person in at_work}
    for assignment in snapshot.people[:MAX_PEOPLE]:
        name = assignment.annotator_email or assignment.id
        done = work.pop(name.casefold(), None)
        yield assignment.status or "–", name, person_text(done, now) if done is not None else ""
    for person in work.values():
        if person.n_done or person.n_held:
            yield "lead", person.name or person.email or person.voter_id, person_text(person, now)


def _person(status: str, name: str, work: str, width: int) -> Content:
    width = min(width, PERSON_WIDTH)
    room = max(width - len(work) - 15, 8)
    name, work = one_line(name, room), one_line(work, max(width - room - 13, 8))  # a row is one line
    gap = " " * max(room - len(name), 0)
    return Content.assemble(
        (f"  {one_line(status, 10):9}", "$quiet"), (name, "$foreground"), gap, (f"  {work}", "$quiet")
    )


# --- cards before an action ------------------------------------------------------------------------------


def _card(heading: str, *texts: str) -> Content:
    return paragraphs(Content.styled(heading, "bold $strong"), *(Content(plain(text, 800)) for text in texts))


INVITE = _card(
    "Invite a person",
    "Type the e-mail address. The link is shown here once; nothing is mailed.",
)


def again_card(address: str) -> Content:
    """Card before a new link for a person who has a part in the campaign."""
    return _card(
        f"Give {one_line(address, 60)} a new link?",
        "The old link and all sessions end at once. Votes stay; unsent answers go out after the new sign-in.",
        "Type yes to make it.",
    )


def removal_card(address: str) -> Content:
    """Card before the end of an assignment."""
    return _card(
        f"Remove {one_line(address, 60)}?",
        "The session ends at once and the tasks held go to others. Votes given so far stay.",
        "Type yes to remove this person.",
    )


def closing_card(campaign: LabelingCampaignPublic) -> Content:
    """Card before closing: the effect on tasks that are not settled."""
    done, total = _counts(campaign)
    return _card(
        f"Close {one_line(campaign.name or campaign.id, 60)}?",
        f"{total - done} of {counted(total, 'task')} not settled: they get no more questions. Answers that still come "
        "are kept, but not counted. Experts can go on ruling. A closed campaign does not open again.",
        "Type yes to close it.",
    )


def promotion_card(snapshot: CampaignSnapshot) -> Content:
    """Card before promotion; below acceptance, the refusal and the effect of force."""
    campaign, report = snapshot.campaign, snapshot.quality
    heading = f"Promote {one_line(campaign.name or campaign.id, 60)}?"
    effect = (
        f"{counted(campaign.resolved_count or 0, 'settled task')} go to the golden dataset, unless there already; "
        "others read them as the truth. You can't take them out here."
    )
    if report is None or report.accepted:
        return _card(heading, effect, "Type yes to promote.")
    alpha = "not known yet" if report.alpha is None else f"{report.alpha:.2f}"
    refused = (
        f"Refused as it stands: alpha is {alpha}, wanted is {report.acceptance_alpha or 0:g}. Nothing would change."
    )
    if snapshot.progress is None:
        return _card(heading, refused, "A plain ARCNM server knows no force: more agreement is the only way there.")
    return _card(
        heading,
        refused,
        f"With force all the same: {effect} The record says that they were forced below acceptance.",
        "Type force to promote below acceptance; y on the screen before shows what the number means.",
    )


def promotion_message(result: PromoteResult) -> str:
    """Message after promotion."""
    if not result.accepted and not result.forced:
        return "Refused: the agreement is below what the campaign asks for. Nothing was promoted."
    forced = " below acceptance, as forced" if result.forced else ""
    return f"{counted(result.promoted or 0, 'task')} promoted{forced}."


# --- checks of typed texts: each returns the problem, empty for none --------------------------------------


def check_address(text: str) -> str:
    return "" if _ADDRESS.fullmatch(text) else "This is no e-mail address. Write it like ana@example.com."


def check_yes(text: str) -> str:
    return "" if text == "yes" else "Type yes, or press Esc."


def promotion_check(snapshot: CampaignSnapshot) -> Callable[[str], str]:
    """Returns the check of the word that promotes: `yes` above acceptance, `force` below it, none on a plain server."""
    accepted = snapshot.quality is None or snapshot.quality.accepted
    if snapshot.progress is None and not accepted:
        return lambda text: "It would be refused; press Esc."
    word = "yes" if accepted else "force"
    return lambda text: "" if text == word else f"Type {word}, or press Esc."
