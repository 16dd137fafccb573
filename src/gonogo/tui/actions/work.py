"""Actions of annotators: keys, labels and help of the annotate, history and practice screens."""

from __future__ import annotations

from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui.actions.action_types import Action, Scope

_CONFIDENCE = ("a guess", "rather unsure", "half sure", "rather sure", "certain")


def _answers() -> list[Action]:
    """The verdicts and the correction, by rank."""
    verdicts = [
        Action(word, word, traits.help, (traits.keys["default"],), f"decide('{word}')", traits.rank, verdict=True)
        for word, traits in VERDICTS.items()
    ]
    fix = Action("fix", "fix", "The value is wrong: type the right one.", ("d",), "fix", 3, verdict=True)
    return sorted([*verdicts, fix], key=lambda action: action.rank or 0)


def _confidence(level: int) -> Action:
    """Confidence `level` of 5, for the answer that follows."""
    help_text = f"Before the answer: {_CONFIDENCE[level - 1]} (confidence {level} of 5)."
    return Action(f"sure{level}", f"sure {level}", help_text, (str(level),), f"sure({level})")


ANNOTATE = Scope(
    "annotate", "Answering",
    *_answers(),
    Action("undo", "undo", "Take the last answer back.", ("u", "backspace"), "undo", 6),
    Action("context", "context", "Show more of the sheet: detail, view, sheet.", ("z",), "pane('context')", 7),
    Action("whole", "sheet", "The whole drawing: pages, search, title block.", ("Z",), "app.whole_sheet", 9),
    Action("guideline", "guideline", "The question in full, and the guideline.", ("g",), "about", 9),
    *(_confidence(level) for level in range(1, 6)),
    Action("note", "note", "A note with the answer, such as “unreadable”.", ("n",), "notes('add')", 10),
    Action("ask", "ask lead", "Give the question to the lead, with the reason.", ("q",), "notes('ask')", 12),
    Action("later", "later", "Put the question off: it comes back later.", ("w",), "notes('later')", 11),
    Action("history", "history", "What you answered, and what became of it.", ("h",), "history", 8),
    Action("left", "left", "Move the drawing left.", ("left",), "pane('pan(-1, 0)')"),
    Action("right", "right", "Move the drawing right.", ("right",), "pane('pan(1, 0)')"),
    Action("up", "up", "Move the drawing up.", ("up",), "pane('pan(0, -1)')"),
    Action("down", "down", "Move the drawing down.", ("down",), "pane('pan(0, 1)')"),
    Action("closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), "pane('zoom(1)')"),
    Action("away", "away", "Make the drawing smaller.", ("minus",), "pane('zoom(-1)')"),
    Action("home", "home", "Back to the detail as it was.", ("0", "home"), "pane('home')"),
    Action("rotate", "turn", "Turn the drawing by a quarter.", ("o",), "pane('rotate')", 13),
    Action("rotate_little", "turn 15°", "Turn the drawing by 15 degrees.", ("O",), "pane('rotate(15)')"),
    Action("invert", "invert", "Swap ink and paper of the drawing.", ("i",), "pane('invert')", 15),
    Action("mode", "mode", "Draw in finer or simpler characters.", ("m",), "pane('mode')", 17),
    Action("outside", "viewer", "Open the crop in the system's viewer.", ("v",), "pane('view_outside')", 18),
    Action("pace", "pace", "Show or hide the pace and the time left.", ("p",), "pace"),
    Action("practice", "practice", "Practice: see the right answer at once.", ("t",), "practice", 16),
    Action("retry", "retry", "Try the server or the drawing again now.", ("r",), "retry", 14),
)  # fmt: skip

EQUAL = Scope(
    "equal", "Equal values on one page",
    Action("confirm", "confirm", "Save the page: all right but the struck.", ("enter",), "confirm", 1, verdict=True),
    Action(
        "strike", "strike", "Wrong: the drawing at the cursor; again: right.", ("space", "s"), "mark('incorrect')", 2,
        verdict=True,
    ),
    Action("unsure", "unsure", "Unsure of it; again: right.", ("f",), "mark('unsure')", 3, verdict=True),
    Action("undo", "undo", "Take the last page, or answer, back.", ("u", "backspace"), "undo", 4),
    Action("alone", "one by one", "Ask the questions of this page one by one.", ("o",), "alone", 5, verdict=True),
    Action("guideline", "guideline", "The question at the cursor, and the guideline.", ("g",), "about", 7),
    Action("history", "history", "What you answered, and what became of it.", ("h",), "history", 6),
    Action("left", "left", "The drawing to the left.", ("left",), "move(-1, 0)"),
    Action("right", "right", "The drawing to the right.", ("right",), "move(1, 0)"),
    Action("up", "up", "The drawing above.", ("up",), "move(0, -1)"),
    Action("down", "down", "The drawing below.", ("down",), "move(0, 1)"),
    Action("retry", "retry", "Try the server and the drawings again now.", ("r",), "retry", 8),
)  # fmt: skip

EDIT = Scope(
    "edit", "Typing the right value",
    Action("send", "send", "Send “incorrect” with this value.", ("enter",), "send", 1),
    Action("leave", "back", "Close the line; it keeps what you typed.", ("escape",), "leave", 2),
    Action("diameter", "⌀", "Put the diameter sign, or take it away.", ("f3",), "repair('diameter')", 3),
    Action("sign", "+/-", "Swap the signs of the tolerance.", ("f4",), "repair('sign')", 4),
    Action("tolerance", "tol", "Put the tolerance back as read.", ("f5",), "repair('tolerance')", 5),
    Action("comma", ",/.", "Decimal comma to point, or back.", ("f6",), "repair('comma')", 6),
    Action("unit", "unit", "The next unit: none, mm, in.", ("f7",), "repair('unit')", 7),
    Action("symbols", "signs", "Pick a sign; Alt and its letter at once.", ("f8", "ctrl+k"), "pane('symbols')", 3),
    Action("complete", "name", "Name before the cursor to its sign: pos ⌖.", ("tab",), "pane('complete_sign')", 9),
    Action("incorrect", "wrong", "Send “incorrect” without a value.", ("ctrl+s",), "incorrect", 8),
)  # fmt: skip

CHOOSE = Scope(
    "choose", "Choosing a campaign",
    Action("retry", "retry", "Ask the server for the list again.", ("r",), "retry", 1),
    Action("find", "find", "Only campaigns with these words in them.", ("slash",), "find", 2),
)  # fmt: skip

HISTORY = Scope(
    "history", "The history",
    Action("open", "details", "One answer with its question in full.", ("enter",), "open", 1),
    Action("search", "search", "Find answers by any words in them.", ("slash",), "search", 2),
    Action("open_only", "not sent", "Only what has not reached the server.", ("w",), "only_open", 4),
    Action("again", "answer again", "Change an answer, or answer a refused question again.", ("a",), "again", 3),
    Action("resend", "resend", "Send a refused answer once more.", ("r",), "resend", 7),
    Action("drop", "drop", "Delete a refused answer here, after asking.", ("x",), "drop", 8),
    Action("undo", "take back", "Take the last answer back.", ("u", "backspace"), "undo", 6),
    Action("ids", "ids", "Show the ids in the details, or not.", ("i",), "ids", 9),
    Action("back", "back", "Back to where you came from.", ("escape", "h", "q"), "back", 5),
)  # fmt: skip

SHEET = Scope(
    "sheet", "The whole drawing",
    Action("back", "back", "Back to the question as it was.", ("escape", "enter"), "back", 1),
    Action("find", "find", "Find a text of the drawing.", ("slash",), "find", 2),
    Action("next", "next", "The next place with that text.", ("n",), "hit(1)", 9),
    Action("previous", "before", "The place before with that text.", ("N",), "hit(-1)"),
    Action("title", "title", "To the title block.", ("1",), "bookmark('title block')", 4),
    Action("notes", "notes", "To the notes.", ("2",), "bookmark('notes')", 5),
    Action("tolerances", "tolerances", "To the general tolerances.", ("3",), "bookmark('general tolerances')", 6),
    Action("home", "its box", "To the box of the question.", ("0", "home"), "question", 7),
    Action("context", "all", "All of the page, or the place again.", ("z",), "context", 8),
    Action("page_on", "page", "The next page.", ("pagedown",), "page(1)", 3),
    Action("page_back", "page back", "The page before.", ("pageup",), "page(-1)"),
    Action("left", "left", "Move the drawing left.", ("left",), "pan(-1, 0)"),
    Action("right", "right", "Move the drawing right.", ("right",), "pan(1, 0)"),
    Action("up", "up", "Move the drawing up.", ("up",), "pan(0, -1)"),
    Action("down", "down", "Move the drawing down.", ("down",), "pan(0, 1)"),
    Action("closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), "zoom(1)", 10),
    Action("away", "away", "Make the drawing smaller.", ("minus",), "zoom(-1)"),
    Action("rotate", "turn", "Turn the drawing by a quarter.", ("o",), "rotate", 11),
    Action("mode", "mode", "Draw in finer or simpler characters.", ("m",), "mode"),
    Action("retry", "retry", "Try the drawing again.", ("r",), "retry", 12),
    Action("invert", "invert", "Swap ink and paper of the drawing.", ("i",), "invert"),
)  # fmt: skip

TOUR = Scope(
    "tour", "The tour at the first start of the demo",
    Action("skip", "skip the tour", "Leave the tour; it never comes again.", ("escape",), "skip_tour"),
)  # fmt: skip

PRACTICE = Scope(
    "practice", "Practice",
    Action("on", "next", "The next item.", ("enter",), "go_on", 1, verdict=True),
    Action("more", "more", "Another round, or try again.", ("r",), "more", 3),
    Action("end", "to the queue", "Leave practice.", ("escape",), "end", 2),
)  # fmt: skip
