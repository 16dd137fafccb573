"""The one registry of what a person can do: bindings, footer, help and palette are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding

ANNOTATE = "annotate"
EDIT = "edit"
HISTORY = "history"
REVIEW = "review"
ADJUDICATE = "adjudicate"
CONTACT = "contact"
QUALITY = "quality"
CANDIDATES = "candidates"
ANNOTATORS = "annotators"
PRACTICE = "practice"
LEAD = "lead"
RESULTS = "results"
CASE = "case"
EVERYWHERE = "everywhere"
HEADINGS = {
    ANNOTATE: "Answering",
    REVIEW: "The review queue",
    ADJUDICATE: "Ruling",
    CONTACT: "The contact sheet",
    QUALITY: "Quality",
    CANDIDATES: "Gold candidates",
    ANNOTATORS: "Annotators",
    PRACTICE: "Practice",
    LEAD: "Campaigns",
    RESULTS: "Results",
    CASE: "One case of the results",
    EDIT: "Typing the right value",
    HISTORY: "The history",
    EVERYWHERE: "Everywhere",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `keys` are Textual key names; `call` is the action string of its scope's screen (or of the app).

    `title` is the word in the footer, `help` the sentence in help and palette. `rank` orders the footer (lowest is
    dropped last when the line is too short); `None` keeps it out. `verdict` marks the keys under the key guard.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    scope: str
    call: str
    rank: int | None = None
    verdict: bool = False


def _verdict(name: str, key: str, help_text: str, rank: int) -> Action:
    call = f"decide('{name}')"
    return Action(f"annotate.{name}", name, help_text, (key,), ANNOTATE, call, rank, verdict=True)


def _ruling(name: str, title: str, help_text: str, key: str, rank: int) -> Action:
    return Action(f"adjudicate.{name}", title, help_text, (key,), ADJUDICATE, f"rule('{name}')", rank, verdict=True)


def _take(number: int) -> Action:
    help_text = f"Wrong; value {number} of the voters is the right one."
    return Action(f"adjudicate.take{number}", str(number), help_text, (str(number),), ADJUDICATE, f"take({number})")


REVIEWING: tuple[Action, ...] = (
    Action("review.open", "open", "Rule on this task.", ("enter",), REVIEW, "open", 1, verdict=True),
    Action("review.contact", "contact sheet", "Several at a time, wrong ones struck.", ("c",), REVIEW, "contact", 2),
    Action("review.text", "find", "Only tasks with a text in them.", ("slash",), REVIEW, "filter('text')", 3),
    Action("review.status", "status", "Another status: review, open, resolved.", ("t",), REVIEW, "next_status", 6),
    Action("review.kind", "kind", "Only one kind, such as dimension.", ("k",), REVIEW, "filter('kind')", 7),
    Action("review.who", "annotator", "Only what one person voted on.", ("w",), REVIEW, "filter('annotator')", 8),
    Action("review.sheet", "sheet", "Only one drawing.", ("h",), REVIEW, "filter('sheet')", 9),
    Action("review.sample", "sample", "Add a sample of settled tasks, or not.", ("m",), REVIEW, "sample", 10),
    Action("review.clear", "all", "All that needs an expert: no filter.", ("x",), REVIEW, "clear", 11),
    Action("review.quality", "quality", "What the labels of this campaign are worth.", ("y",), REVIEW, "quality", 4),
    Action("review.candidates", "gold", "Rulings proposed as gold.", ("g",), REVIEW, "candidates", 5),
    Action("review.annotators", "annotators", "Flags; pause, discount, ask again.", ("p",), REVIEW, "annotators"),
    Action("review.lead", "campaigns", "All campaigns: progress, people, promote.", ("l",), REVIEW, "lead", 12),
    Action("review.undo", "undo", "Take the last ruling back.", ("u", "backspace"), REVIEW, "undo", 13),
    Action("review.retry", "retry", "Read the list again.", ("r",), REVIEW, "retry", 14),
    _ruling("uphold", "uphold", "The value is read right, whoever said otherwise.", "a", 1),
    _ruling("reject", "reject", "Read wrong; the right value stays open.", "s", 2),
    *(_take(number) for number in range(1, 10)),
    Action("adjudicate.type", "type", "Read wrong: type the right value.", ("d",), ADJUDICATE, "type", 3, verdict=True),
    _ruling("undecidable", "undecidable", "The drawing does not tell.", "f", 4),
    Action("adjudicate.undo", "undo", "Take the last ruling back.", ("u", "backspace"), ADJUDICATE, "undo", 6),
    Action("adjudicate.note", "note", "Say why; it goes with the ruling.", ("n",), ADJUDICATE, "note", 7),
    Action("adjudicate.gold", "gold", "Propose the ruled task as gold, or not.", ("g",), ADJUDICATE, "gold", 8),
    Action("adjudicate.error", "error type", "What is wrong with the prediction.", ("e",), ADJUDICATE, "error", 10),
    Action("adjudicate.names", "names", "Show or hide who voted.", ("b",), ADJUDICATE, "names", 9),
    Action("adjudicate.later", "later", "Go on without a ruling.", ("l",), ADJUDICATE, "later", 11),
    Action("adjudicate.context", "context", "Show more of the sheet.", ("z",), ADJUDICATE, "context", 12),
    Action("adjudicate.left", "left", "Move the drawing left.", ("left",), ADJUDICATE, "pan(-1, 0)"),
    Action("adjudicate.right", "right", "Move the drawing right.", ("right",), ADJUDICATE, "pan(1, 0)"),
    Action("adjudicate.up", "up", "Move the drawing up.", ("up",), ADJUDICATE, "pan(0, -1)"),
    Action("adjudicate.down", "down", "Move the drawing down.", ("down",), ADJUDICATE, "pan(0, 1)"),
    Action("adjudicate.closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), ADJUDICATE, "zoom(1)"),
    Action("adjudicate.away", "away", "Make the drawing smaller.", ("minus",), ADJUDICATE, "zoom(-1)"),
    Action("adjudicate.more", "more", "Further down in the votes.", ("pagedown",), ADJUDICATE, "scroll_votes(1)"),
    Action("adjudicate.less", "less", "Further up in the votes.", ("pageup",), ADJUDICATE, "scroll_votes(-1)"),
    Action("adjudicate.retry", "retry", "Try the server or the drawing again.", ("r",), ADJUDICATE, "retry", 13),
    Action("adjudicate.list", "list", "Back to the queue.", ("escape",), ADJUDICATE, "list", 14),
    Action(
        "contact.confirm", "confirm page", "Struck: wrong. The others: right.", ("enter",), CONTACT, "confirm", 1, True
    ),
    Action("contact.strike", "strike", "This one is read wrong, or not.", ("s", "space"), CONTACT, "strike", 2, True),
    Action("contact.leave", "leave out", "No ruling on this one now, or one.", ("f",), CONTACT, "leave_out", 3),
    Action("contact.left", "left", "The one to the left.", ("left",), CONTACT, "move(-1, 0)"),
    Action("contact.right", "right", "The one to the right.", ("right",), CONTACT, "move(1, 0)"),
    Action("contact.up", "up", "The one above.", ("up",), CONTACT, "move(0, -1)"),
    Action("contact.down", "down", "The one below.", ("down",), CONTACT, "move(0, 1)"),
    Action("contact.undo", "undo page", "Take the last page back.", ("u", "backspace"), CONTACT, "undo", 4),
    Action("contact.open", "open", "Rule on this one with all its votes.", ("o",), CONTACT, "open", 6),
    Action("contact.list", "list", "Back to the queue.", ("escape",), CONTACT, "list", 7),
    Action("quality.refresh", "refresh", "Measure again.", ("r",), QUALITY, "refresh", 1),
    Action("quality.annotators", "annotators", "Flags; pause, discount, ask again.", ("p",), QUALITY, "annotators", 2),
    Action("quality.candidates", "gold", "Rulings proposed as gold.", ("g",), QUALITY, "candidates", 3),
    Action("quality.back", "back", "Back to where you came from.", ("escape",), QUALITY, "back", 4),
    Action("candidates.accept", "accept", "Make it gold.", ("a",), CANDIDATES, "accept", 1, verdict=True),
    Action("candidates.decline", "decline", "Not gold; the ruling stays.", ("s",), CANDIDATES, "decline", 2, True),
    Action("candidates.all", "accept all", "Make all in the list gold.", ("A",), CANDIDATES, "accept_all", 3),
    Action("candidates.status", "status", "Proposed, accepted, or declined.", ("t",), CANDIDATES, "next_status", 4),
    Action("candidates.context", "context", "Show more of the sheet.", ("z",), CANDIDATES, "context", 6),
    Action("candidates.refresh", "refresh", "Ask the server again.", ("r",), CANDIDATES, "refresh", 7),
    Action("candidates.back", "back", "Back to where you came from.", ("escape",), CANDIDATES, "back", 8),
    Action("practice.on", "next", "The next item.", ("enter",), PRACTICE, "go_on", 1, verdict=True),
    Action("practice.more", "more", "Another round, or try again.", ("r",), PRACTICE, "more", 3),
    Action("practice.end", "to the queue", "Leave practice.", ("escape",), PRACTICE, "end", 2),
    Action("annotators.pause", "pause", "No new tasks for this person; or again.", ("p",), ANNOTATORS, "pause", 1),
    Action("annotators.discount", "discount", "Take the votes out; or back in.", ("d",), ANNOTATORS, "discount", 2),
    Action("annotators.reopen", "ask again", "Have these tasks asked once more.", ("o",), ANNOTATORS, "reopen", 3),
    Action("annotators.refresh", "refresh", "Ask the server again.", ("r",), ANNOTATORS, "refresh", 4),
    Action("annotators.back", "back", "Back to where you came from.", ("escape",), ANNOTATORS, "back", 6),
    Action("lead.quality", "quality", "What its labels are worth.", ("y",), LEAD, "quality", 1),
    Action("lead.review", "review", "Its review queue.", ("v",), LEAD, "review", 2),
    Action("lead.invite", "invite", "Invite a person by e-mail.", ("i",), LEAD, "invite", 3),
    Action("lead.revoke", "revoke", "End a person's part in it.", ("d",), LEAD, "revoke", 4),
    Action("lead.close", "close", "Close it for answers.", ("c",), LEAD, "close", 6),
    Action("lead.promote", "promote", "Copy what is settled to the golden dataset.", ("p",), LEAD, "promote", 7),
    Action("lead.results", "results", "Its cases as the results API tells them.", ("e",), LEAD, "results", 8),
    Action("lead.refresh", "refresh", "Ask the server again.", ("r",), LEAD, "refresh", 9),
    Action("lead.back", "back", "Back to where you came from.", ("escape",), LEAD, "back", 10),
    Action("results.open", "open", "This case with all its fields.", ("enter",), RESULTS, "open", 1),
    Action("results.text", "find", "Only cases with these words in them.", ("slash",), RESULTS, "ask('text')", 2),
    Action("results.state", "state", "Only the next labeling state, then all.", ("t",), RESULTS, "next_state", 3),
    Action("results.sort", "sort", "By agreement, difficulty, state, number.", ("o",), RESULTS, "next_sort", 4),
    Action("results.reverse", "turn", "The other way round.", ("i",), RESULTS, "reverse", 7),
    Action("results.case", "go to", "To a case by its number.", ("g",), RESULTS, "ask('case')", 6),
    Action("results.task", "task", "Another task, by its number.", ("n",), RESULTS, "ask('task')", 9),
    Action("results.clear", "all", "No filter, in the order the server tells.", ("x",), RESULTS, "clear", 8),
    Action("results.refresh", "go on", "Read what is new, or go on after a break.", ("r",), RESULTS, "refresh", 10),
    Action("results.back", "back", "Back to where you came from.", ("escape",), RESULTS, "back", 11),
    Action("case.next", "next", "The next case of the list.", ("n", "right"), CASE, "step(1)", 1),
    Action("case.previous", "previous", "The one before.", ("p", "left"), CASE, "step(-1)", 2),
    Action("case.review", "review", "Rule on it, where it waits for an expert.", ("v",), CASE, "review", 3),
    Action("case.context", "context", "More of the sheet, then all of it.", ("z",), CASE, "context", 4),
    Action("case.refresh", "refresh", "Ask the server again.", ("r",), CASE, "refresh", 5),
    Action("case.back", "back", "Back to the list.", ("escape",), CASE, "back", 6),
)
"""What experts and leads do."""


_SURENESS = ("a guess", "rather unsure", "half sure", "rather sure", "certain")


def _sure(level: int) -> Action:
    """Confidence `level` / 5, for the answer that follows."""
    help_text = f"Before the answer: {_SURENESS[level - 1]} (confidence {level} of 5)."
    return Action(f"annotate.sure{level}", f"sure {level}", help_text, (str(level),), ANNOTATE, f"sure({level})")


ACTIONS: tuple[Action, ...] = (
    _verdict("correct", "a", "The value is read right; go to the next question.", 1),
    _verdict("incorrect", "s", "The value is read wrong; go to the next question.", 2),
    Action("annotate.fix", "fix", "The value is wrong: type the right one.", ("d",), ANNOTATE, "fix", 3, verdict=True),
    _verdict("unsure", "f", "The drawing does not tell. An answer, not a skip.", 4),
    Action("annotate.undo", "undo", "Take the last answer back.", ("u", "backspace"), ANNOTATE, "undo", 6),
    Action(
        "annotate.context", "context", "Show more of the sheet: detail, view, sheet.", ("z",), ANNOTATE, "context", 7
    ),
    Action("annotate.guideline", "guideline", "The question in full, and the guideline.", ("g",), ANNOTATE, "about", 9),
    *(_sure(level) for level in range(1, 6)),
    Action("annotate.history", "history", "What you answered, and what became of it.", ("h",), ANNOTATE, "history", 8),
    Action("annotate.left", "left", "Move the drawing left.", ("left",), ANNOTATE, "pan(-1, 0)"),
    Action("annotate.right", "right", "Move the drawing right.", ("right",), ANNOTATE, "pan(1, 0)"),
    Action("annotate.up", "up", "Move the drawing up.", ("up",), ANNOTATE, "pan(0, -1)"),
    Action("annotate.down", "down", "Move the drawing down.", ("down",), ANNOTATE, "pan(0, 1)"),
    Action("annotate.closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), ANNOTATE, "zoom(1)"),
    Action("annotate.away", "away", "Make the drawing smaller.", ("minus",), ANNOTATE, "zoom(-1)"),
    Action("annotate.home", "home", "Back to the detail as it was.", ("0", "home"), ANNOTATE, "home"),
    Action("annotate.rotate", "turn", "Turn the drawing by a quarter.", ("o",), ANNOTATE, "rotate", 10),
    Action("annotate.invert", "invert", "Swap ink and paper of the drawing.", ("i",), ANNOTATE, "invert", 11),
    Action("annotate.mode", "mode", "Draw in finer or simpler characters.", ("m",), ANNOTATE, "mode", 13),
    Action("annotate.outside", "viewer", "Open the crop in the system's viewer.", ("v",), ANNOTATE, "view_outside", 14),
    Action("annotate.pace", "pace", "Show or hide the pace and the time left.", ("p",), ANNOTATE, "pace"),
    Action(
        "annotate.practice", "practice", "Known items, told at once what was right.", ("t",), ANNOTATE, "practice", 15
    ),
    Action("annotate.retry", "retry", "Try the server or the drawing again now.", ("r",), ANNOTATE, "retry", 12),
    Action("edit.send", "send", "Send “incorrect” with this value.", ("enter",), EDIT, "send", 1),
    Action("edit.leave", "back", "Close the line; what was typed is kept.", ("escape",), EDIT, "leave", 2),
    Action("edit.diameter", "⌀", "Put the diameter sign, or take it away.", ("f3",), EDIT, "repair('diameter')", 3),
    Action("edit.sign", "+/-", "Swap the signs of the tolerance.", ("f4",), EDIT, "repair('sign')", 4),
    Action("edit.tolerance", "tol", "Put the tolerance back as read.", ("f5",), EDIT, "repair('tolerance')", 5),
    Action("edit.comma", ",/.", "Decimal comma to point, or back.", ("f6",), EDIT, "repair('comma')", 6),
    Action("edit.unit", "unit", "The next unit: none, mm, in.", ("f7",), EDIT, "repair('unit')", 7),
    Action("edit.symbols", "signs", "Pick a sign; Alt and its letter at once.", ("f8", "ctrl+k"), EDIT, "symbols", 3),
    Action("edit.incorrect", "wrong", "Send “incorrect” without a value.", ("ctrl+s",), EDIT, "incorrect", 8),
    Action("history.open", "in full", "One answer with its question in full.", ("enter",), HISTORY, "open", 1),
    Action("history.search", "search", "Find answers by any words in them.", ("slash",), HISTORY, "search", 2),
    Action("history.open_only", "open ones", "Only what has not reached the server.", ("w",), HISTORY, "only_open", 4),
    Action("history.again", "answer again", "Give a refused answer anew.", ("a",), HISTORY, "again", 3),
    Action("history.resend", "send as is", "Send a refused answer once more.", ("r",), HISTORY, "resend", 7),
    Action("history.drop", "drop", "Delete a refused answer here, after asking.", ("x",), HISTORY, "drop", 8),
    Action("history.undo", "take back", "Take the last answer back.", ("u", "backspace"), HISTORY, "undo", 6),
    Action("history.back", "back", "Back to where you came from.", ("escape", "h", "q"), HISTORY, "back", 5),
    *REVIEWING,
    Action("app.practice", "practice", "Known items, and at once what was right.", (), EVERYWHERE, "practice"),
    Action("app.review", "review", "The queue of what needs an expert.", (), EVERYWHERE, "review"),
    Action("app.lead", "campaigns", "For leads: progress, people, quality, promote.", (), EVERYWHERE, "lead"),
    Action("app.results", "results", "Results of a task, Centaur's way of telling.", (), EVERYWHERE, "results"),
    Action("app.theme", "theme", "Choose another theme.", ("f2",), EVERYWHERE, "next_theme"),
    Action("app.palette", "palette", "Find an action by name.", ("ctrl+p",), EVERYWHERE, "command_palette"),
    Action("app.help", "keys", "All keys and what they do.", ("question_mark",), EVERYWHERE, "keys", 5),
    Action("app.sign_out", "sign out", "Forget the session and go to the sign-in screen.", (), EVERYWHERE, "sign_out"),
    Action("app.quit", "quit", "Leave. What is saved is sent, now or next time.", ("ctrl+q",), EVERYWHERE, "quit"),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

SHOWN = {
    "question_mark": "?", "plus": "+", "equals_sign": "=", "minus": "-", "left": "←", "right": "→", "up": "↑",
    "down": "↓", "enter": "Enter", "escape": "Esc", "backspace": "Backspace", "home": "Home", "f2": "F2",
    "ctrl+q": "Ctrl+Q", "ctrl+p": "Ctrl+P", "space": "Space", "slash": "/",
    "pageup": "PgUp", "pagedown": "PgDn", "semicolon": ";", "comma": ",", "full_stop": ".", "delete": "Delete",
    **{f"f{number}": f"F{number}" for number in range(3, 13)}, "ctrl+s": "Ctrl+S", "ctrl+k": "Ctrl+K",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as a person reads it: `question_mark` → `?`."""
    return SHOWN.get(key, key)


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The action's keys, the user's own if there are any."""
    own = (keymap or {}).get(action.id)
    return action.keys if own is None else tuple(filter(None, own.split(",")))


def in_scope(*scopes: str) -> tuple[Action, ...]:
    """The actions of `scopes`, in the registry's order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def bindings(scope: str) -> list[Binding]:
    """Textual bindings of `scope`, each with its action's id so that a keymap can move it."""
    return [
        Binding(",".join(a.keys), a.call, a.title, show=False, id=a.id, priority=a.id == "app.quit")
        for a in in_scope(scope)
        if a.keys
    ]
