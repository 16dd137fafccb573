"""Who votes in a campaign, what speaks against whom, and what the lead does about it. Nothing happens by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gonogo.client.errors import ConflictError, GonogoClientError, NotFoundError, PermissionDeniedError
from gonogo.desk.errors import DeskError
from gonogo.tui import actions, annotator_words, cards, working
from gonogo.tui.annotator_words import Person
from gonogo.tui.screens.asking import Asking
from gonogo.tui.text import one_line
from gonogo.tui.widgets import lines
from gonogo.tui.widgets.lines import Line
from gonogo.wire.review import AnnotatorActionCreate, AnnotatorVerb

if TYPE_CHECKING:
    from gonogo.client.extensions import GonogoClient
    from gonogo.desk.services import SignedIn
    from gonogo.tui.app import GonogoApp
    from gonogo.wire.review import AnnotatorAction, AnnotatorActionPreview

_QUIET = (NotFoundError, PermissionDeniedError, ConflictError)


class AnnotatorsScreen(Screen[None]):
    """Everybody of one campaign; those with flags first."""

    CSS_PATH = "annotators.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.ANNOTATORS)]
    ACTION_SCOPES = (actions.ANNOTATORS,)
    AUTO_FOCUS = "OptionList"

    top = getters.query_one("#top", Line)
    options = getters.query_one(OptionList)
    about = getters.query_one("#about", Static)
    keys = getters.query_one("#keys", Line)

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__()
        self._signed = signed
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._people: list[Person] = []
        self._trail: list[AnnotatorAction] = []
        self._names: dict[str, str] = {}
        self._said: Content | None = cards.waiting("Measuring")

    @property
    def gonogo(self) -> GonogoApp:
        return cast("GonogoApp", self.app)

    @property
    def person(self) -> Person | None:
        """Who is under the cursor."""
        at = self.options.highlighted
        return self._people[at] if at is not None and at < len(self._people) else None

    def compose(self) -> ComposeResult:
        yield Line(id="top")
        with Horizontal(id="work"):
            yield OptionList(markup=False)
            with VerticalScroll(id="pane"):
                yield Static(id="about", markup=False)
        yield Line(id="keys")

    def on_mount(self) -> None:
        said = ("annotators  ", "bold $accent"), (one_line(self._campaign_name, 60), "$foreground")
        self.top.show(Content.assemble(*said))
        self.action_refresh()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # --- asking the server -----------------------------------------------------------------------------

    def _work(self, what: Callable[[GonogoClient], Awaitable[None]]) -> None:
        working.begin(self, self._do, what, group="annotators")

    async def _do(self, what: Callable[[GonogoClient], Awaitable[None]]) -> None:
        try:
            async with await self.gonogo.services.client(self._signed) as client:
                await what(client)
        except (GonogoClientError, DeskError) as error:
            step = getattr(error, "next_step", "")
            if self._people:
                self.gonogo.say(f"{error} {step}", error=True, seconds=15)
                return
            self._said = cards.problem("The annotators could not be read", error)
            self._show()

    def action_refresh(self) -> None:
        self._work(self._load)

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
        self._people, self._said = annotator_words.people(states, report), None
        self.options.clear_options()
        self.options.add_options([Option(annotator_words.entry(one)) for one in self._people])
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
            self.about.update(Content.styled(annotator_words.NOBODY, "$foreground"))
        else:
            self.about.update(annotator_words.about(person, self._trail, self._names))
        lines.show_keys(self.keys, actions.ANNOTATORS)

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

    def _ask(self, person: Person, action: AnnotatorVerb) -> None:
        """The consequence as the server counts it, then a reason for the trail; Esc does nothing."""

        async def ask(client: GonogoClient) -> None:
            found: AnnotatorActionPreview | None = None
            with contextlib.suppress(NotFoundError):  # a server of an earlier version counts nothing beforehand
                found = await client.preview_annotator_action(self._campaign_id, person.state.voter_id, action)
            said = annotator_words.confirm(person, found, action)
            self.app.push_screen(Asking(said, annotator_words.no_reason), answered)

        def answered(reason: str | None) -> None:
            if reason is not None:
                self._act(person, action, reason)

        self._work(ask)

    def _act(self, person: Person, action: AnnotatorVerb, reason: str) -> None:
        async def act(client: GonogoClient) -> None:
            wanted = AnnotatorActionCreate(action=action, note=reason or None)
            made = await client.act_on_annotator(self._campaign_id, person.state.voter_id, wanted)
            touched = f" ({made.n_tasks} tasks)" if made.n_tasks else ""
            self.gonogo.say(f"{person.name}: {annotator_words.DONE[action]}{touched}.", seconds=5)
            await self._load(client)

        self._work(act)

    def action_back(self) -> None:
        self.dismiss()
