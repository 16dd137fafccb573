"""What a lead reads of a campaign: progress, queue, pace, people, quality; and what closing or promoting does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.client.errors import ConflictError, NotFoundError, PermissionDeniedError
from gonogo.desk.quality_text import gauge
from gonogo.tui.text import one_line, plain, styled

if TYPE_CHECKING:
    from gonogo.client.extensions import GonogoClient
    from gonogo.wire.extensions import QueueView
    from gonogo.wire.labeling import (
        CampaignAssignmentCreated,
        CampaignAssignmentPublic,
        LabelingCampaignPublic,
        PromoteResult,
        QualityReport,
    )

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+( (annotator|reviewer))?")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one campaign; `missing` names in words what this server does not tell."""

    campaign: LabelingCampaignPublic
    queue: QueueView | None = None
    quality: QualityReport | None = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    missing: tuple[str, ...] = field(default=("asking the server …",))


async def look(client: GonogoClient, campaign: LabelingCampaignPublic) -> Seen:
    """Everything about one campaign, as far as this credential and this server tell it. Raises the rest."""
    missing: list[str] = []
    found = await client.get_campaign(campaign.id)
    queue = quality = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    quiet = (NotFoundError, PermissionDeniedError, ConflictError)
    try:
        queue = await client.queue(campaign.id)
    except quiet:
        missing.append("This server does not tell what is held, left and in review.")
    try:
        quality = await client.campaign_quality(campaign.id)
    except quiet:
        missing.append("You may not see the quality of this campaign.")
    try:
        people = tuple((await client.list_assignments(campaign.id)).data)
    except quiet:
        missing.append("You may not see who is invited.")
    return Seen(found, queue, quality, people, tuple(missing))


def entry(one: LabelingCampaignPublic) -> Content:
    """Name, status and how far it is, on two lines."""
    done, total = one.resolved_count or 0, one.task_count or 0
    name = Content.styled(one_line(one.name or one.id, 60), "bold $foreground")
    said = f"  {one_line(one.status or 'open', 12):9}{bar(done, total, 10)} {done}/{total}"
    return Content("\n").join([name, Content.styled(said, "$quiet")])


def bar(done: int, total: int, width: int) -> str:
    filled = round(width * done / total) if total else 0
    return "█" * filled + "░" * (width - filled)


def about(seen: Seen, width: int, now: datetime | None = None) -> Content:
    """The right-hand pane."""
    one = seen.campaign
    done, total = one.resolved_count or 0, one.task_count or 0
    lines = [
        styled(one.name or one.id, "bold $strong"),
        Content.styled(
            f"{one_line(one.status or 'open', 20)} · {total} tasks · {one.target_redundancy or '?'} votes each",
            "$quiet",
        ),
        Content(""),
        Content.styled(f"{bar(done, total, min(width - 16, 40))} {done} of {total} settled", "$foreground"),
        *_queue(seen),
        Content.styled(pace(one, now or datetime.now(UTC)), "$foreground"),
        Content(""),
        *_quality(seen, width),
        Content(""),
        *_people(seen),
    ]
    lines += [styled(text, "$quiet") for text in seen.missing]
    return Content("\n").join(lines)


def _queue(seen: Seen) -> list[Content]:
    queue = seen.queue
    if queue is None:
        return []
    held = queue.held_by_others
    until = f" until {one_line(held.until, 20)}" if held.until else ""
    review = "1 waits for an expert" if queue.in_review == 1 else f"{queue.in_review} wait for an expert"
    said = f"{review} · {held.n_tasks + queue.held_by_me} being worked on{until if held.n_tasks else ''}"
    return [Content.styled(said, "$foreground")]


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


def _quality(seen: Seen, width: int) -> list[Content]:
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


def _people(seen: Seen) -> list[Content]:
    if not seen.people:
        return [Content.styled("Nobody is invited; i invites.", "$foreground")]
    head = Content.styled(f"people ({len(seen.people)})", "$quiet")
    return [head, *(_person(one) for one in seen.people[:50])]


def _person(one: CampaignAssignmentPublic) -> Content:
    status = f"  {one_line(one.status or '–', 10):9}"
    return Content.assemble((status, "$quiet"), styled(one.annotator_email or one.id, "$foreground"))


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


def promoting(seen: Seen) -> Content:
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
    return _card(
        heading,
        f"Refused as it stands: alpha is {alpha}, wanted is {report.acceptance_alpha or 0:g}. Nothing would change.",
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


def assignment_of(seen: Seen, text: str) -> CampaignAssignmentPublic | None:
    wanted = text.casefold()
    found = [one for one in seen.people if (one.annotator_email or "").casefold() == wanted and one.status != "revoked"]
    return found[0] if found else None


def nobody(seen: Seen, text: str) -> str:
    return "" if assignment_of(seen, text) else "Nobody with this address has a part in this campaign."


def not_yes(text: str) -> str:
    return "" if text == "yes" else "Type yes, or press Esc."


def not_yes_or_force(seen: Seen) -> Callable[[str], str]:
    """`yes` promotes what is accepted, `force` what is not."""
    word = "yes" if seen.quality is None or seen.quality.accepted else "force"
    return lambda text: "" if text == word else f"Type {word}, or press Esc."
