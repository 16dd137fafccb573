"""Invitation link screen: one line whatever the link's length, and the whole link by its keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.schemas.labeling import CampaignAssignmentCreated, CampaignAssignmentPublic
from gonogo.tui.screens.lead.invitation_link import InvitationLinkScreen, shortened
from tests.tui.conftest import Running
from tests.tui.fake_services import FakeAnnotateSession, task
from tests.tui.screen_text import settle, text_of

TOKEN = "gml_" + "aB3" * 14
LINK = f"https://label.a-rather-long-subdomain.engineering.example.com/annotate/#token={TOKEN}"


@given(st.text(min_size=1, max_size=200), st.integers(3, 120))
def test_a_link_is_shortened_in_its_middle(link: str, width: int) -> None:
    shown = shortened(link, width)
    assert len(shown) <= width
    if len(link) > width:
        before, _, after = shown.partition("…") if "…" not in link else (shown[: shown.rindex("…")], "", shown[-1])
        assert link.startswith(before)
        assert link.endswith(after)
    else:
        assert shown == link


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_long_link_stands_on_one_line_and_is_copied_whole(running: Running, size: tuple[int, int]) -> None:
    assignment = CampaignAssignmentPublic(id="1", campaign_id="c")
    invitation = CampaignAssignmentCreated(assignment=assignment, magic_link_token=TOKEN, magic_link_url=LINK)
    async with running(FakeAnnotateSession([task(1)]), size=size) as pilot:
        await pilot.app.push_screen(InvitationLinkScreen(invitation, "ana@example.com"))
        await settle(pilot)
        (line,) = [line.strip() for line in text_of(pilot.app.screen).splitlines() if "https://" in line]
        assert line.startswith("https://label.a-rather-long-subdomain.")
        assert line.endswith(TOKEN[-10:])
        assert (line == LINK) == (size[0] > len(LINK))
        await pilot.press("c")
        assert pilot.app.clipboard == LINK
