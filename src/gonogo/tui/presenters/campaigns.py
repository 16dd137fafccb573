"""What a lead reads of a campaign: progress, queue, pace, people, quality; and what closing or promoting does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.client.errors import ConflictError, NotFoundError, PermissionDeniedError
from gonogo.client.lead import everybody, progress_of
from gonogo.report.progress import pace_text, person_text, queue_text
from gonogo.report.quality import gauge
from gonogo.tui.text import one_line, plain, styled

if TYPE_CHECKING:
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.schemas.labeling import (
        CampaignAssignmentCreated,
        CampaignAssignmentPublic,
        LabelingCampaignPublic,
        PromoteResult,
        QualityReport,
    )
    from gonogo.schemas.lead import CampaignProgress

PEOPLE = 100
"""Lines of people on the screen."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+( (annotator|reviewer))?")


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """What is known of one campaign; `missing` names in words what this server does not tell."""

    campaign: LabelingCampaignPublic
    progress: CampaignProgress | None = None
    quality: QualityReport | None = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    missing: tuple[str, ...] = field(default=("asking the server …",))


async def look(client: GonogoClient, campaign: LabelingCampaignPublic) -> CampaignSnapshot:
    """Everything about one campaign, as far as this credential and this server tell it. Raises the rest."""
    missing: list[str] = []
    found = await client.get_campaign(campaign.id)
    progress = quality = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    quiet = (NotFoundError, PermissionDeniedError, ConflictError)
    try:
        progress = await progress_of(client, campaign.id)
    except quiet:
        missing.append("This server does not tell what is held, left and in review.")
    try:
        quality = await client.campaign_quality(campaign.id)
    except quiet:
        missing.append("You may not see the quality of this campaign.")
    try:
        people = tuple(await everybody(client, campaign.id))
    except quiet:
        missing.append("You may not see who is invited.")
    return CampaignSnapshot(found, progress, quality, people, tuple(missing))


async def look_again(client: GonogoClient, seen: CampaignSnapshot) -> CampaignSnapshot:
    """What changes by itself: counts, queue, pace, people at work. Raises what the client raises."""
    found = await client.get_campaign(seen.campaign.id)
    return replace(seen, campaign=found, progress=await progress_of(client, found.id))


def told(seen: CampaignSnapshot, progress: CampaignProgress) -> CampaignSnapshot:
    """The same after the server told how it goes on."""
    counts = {"task_count": progress.n_tasks, "resolved_count": progress.n_resolved, "status": progress.status}
    return replace(seen, campaign=seen.campaign.model_copy(update=counts), progress=progress)


async def all_campaigns(client: GonogoClient) -> list[LabelingCampaignPublic]:
    """Every campaign this credential may see, newest first; on a server without pages, its newest 500."""
    found: list[LabelingCampaignPublic] = []
    cursor: str | None = None
    while True:
        page = await client.list_campaigns(limit=500, cursor=cursor)
        found += page.data
        if not page.data or page.next_cursor in (None, cursor):
            return found
        cursor = page.next_cursor


def entry(one: LabelingCampaignPublic) -> Content:
    """Name, status and how far it is, on two lines."""
    done, total = one.resolved_count or 0, one.task_count or 0
    name = Content.styled(one_line(one.name or one.id, 60), "bold $foreground")
    said = f"  {one_line(one.status or 'open', 12):9}{bar(done, total, 10)} {done}/{total}"
    return Content("\n").join([name, Content.styled(said, "$quiet")])


def bar(done: int, total: int, width: int) -> str:
    filled = round(width * done / total) if total else 0
    return "█" * filled + "░" * (width - filled)


def about(seen: CampaignSnapshot, width: int, now: datetime | None = None) -> Content:
    """The right-hand pane."""
    one = seen.campaign
    done, total = one.resolved_count or 0, one.task_count or 0
    settled = f"{done} of {total} settled"
    lines = [
        styled(one.name or one.id, "bold $strong"),
        Content.styled(
            f"{one_line(one.status or 'open', 20)} · {total} tasks · {one.target_redundancy or '?'} votes each",
            "$quiet",
        ),
        Content(""),
        Content.styled(f"{bar(done, total, max(min(width - len(settled) - 2, 40), 5))} {settled}", "$foreground"),
        *_work(seen, now or datetime.now(UTC)),
        Content(""),
        *_quality(seen, width),
        Content(""),
        *_people(seen, width, now or datetime.now(UTC)),
    ]
    lines += [styled(text, "$quiet") for text in seen.missing]
    return Content("\n").join(lines)


def _work(seen: CampaignSnapshot, now: datetime) -> list[Content]:
    """The queue, the pace and the expected end, as far as the server tells them."""
    if seen.progress is None:
        return [Content.styled(pace(seen.campaign, now), "$foreground")]
    said = [queue_text(seen.progress), pace_text(seen.progress, now)]
    return [Content.styled(plain(text, 200), "$foreground") for text in said]


def pace(one: LabelingCampaignPublic, now: datetime) -> str:
    """Settled a day since the campaign began, and when it ends at that pace."""
    done, total = one.resolved_count or 0, one.task_count or 0
    began = _moment(one.created_at)
    if total and done >= total:
        return "All tasks are settled."
    if began is None or not done or now <= began:
        return "Pace and expected end: not known before something is settled."
    days = max((now - began).total_seconds() / 86400, 1 / 24)
    a_day = done / days
    end = now + timedelta(days=min((total - done) / a_day, 36500))
    return f"{a_day:.0f} settled a day since it began · at that pace done on {end:%Y-%m-%d}"


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _quality(seen: CampaignSnapshot, width: int) -> list[Content]:
    report = seen.quality
    if report is None:
        return []
    more = report.gonogo or {}
    interval, wanted = more.get("alpha_interval"), report.acceptance_alpha or 0.0
    alpha = "undefined" if report.alpha is None else f"{report.alpha:.2f}"
    doubt = f", 95 % {interval[0]:.2f} to {interval[1]:.2f}" if interval else ", its doubt is not told"
    word = "accepted" if report.accepted else "not accepted"
    return [
        Content.assemble(
            ("alpha ", "$quiet"), (f"{alpha}{doubt}", "bold $strong"), (f" · wanted {wanted:g} · {word}", "$foreground")
        ),
        Content.styled(gauge(report.alpha, interval, wanted, max(min(width - 8, 41), 11)), "$foreground"),
        Content.styled("y tells what it means and what to do.", "$quiet"),
    ]


def _people(seen: CampaignSnapshot, width: int, now: datetime) -> list[Content]:
    """Who is invited, with what each did; and who worked without an invitation: leads, and the platform's pool."""
    if seen.progress is not None:
        now = _moment(seen.progress.as_of) or now  # of the clock that the answers have their times from
    work = {(one.email or one.voter_id).casefold(): one for one in (seen.progress.people if seen.progress else ())}
    rows = []
    for one in seen.people[:PEOPLE]:
        done = work.pop((one.annotator_email or one.id).casefold(), None)
        told = person_text(done, now) if done is not None else ""
        rows.append(_person(one.status or "–", one.annotator_email or one.id, told, width))
    rows += [
        _person("lead", one.name or one.email or one.voter_id, person_text(one, now), width)
        for one in list(work.values())[: PEOPLE - len(rows)]
        if one.n_done or one.n_held
    ]
    if not seen.people:
        rows.insert(0, Content.styled("Nobody is invited; i invites.", "$foreground"))
    if len(seen.people) > PEOPLE:
        rows.append(Content.styled(f"and {len(seen.people) - PEOPLE} more: `gonogo campaign watch` has them", "$quiet"))
    return [Content.styled(f"people ({len(seen.people)})", "$quiet"), *rows]


def _person(status: str, who: str, told: str, width: int) -> Content:
    room = max(width - len(told) - 15, 8)
    name, told = one_line(who, room), one_line(told, max(width - room - 13, 8))  # a row is one line
    gap = " " * max(room - len(name), 0)
    return Content.assemble(
        (f"  {one_line(status, 10):9}", "$quiet"), (name, "$foreground"), gap, (f"  {told}", "$quiet")
    )


# --- before something is done ----------------------------------------------------------------------------


def _card(heading: str, *said: str) -> Content:
    return Content("\n\n").join([Content.styled(heading, "bold $strong"), *(Content(plain(one, 800)) for one in said)])


INVITE = _card(
    "Invite a person",
    "Type the e-mail address, and “reviewer” behind it for an expert. The link is shown once, here; nothing is mailed.",
)
REVOKE = _card(
    "End a person's part",
    "Type the e-mail address. The session ends at once and the tasks held go to others; votes given so far stay.",
)


def invitation(made: CampaignAssignmentCreated, address: str) -> Content:
    """The link, this once."""
    link = made.magic_link_url or made.magic_link_token
    return _card(
        f"Invitation of {one_line(address, 60)}",
        link,
        "Send it to this person only. It is shown this once and works once.",
    )


def closing(one: LabelingCampaignPublic) -> Content:
    left = (one.task_count or 0) - (one.resolved_count or 0)
    return _card(
        f"Close {one_line(one.name or one.id, 60)}?",
        f"{left} of {one.task_count or 0} tasks are not settled; they get no more questions. Answers that still come "
        "are kept, but not counted. Experts can go on ruling. A closed campaign does not open again.",
        "Type yes to close it.",
    )


def promoting(seen: CampaignSnapshot) -> Content:
    """What promotion does and, below acceptance, why it is refused and what force would mean."""
    one, report = seen.campaign, seen.quality
    heading = f"Promote {one_line(one.name or one.id, 60)}?"
    does = (
        f"{one.resolved_count or 0} settled tasks go to the golden dataset, those not there yet; others read them as "
        "the truth. They cannot be taken out from here."
    )
    if report is None or report.accepted:
        return _card(heading, does, "Type yes to promote.")
    alpha = "undefined" if report.alpha is None else f"{report.alpha:.2f}"
    refused = (
        f"Refused as it stands: alpha is {alpha}, wanted is {report.acceptance_alpha or 0:g}. Nothing would change."
    )
    if seen.progress is None:
        return _card(heading, refused, "A plain ARCNM server knows no force: more agreement is the only way there.")
    return _card(
        heading,
        refused,
        f"With force all the same: {does} The record says for ever that they were forced below acceptance.",
        "Type force to promote below acceptance; y on the screen before shows what the number means.",
    )


def promoted(made: PromoteResult) -> str:
    if not made.accepted and not made.forced:
        return "Refused: the agreement is below what the campaign asks for. Nothing was promoted."
    forced = " below acceptance, as forced" if made.forced else ""
    return f"{made.promoted or 0} tasks were promoted{forced}."


# --- what is typed ---------------------------------------------------------------------------------------


def bad_address(text: str) -> str:
    return "" if _ADDRESS.fullmatch(text) else "This is no e-mail address (and “reviewer”, or nothing, behind it)."


def assignment_of(seen: CampaignSnapshot, text: str) -> CampaignAssignmentPublic | None:
    wanted = text.casefold()
    found = [one for one in seen.people if (one.annotator_email or "").casefold() == wanted and one.status != "revoked"]
    return found[0] if found else None


def nobody(seen: CampaignSnapshot, text: str) -> str:
    return "" if assignment_of(seen, text) else "Nobody with this address has a part in this campaign."


def not_yes(text: str) -> str:
    return "" if text == "yes" else "Type yes, or press Esc."


def not_yes_or_force(seen: CampaignSnapshot) -> Callable[[str], str]:
    """`yes` promotes what is accepted, `force` what is not; a plain server knows no force."""
    if seen.progress is None and seen.quality is not None and not seen.quality.accepted:
        return lambda text: "It would be refused; press Esc."
    word = "yes" if seen.quality is None or seen.quality.accepted else "force"
    return lambda text: "" if text == word else f"Type {word}, or press Esc."
