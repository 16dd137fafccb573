"""Annotators screen: votes and flags of a campaign's annotators, and a lead's actions on them."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList

from gonogo.client.errors import NotFoundError
from gonogo.client.lead_client import all_assignments_of
from gonogo.desk.lead.campaign_snapshot import NOT_AVAILABLE
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.review import AnnotatorActionCreate, AnnotatorVerb
from gonogo.tui import actions
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.lead import annotators
from gonogo.tui.presenters.lead.annotators import AnnotatorRecord
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.screens.common.server_calls import ServerCalls, ServerError
from gonogo.tui.screens.lead.invitation_dialog import InvitationDialog
from gonogo.tui.text import one_line
from gonogo.tui.widgets.record_list import RecordList

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.account.identity import SignedIn
    from gonogo.schemas.labeling import CampaignAssignmentPublic
    from gonogo.schemas.review import AnnotatorAction, AnnotatorActionPreview


class AnnotatorsScreen(ListDetailScreen):
    """List of the people of a campaign, those with flags first. Every action but resuming is confirmed first."""

    CSS_PATH = "../common/list_detail.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.ANNOTATORS.bindings()]
    ACTION_SCOPES = (actions.ANNOTATORS,)
    SCOPE = actions.ANNOTATORS

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__()
        self._signed = signed
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._trail: list[AnnotatorAction] = []
        self._names: dict[str, str] = {}
        self._card: Content | None = empty_state.waiting("Measuring")

    @property
    def annotator(self) -> AnnotatorRecord | None:
        """The annotator under the cursor."""
        return self.records.current

    def compose(self) -> ComposeResult:
        return self.compose_list_detail(
            RecordList(annotators.entry, lambda record: record.state.voter_id, id="records")
        )

    def on_mount(self) -> None:
        self.calls = ServerCalls(self, partial(self.gonogo.services.client, self._signed), self._on_error)
        campaign = one_line(self._campaign_name, 60)
        self.top.show(Content.assemble(("people  ", "bold $accent"), (campaign, "$foreground")))
        self.invitations = InvitationDialog(self, self.calls, self.action_refresh)
        self.action_refresh()

    # --- the server ------------------------------------------------------------------------------------

    def _on_error(self, error: ServerError) -> None:
        if self.records.records:
            self.gonogo.show_error(error)
        else:
            self._card = empty_state.problem("The people could not be read", error)
            self.show()

    def action_refresh(self) -> None:
        self.calls.read(self._load, "annotators")

    async def _load(self, client: GonogoClient) -> None:
        states = None
        if await client.capabilities() is not None:
            states = (await client.annotators(self._campaign_id)).data
        report = None
        assignments: list[CampaignAssignmentPublic] | None = None
        with contextlib.suppress(*NOT_AVAILABLE):
            assignments = await all_assignments_of(client, self._campaign_id)
        try:
            report = await client.campaign_quality(self._campaign_id)
        except NOT_AVAILABLE:
            if states is None and assignments is None:
                raise  # nothing could be read: that is not a campaign with nobody in it
        with contextlib.suppress(*NOT_AVAILABLE):
            self._trail = list((await client.annotator_actions(self._campaign_id, limit=200)).data)
        with contextlib.suppress(*NOT_AVAILABLE):
            self._names = {(await client.me()).id: "you"}
        self._card = None
        self.records.show(annotators.annotator_records(states, report, assignments or []))
        self.show()

    # --- showing ---------------------------------------------------------------------------------------

    @on(OptionList.OptionHighlighted)
    def show(self) -> None:
        if not self.is_attached:
            return
        annotator = self.annotator
        if self._card is not None:
            self.details.update(Content.assemble(self._card))
        elif annotator is None:
            self.details.update(Content.styled(annotators.NOBODY, "$foreground"))
        else:
            width = self.query_one("#pane").content_region.width - 1
            self.details.update(annotators.details(annotator, self._trail, self._names, width))
        self.show_keys()

    # --- actions ---------------------------------------------------------------------------------------

    def action_invite(self) -> None:
        self.invitations.invite(self._campaign_id)

    def action_again(self) -> None:
        annotator = self.annotator
        if annotator is not None and annotator.assignment is not None and annotator.assignment.annotator_email:
            self.invitations.again(self._campaign_id, annotator.assignment)
        elif annotator is not None:
            self.gonogo.show_notice(f"{annotator.name} has no e-mail address here: i invites.")

    def action_remove(self) -> None:
        annotator = self.annotator
        if annotator is not None and annotator.assignment is not None and annotator.invited:
            self.invitations.remove(self._campaign_id, annotator.assignment)
        elif annotator is not None:
            self.gonogo.show_notice(f"{annotator.name} has no assignment to end.")

    def action_pause(self) -> None:
        annotator = self.annotator
        if annotator is not None and annotator.paused:
            self._act(annotator, "resume", "")
        elif annotator is not None:
            self._confirm(annotator, "pause")

    def action_discount(self) -> None:
        annotator = self.annotator
        if annotator is not None:
            self._confirm(annotator, "restore" if annotator.discounted else "discount")

    def action_reopen(self) -> None:
        if self.annotator is not None:
            self._confirm(self.annotator, "reopen")

    def _confirm(self, annotator: AnnotatorRecord, action: AnnotatorVerb) -> None:
        """Shows the consequence that the server computes, and asks for a reason for the audit trail."""
        if not annotator.measured:
            self.gonogo.show_notice(annotators.OTHER_SERVER)
            return

        async def preview(client: GonogoClient) -> None:
            consequence: AnnotatorActionPreview | None = None
            with contextlib.suppress(NotFoundError):  # a server of an earlier version has no preview
                consequence = await client.preview_annotator_action(self._campaign_id, annotator.state.voter_id, action)
            card = annotators.confirmation_card(annotator, consequence, action)
            draft = f"{action} {annotator.state.voter_id}"
            self.app.push_screen(ConfirmScreen(card, annotators.check_reason, draft=draft), act)

        def act(reason: str | None) -> None:
            if reason is not None:
                self._act(annotator, action, reason)

        self.calls.act(preview, "action")

    def _act(self, annotator: AnnotatorRecord, action: AnnotatorVerb, reason: str) -> None:
        async def act(client: GonogoClient) -> None:
            body = AnnotatorActionCreate(action=action, note=reason or None)
            result = await client.act_on_annotator(self._campaign_id, annotator.state.voter_id, body)
            tasks = f" ({counted(result.n_tasks, 'task')})" if result.n_tasks else ""
            self.gonogo.drafts.pop(f"{action} {annotator.state.voter_id}", None)
            self.gonogo.show_notice(f"{annotator.name}: {annotators.DONE[action]}{tasks}.", seconds=5)

        self.calls.change(act, "action", then=self.action_refresh)
