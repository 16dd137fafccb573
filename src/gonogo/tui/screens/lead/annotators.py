"""Who votes in a campaign, what speaks against whom, and what the lead does about it. Nothing happens by itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets.option_list import Option

from gonogo.client.errors import ConflictError, NotFoundError, PermissionDeniedError
from gonogo.schemas.review import AnnotatorActionCreate, AnnotatorVerb
from gonogo.tui import actions
from gonogo.tui.presenters import annotators, empty_state
from gonogo.tui.presenters.annotators import AnnotatorRecord
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.text import one_line
from gonogo.tui.widgets import status

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.desk.account.sign_in import SignedIn
    from gonogo.desk.core.errors import DeskError
    from gonogo.schemas.review import AnnotatorAction, AnnotatorActionPreview

_QUIET = (NotFoundError, PermissionDeniedError, ConflictError)


class AnnotatorsScreen(ListDetailScreen):
    """Everybody of one campaign; those with flags first."""

    CSS_PATH = "annotators.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.ANNOTATORS)]
    ACTION_SCOPES = (actions.ANNOTATORS,)

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__(signed)
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._people: list[AnnotatorRecord] = []
        self._trail: list[AnnotatorAction] = []
        self._names: dict[str, str] = {}
        self._said: Content | None = empty_state.waiting("Measuring")

    @property
    def person(self) -> AnnotatorRecord | None:
        """Who is under the cursor."""
        at = self.options.highlighted
        return self._people[at] if at is not None and at < len(self._people) else None

    def on_mount(self) -> None:
        said = ("annotators  ", "bold $accent"), (one_line(self._campaign_name, 60), "$foreground")
        self.top.show(Content.assemble(*said))
        self.action_refresh()

    # --- asking the server -----------------------------------------------------------------------------

    def _failed(self, error: GonogoClientError | DeskError) -> None:
        if self._people:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
        else:
            self._said = empty_state.problem("The annotators could not be read", error)
            self._show()

    def action_refresh(self) -> None:
        self._work(self._load, "annotators")

    async def _load(self, client: GonogoClient) -> None:
        chosen = self.person
        states = (await client.annotators(self._campaign_id)).data
        report = None
        with contextlib.suppress(*_QUIET):
            report = await client.campaign_quality(self._campaign_id)
        with contextlib.suppress(*_QUIET):
            self._trail = list((await client.annotator_actions(self._campaign_id, limit=200)).data)
        with contextlib.suppress(*_QUIET):
            me = await client.me()
            self._names = {me.id: "you"}
        self._people, self._said = annotators.people(states, report), None
        self.options.clear_options()
        self.options.add_options([Option(annotators.entry(one)) for one in self._people])
        ids = [one.state.voter_id for one in self._people]
        if ids:
            wanted = chosen.state.voter_id if chosen is not None else ids[0]
            self.options.highlighted = ids.index(wanted) if wanted in ids else 0
        self._show()

    def on_option_list_option_highlighted(self) -> None:
        self._show()

    def _show(self) -> None:
        if not self.is_attached:
            return
        person = self.person
        if self._said is not None:
            self.about.update(Content.assemble(self._said))
        elif person is None:
            self.about.update(Content.styled(annotators.NOBODY, "$foreground"))
        else:
            self.about.update(annotators.about(person, self._trail, self._names))
        status.show_keys(self.keys, actions.ANNOTATORS)

    # --- keys ------------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        person = self.person
        if person is not None:
            if person.paused:
                self._act(person, "resume", "")
            else:
                self._ask(person, "pause")

    def action_discount(self) -> None:
        person = self.person
        if person is not None:
            self._ask(person, "restore" if person.discounted else "discount")

    def action_reopen(self) -> None:
        if self.person is not None:
            self._ask(self.person, "reopen")

    def _ask(self, person: AnnotatorRecord, action: AnnotatorVerb) -> None:
        """The consequence as the server counts it, then a reason for the trail; Esc does nothing."""

        async def ask(client: GonogoClient) -> None:
            found: AnnotatorActionPreview | None = None
            with contextlib.suppress(NotFoundError):  # a server of an earlier version counts nothing beforehand
                found = await client.preview_annotator_action(self._campaign_id, person.state.voter_id, action)
            said = annotators.confirm(person, found, action)
            self.app.push_screen(ConfirmScreen(said, annotators.no_reason), answered)

        def answered(reason: str | None) -> None:
            if reason is not None:
                self._act(person, action, reason)

        self._work(ask, "annotators")

    def _act(self, person: AnnotatorRecord, action: AnnotatorVerb, reason: str) -> None:
        async def act(client: GonogoClient) -> None:
            wanted = AnnotatorActionCreate(action=action, note=reason or None)
            made = await client.act_on_annotator(self._campaign_id, person.state.voter_id, wanted)
            touched = f" ({made.n_tasks} tasks)" if made.n_tasks else ""
            self.gonogo.say(f"{person.name}: {annotators.DONE[action]}{touched}.", seconds=5)
            await self._load(client)

        self._work(act, "annotators")
