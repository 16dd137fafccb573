"""Actions of experts: keys, labels and help of the review queue, adjudication and the contact sheet."""

from __future__ import annotations

from gonogo.schemas.verdicts import VERDICTS, VerdictTraits
from gonogo.tui.actions.action_types import Action, Scope

TYPE_RANK = 3
"""Rank of typing a value, between the rulings."""


def _ruling(traits: VerdictTraits) -> Action:
    name = traits.ruling.action
    key = traits.keys["default"]
    return Action(
        name, traits.ruling.key_label, traits.ruling.help, (key,), f"rule('{name}')", traits.rank, verdict=True
    )


def _rulings() -> list[Action]:
    """The rulings, those that take a voter's value, and the one that types a value."""
    rulings = [_ruling(traits) for traits in VERDICTS.values()]
    type_value = Action(
        "type", "type value", "Read wrong: type the right value.", ("d",), "type", TYPE_RANK, verdict=True
    )
    return [
        *(ruling for ruling in rulings if (ruling.rank or 0) < TYPE_RANK),
        *(_take(number) for number in range(1, 10)),
        type_value,
        *(ruling for ruling in rulings if (ruling.rank or 0) > TYPE_RANK),
    ]


def _take(number: int) -> Action:
    help_text = f"Wrong; value {number} of the voters is the right one."
    return Action(f"take{number}", str(number), help_text, (str(number),), f"take({number})")


REVIEW = Scope(
    "review", "The review queue",
    Action("open", "open", "Rule on this task.", ("enter",), "open", 1, verdict=True),
    Action("contact", "contact sheet", "Several at a time, wrong ones struck.", ("c",), "contact", 2),
    Action("group", "group", "By cause, by equal value, or not.", ("b",), "group", 4),
    Action("apply", "others like it", "The group on a sheet, with your last ruling on it.", ("o",), "apply", 5),
    Action("text", "find", "Only tasks with a text in them.", ("slash",), "filter('text')", 3),
    Action("status", "status", "Another status: review, open, resolved.", ("t",), "next_status", 6),
    Action("kind", "kind", "Only one kind, such as dimension.", ("k",), "filter('kind')", 7),
    Action("who", "annotator", "Only what one person voted on.", ("w",), "filter('annotator')", 8),
    Action("sheet", "sheet", "Only one drawing.", ("h",), "filter('sheet')", 9),
    Action("sample", "sample", "Add a sample of settled tasks, or not.", ("m",), "sample", 10),
    Action("noted", "noted", "Only tasks with a note of an annotator, or all.", ("n",), "noted", 10),
    Action("clear", "all", "Everything to review: no filter.", ("x",), "clear", 11),
    Action("quality", "quality", "What the labels of this campaign are worth.", ("y",), "quality", 4),
    Action("candidates", "gold", "Rulings proposed as gold.", ("g",), "candidates", 5),
    Action("annotators", "annotators", "Flags; pause, discount, ask again.", ("p",), "annotators"),
    Action("lead", "campaigns", "All campaigns: progress, people, promote.", ("l",), "lead", 12),
    Action("undo", "undo", "Take the last ruling back.", ("u", "backspace"), "undo", 13),
    Action("retry", "retry", "Read the list again.", ("r",), "retry", 14),
)  # fmt: skip

ADJUDICATE = Scope(
    "adjudicate", "Ruling",
    *_rulings(),
    Action("undo", "undo", "Take the last ruling back.", ("u", "backspace"), "undo", 6),
    Action("apply", "others like it", "Apply your last ruling to the others of its group.", ("o",), "apply", 5),
    Action("note", "note", "Say why; it goes with the ruling.", ("n",), "note", 7),
    Action("gold", "gold", "Propose the ruled task as gold, or not.", ("g",), "gold", 8),
    Action("error", "error type", "What is wrong with the prediction.", ("e",), "error", 10),
    Action("names", "names", "Show or hide who voted.", ("b",), "names", 9),
    Action("later", "later", "Go on without a ruling.", ("l",), "later", 11),
    Action("context", "context", "Show more of the sheet.", ("z",), "pane('context')", 12),
    Action("whole", "sheet", "The whole drawing: pages, search, title block.", ("Z",), "app.whole_sheet", 15),
    Action("question", "question", "Question and value in full; i there shows the ids.", ("v",), "about"),
    Action("left", "left", "Move the drawing left.", ("left",), "pane('pan(-1, 0)')"),
    Action("right", "right", "Move the drawing right.", ("right",), "pane('pan(1, 0)')"),
    Action("up", "up", "Move the drawing up.", ("up",), "pane('pan(0, -1)')"),
    Action("down", "down", "Move the drawing down.", ("down",), "pane('pan(0, 1)')"),
    Action("closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), "pane('zoom(1)')"),
    Action("away", "away", "Make the drawing smaller.", ("minus",), "pane('zoom(-1)')"),
    Action("more", "more", "Further down in the votes.", ("pagedown",), "scroll_votes(1)"),
    Action("less", "less", "Further up in the votes.", ("pageup",), "scroll_votes(-1)"),
    Action("retry", "retry", "Try the server or the drawing again.", ("r",), "retry", 13),
    Action("list", "list", "Back to the queue.", ("escape",), "list", 14),
)  # fmt: skip

CONTACT = Scope(
    "contact", "The contact sheet",
    Action("confirm", "confirm page", "Rule on all marked, and where all votes agree.", ("enter",), "confirm", 1, True),
    Action("accept", "right", "This one is read right; again: by its votes.", ("a",), "accept", 2, True),
    Action("strike", "wrong", "This one is read wrong; again: by its votes.", ("s", "space"), "strike",
           3, True),
    Action("leave", "leave out", "No ruling on this one now; again: by its votes.", ("f",), "leave_out", 4),
    Action("left", "left", "The one to the left.", ("left",), "move(-1, 0)"),
    Action("right", "right", "The one to the right.", ("right",), "move(1, 0)"),
    Action("up", "up", "The one above.", ("up",), "move(0, -1)"),
    Action("down", "down", "The one below.", ("down",), "move(0, 1)"),
    Action("undo", "undo page", "Take the last page back.", ("u", "backspace"), "undo", 5),
    Action("open", "open", "Rule on this one with all its votes.", ("o",), "open", 6),
    Action("list", "list", "Back to the queue.", ("escape",), "list", 7),
)  # fmt: skip

CLUSTER = Scope(
    "cluster", "The sheet of a group",
    Action("confirm", "confirm page", "Rule as each says below; what waits is left.", ("enter",), "confirm", 1, True),
    Action("strike", "out or in", "Leave this one out, or put it in; again: as it was.", ("space",), "strike", 2, True),
    Action("left", "left", "The one to the left.", ("left",), "move(-1, 0)"),
    Action("right", "right", "The one to the right.", ("right",), "move(1, 0)"),
    Action("up", "up", "The one above.", ("up",), "move(0, -1)"),
    Action("down", "down", "The one below.", ("down",), "move(0, 1)"),
    Action("undo", "undo page", "Take the last page back.", ("u", "backspace"), "undo", 3),
    Action("open", "open", "Rule on this one with all its votes.", ("o",), "open", 4),
    Action("list", "back", "Back to the queue, or to the ruling.", ("escape",), "list", 5),
)  # fmt: skip
