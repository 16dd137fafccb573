"""Invitation dialog: asks for an address and a role, invites, and shows the link; also a new link for somebody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gonogo.client.errors import GonogoClientError, RateLimitedError
from gonogo.desk.core.errors import DeskError
from gonogo.schemas.labeling import CampaignAssignmentCreate, CampaignAssignmentPublic
from gonogo.schemas.statuses import may_work
from gonogo.tui.app_protocol import app_of
from gonogo.tui.presenters.lead import campaigns
from gonogo.tui.screens.common.choice import ChoiceScreen
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.lead.invitation_link import InvitationLinkScreen
from gonogo.tui.text import one_line

if TYPE_CHECKING:
    from textual.screen import Screen

    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.tui.screens.common.server_calls import ServerCalls

ROLES = (("annotator", "annotator: answers questions"), ("reviewer", "reviewer: rules on conflicts"))
GROUP = "action"
"""Group of the calls that change something."""


class InvitationDialog:
    """Dialog over `screen`; `reload` is called after each change. An address stays typed until there is a link."""

    def __init__(self, screen: Screen[None], calls: ServerCalls, reload: Callable[[], None]) -> None:
        self._screen = screen
        self._calls = calls
        self._reload = reload
        self._ended: set[str] = set()
        """Assignments ended here for a new link: a second try ends none of them again."""

    def invite(self, campaign_id: str) -> None:
        """Asks for an address and, where the server has roles, for one of them."""

        def typed(address: str | None) -> None:
            if address is not None:
                self._choose_role(campaign_id, address, None)

        card = ConfirmScreen(campaigns.INVITE, campaigns.check_address, draft=_draft(campaign_id))
        self._screen.app.push_screen(card, typed)

    def again(self, campaign_id: str, assignment: CampaignAssignmentPublic) -> None:
        """Gives a person a new link, after a yes: the assignment is ended and made anew."""
        address = assignment.annotator_email or ""

        def agreed(answer: str | None) -> None:
            if answer is not None:
                self._choose_role(campaign_id, address, assignment)

        self._screen.app.push_screen(ConfirmScreen(campaigns.again_card(address), campaigns.check_yes), agreed)

    def remove(self, campaign_id: str, assignment: CampaignAssignmentPublic) -> None:
        """Ends an assignment, after a yes."""

        async def remove(client: GonogoClient) -> None:
            await client.revoke_assignment(campaign_id, assignment.id)

        def agreed(answer: str | None) -> None:
            if answer is not None:
                self._calls.change(remove, GROUP, then=self._reload)

        card = campaigns.removal_card(assignment.annotator_email or assignment.id)
        self._screen.app.push_screen(ConfirmScreen(card, campaigns.check_yes), agreed)

    def _choose_role(self, campaign_id: str, address: str, old: CampaignAssignmentPublic | None) -> None:
        async def choose(client: GonogoClient) -> None:
            if await client.capabilities() is None:
                create(None)
                return
            heading = f"What does {one_line(address, 24)} do?"
            self._screen.app.push_screen(ChoiceScreen(heading, ROLES, "annotator"), chosen)

        def chosen(role: str | None) -> None:
            if role is not None:
                create(role)

        def create(role: str | None) -> None:
            call = partial(self._create, campaign_id, address, role, old)
            self._calls.change(call, GROUP, then=self._reload)

        self._calls.act(choose, GROUP)

    async def _create(
        self,
        campaign_id: str,
        address: str,
        role: str | None,
        old: CampaignAssignmentPublic | None,
        client: GonogoClient,
    ) -> None:
        if old is not None and may_work(old.status) and old.id not in self._ended:
            await client.revoke_assignment(campaign_id, old.id)
            self._ended.add(old.id)
        body = CampaignAssignmentCreate(email=address, role=None if role == "annotator" else role)
        try:
            invitation = await client.create_assignment(campaign_id, body)
        except RateLimitedError:
            raise  # the call is made again after the pause
        except GonogoClientError as error:
            if old is None:
                raise
            problem = (
                f"{one_line(address, 60)} has no link now: the old one has ended, the new one wasn't made. {error}"
            )
            raise DeskError(problem, "Press a to make it.") from error
        app_of(self._screen).drafts.pop(_draft(campaign_id), None)
        self._screen.app.push_screen(InvitationLinkScreen(invitation, address))


def _draft(campaign_id: str) -> str:
    """Returns the name of the draft of an address."""
    return f"invite {campaign_id}"
