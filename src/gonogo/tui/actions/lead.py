"""Actions of leads: keys, labels and help of the campaigns, settings, quality, annotators and gold screens."""

from __future__ import annotations

from gonogo.tui.actions.action_types import Action, Scope

LEAD = Scope(
    "lead", "Campaigns",
    Action("quality", "quality", "What its labels are worth.", ("y",), "quality", 1),
    Action("review", "review", "Its review queue.", ("v",), "review", 2),
    Action("model", "model", "What the model's predictions are worth alone.", ("m",), "model", 6),
    Action("invite", "invite", "Invite a person by e-mail.", ("i",), "invite", 3),
    Action("people", "people", "Choose someone: new link, pause, remove.", ("d",), "people", 4),
    Action("settings", "settings", "When tasks settle, votes, unit, review, guideline.", ("s",), "settings", 5),
    Action("close", "close", "Close it for answers.", ("c",), "close", 6),
    Action("promote", "promote", "Copy what is settled to the golden dataset.", ("p",), "promote", 7),
    Action("results", "results", "Its cases, by the results API.", ("e",), "results", 8),
    Action("refresh", "refresh", "Ask the server again.", ("r",), "refresh", 9),
    Action("find", "find", "Only campaigns with these words in them.", ("slash",), "find"),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 10),
)  # fmt: skip

SETTINGS = Scope(
    "settings", "Campaign settings",
    Action("save", "save", "Say what the changes do, then save them.", ("ctrl+s",), "save", 1),
    Action("previous", "field before", "The field before.", ("up",), "previous", 2),
    Action("next", "next field", "The next field; Tab does the same.", ("down",), "next", 3),
    Action("retry", "retry", "Settings that could not be read: ask the server again.", ("r",), "retry"),
    Action("back", "back", "Back; asks about unsaved changes.", ("escape",), "back", 5),
)  # fmt: skip

QUALITY = Scope(
    "quality", "Quality",
    Action("refresh", "refresh", "Measure again.", ("r",), "refresh", 1),
    Action("annotators", "annotators", "Flags; pause, discount, ask again.", ("p",), "annotators", 2),
    Action("candidates", "gold", "Rulings proposed as gold.", ("g",), "candidates", 3),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 4),
)  # fmt: skip

MODEL = Scope(
    "model", "What a model is worth",
    Action("context", "context", "Show more of the sheet.", ("z",), "context", 1),
    Action("down", "page", "The next page of the report.", ("pagedown",), "scroll(1)"),
    Action("up", "page back", "The page before.", ("pageup",), "scroll(-1)"),
    Action("refresh", "refresh", "Read the predictions again.", ("r",), "refresh", 2),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 3),
)  # fmt: skip

ANNOTATORS = Scope(
    "annotators", "People of a campaign",
    Action("invite", "invite", "Invite somebody by e-mail.", ("i",), "invite", 5),
    Action("again", "new link", "Give this person a new link; old sessions end.", ("a",), "again", 6),
    Action("remove", "remove", "End this person's assignment; votes stay.", ("x",), "remove", 7),
    Action("pause", "pause", "No new tasks for this person; or again.", ("p",), "pause", 1),
    Action("discount", "discount", "Take the votes out; or back in.", ("d",), "discount", 2),
    Action("reopen", "ask again", "Ask these tasks again.", ("o",), "reopen", 3),
    Action("refresh", "refresh", "Ask the server again.", ("r",), "refresh", 8),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 4),
)  # fmt: skip

CANDIDATES = Scope(
    "candidates", "Gold candidates",
    Action("accept", "accept", "Make it gold.", ("a",), "accept", 1, verdict=True),
    Action("decline", "decline", "Not gold; the ruling stays.", ("s",), "decline", 2, True),
    Action("all", "accept all", "Make all in the list gold.", ("A",), "accept_all", 3),
    Action("status", "status", "Proposed, accepted, or declined.", ("t",), "next_status", 4),
    Action("context", "context", "Show more of the sheet.", ("z",), "context", 6),
    Action("refresh", "refresh", "Ask the server again.", ("r",), "refresh", 7),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 8),
)  # fmt: skip
