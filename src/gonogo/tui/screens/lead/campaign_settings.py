"""Campaign settings screen: when tasks settle, votes, unit, review and guideline, each counted before it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from gonogo.desk.lead.campaign_settings import SettingsDraft, fetch_settings, preview_draft, save_draft
from gonogo.tui import actions
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.lead import campaign_settings
from gonogo.tui.presenters.lead.campaign_settings import FIELDS, GROUPS, GUIDELINE, SettingField
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.server_calls import ServerCalls, ServerError
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets.choice_field import ChoiceField
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.account.identity import SignedIn
    from gonogo.desk.lead.campaign_settings import StoredSettings

COUNT_AFTER = 0.4
"""Seconds without a key after which the effect of the changes is counted: counting measures the whole campaign."""


class CampaignSettingsScreen(Screen[None]):
    """Form of a campaign's settings. Nothing is changed before a confirmation that says what it would do."""

    CSS_PATH = "campaign_settings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.SETTINGS.bindings()]
    ACTION_SCOPES = (actions.SETTINGS,)
    AUTO_FOCUS = ""

    top = getters.query_one("#top", StatusLine)
    form = getters.query_one("#form", Vertical)
    effect = getters.query_one("#effect", Static)
    keys = getters.query_one("#keys", KeyFooter)

    gonogo = AppGetter()

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__()
        self._signed = signed
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._draft: SettingsDraft | None = None
        self._problems: dict[str, str] = {}
        self._timer: Timer | None = None
        self._was_warned = False  # Esc was pressed while changes are unsaved

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        yield Vertical(Static(empty_state.waiting("Reading the settings"), id="card", markup=False), id="form")
        yield Static(id="effect", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.calls = ServerCalls(self, partial(self.gonogo.services.client, self._signed), self._on_error)
        campaign = one_line(self._campaign_name, 60)
        self.top.show(Content.assemble(("settings  ", "bold $accent"), (campaign, "$foreground")))
        self.keys.show_actions(actions.in_scope(actions.SETTINGS))
        self.action_retry()

    # --- the server ------------------------------------------------------------------------------------

    def _on_error(self, error: ServerError) -> None:
        if self._draft is None:
            self._show_card(empty_state.problem("The settings could not be read", error))
        else:
            self.effect.update(content(f"! {error} {error.next_step}", 600))

    async def _load(self, client: GonogoClient) -> None:
        await self._show_stored(await fetch_settings(client, self._campaign_id))

    async def _show_stored(self, stored: StoredSettings | None) -> None:
        """Shows the settings as the server has them, in place of the form's text."""
        if stored is None:
            self._show_card(campaign_settings.PLAIN_SERVER)
            return
        first = self._draft is None
        self._draft, self._problems = SettingsDraft(stored), {}
        if first:
            self.remove_class("-plain")
            await self.form.remove_children()
            await self.form.mount(*self._rows(self._draft))
            self.form.query(Input).first().focus()
        self._fill()
        self._show_unchanged()

    def _show_card(self, card: Content) -> None:
        self.add_class("-plain")
        self.query_one("#card", Static).update(Content.assemble(card))

    async def _count(self, client: GonogoClient) -> None:
        draft = self._draft
        if draft is not None:
            effect = await preview_draft(client, draft)
            lines = campaign_settings.effect_lines(draft, effect)
            self.effect.update(Content("\n").join([content(line, 400) for line in lines]))

    # --- showing ---------------------------------------------------------------------------------------

    def _rows(self, draft: SettingsDraft) -> Iterator[Widget]:
        """Widgets of the settings that the server has, group by group."""
        for heading, fields in GROUPS:
            known = [field for field in fields if draft.has(field.name)]
            if known:
                yield Static(content(heading), classes="group", markup=False)
            for field in known:
                editor = None if field.name == GUIDELINE else _editor(field)
                label = Static(content(field.label), classes="label", markup=False)
                note = Static(classes="note", markup=False)
                note.id = f"note-{field.name}"
                yield Horizontal(label, *([editor] if editor else []), note, classes="row")
                yield Static(content(field.meaning), classes="meaning", markup=False)
        yield TextArea(id=GUIDELINE, soft_wrap=True, tab_behavior="focus", compact=True)

    def _fill(self) -> None:
        """Puts the stored values into the fields."""
        assert self._draft is not None
        for name, field in FIELDS.items():
            if self._draft.has(name):
                editor, value = self.query_one(f"#{name}"), self._draft.before(name)
                if isinstance(editor, ChoiceField):
                    editor.show(value)
                elif isinstance(editor, Input):
                    editor.value = field.text(value)
                elif isinstance(editor, TextArea):
                    editor.text = field.text(value)
                self._show_note(name)

    def _show_unchanged(self) -> None:
        assert self._draft is not None
        line = campaign_settings.fixed_line(self._draft.stored.campaign)
        self.effect.update(Content.styled(line, "$quiet"))

    def _show_note(self, name: str) -> None:
        """Shows the problem of a field, or the stored value beside a changed one."""
        assert self._draft is not None
        note, problem = self.query_one(f"#note-{name}", Static), self._problems.get(name, "")
        if problem:
            note.update(Content.styled(f"! {problem}", "$warning"))
        elif name in self._draft.changes:
            before = FIELDS[name].text(self._draft.before(name)) or "none"
            note.update(Content.styled("changed" if name == GUIDELINE else f"was {before}", "$accent"))
        else:
            note.update("")

    # --- editing ---------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        name = event.input.id or ""
        if self._draft is None or name not in FIELDS:
            return
        try:
            value = FIELDS[name].parse(event.value)
        except ValueError as wanted:
            self._problems[name] = str(wanted)
            self._draft.forget(name)
            self._changed(name)
        else:
            self._problems.pop(name, None)
            self._change(name, value)

    @on(ChoiceField.Changed)
    def _chosen(self, event: ChoiceField.Changed) -> None:
        self._change(event.field.id or "", event.value)

    @on(TextArea.Changed)
    def _written(self, event: TextArea.Changed) -> None:
        text = event.text_area.text
        too_long = len(text) > campaign_settings.MAX_GUIDELINE
        if too_long:
            self._problems[GUIDELINE] = f"at most {campaign_settings.MAX_GUIDELINE} characters, these are {len(text)}"
        else:
            self._problems.pop(GUIDELINE, None)
        self._change(GUIDELINE, text or None)

    def _change(self, name: str, value: object) -> None:
        if self._draft is not None:
            self._draft.change(name, value)
            self._changed(name)

    def _changed(self, name: str) -> None:
        """Shows what became of a field, and counts the effect a moment later."""
        assert self._draft is not None
        self._was_warned = False
        self._show_note(name)
        if self._timer is not None:
            self._timer.stop()
        if not self._draft.changes:
            self._show_unchanged()
            return
        self.effect.update(content(campaign_settings.COUNTING))
        self._timer = self.set_timer(COUNT_AFTER, lambda: self.calls.start(self._count, "count"))

    # --- actions ---------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        """Reads the settings, unless they are shown: that would drop what was typed."""
        if self._draft is None:
            self.calls.read(self._load, "load")

    def action_previous(self) -> None:
        self.focus_previous()

    def action_next(self) -> None:
        self.focus_next()

    def action_save(self) -> None:
        if self._draft is None:
            return
        if self._problems:
            name, problem = next(iter(self._problems.items()))
            self.query_one(f"#{name}").focus()
            self.gonogo.show_notice(f"{FIELDS[name].label}: {problem}.", warning=True)
            return
        self.calls.start(partial(self._confirm, self._draft), "save")

    async def _confirm(self, draft: SettingsDraft, client: GonogoClient) -> None:
        """Asks with the effect as it is now, not as it was while typing."""
        effect = await preview_draft(client, draft)
        if not draft.changes and not (effect and effect.n_resettled):
            self.gonogo.show_notice("Nothing is changed.")
            return

        def act(word: str | None) -> None:
            if word is not None:
                save = partial(self._save, draft, word == "resettle")
                reload = partial(self._reload, dict(draft.changes))
                self.calls.change(save, "save", then=reload, on_error=self._on_error)

        card = campaign_settings.confirmation_card(self._campaign_name, draft, effect)
        self.app.push_screen(ConfirmScreen(card, campaign_settings.check_word(draft, effect)), act)

    async def _save(self, draft: SettingsDraft, resettle: bool, client: GonogoClient) -> None:
        await save_draft(client, draft, resettle=resettle)
        self.gonogo.show_notice("The settings are saved.", seconds=4)

    def _reload(self, saved: Mapping[str, object]) -> None:
        """Reads what was saved; keeps the form as it is if more was typed before the server answers."""

        async def load(client: GonogoClient) -> None:
            stored = await fetch_settings(client, self._campaign_id)
            if self._draft is not None and self._draft.changes == saved and not self._problems:
                await self._show_stored(stored)

        self.calls.read(load, "load")

    def action_back(self) -> None:
        changed = len(self._draft.changes) + len(self._problems) if self._draft is not None else 0
        if changed and not self._was_warned:
            self._was_warned = True
            what, them = ("1 change isn't saved", "it") if changed == 1 else (f"{changed} changes aren't saved", "them")
            self.gonogo.show_notice(f"{what}: Ctrl+S saves, Esc again drops {them}.")
            return
        self.dismiss()


def _editor(field: SettingField) -> Widget:
    if field.choices:
        return ChoiceField(field.choices, id=field.name)
    return Input(id=field.name, max_length=20)
