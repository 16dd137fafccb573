"""Actions of the results screens: keys, labels and help of the table of cases and of one case."""

from __future__ import annotations

from gonogo.tui.actions.action_types import Action, Scope

RESULTS = Scope(
    "results", "Results",
    Action("open", "open", "This case with all its fields.", ("enter",), "open", 1),
    Action("text", "find", "Only cases with these words in them.", ("slash",), "ask('text')", 2),
    Action("state", "state", "Only the next labeling state, then all.", ("t",), "next_state", 3),
    Action("sort", "sort", "By agreement, difficulty, state, number.", ("o",), "next_sort", 4),
    Action("reverse", "turn", "The other way round.", ("i",), "reverse", 7),
    Action("case", "go to", "To a case by its number.", ("g",), "ask('case')", 6),
    Action("task", "task", "Another task, by its number.", ("n",), "ask('task')", 9),
    Action("clear", "all", "No filter, in the server's order.", ("x",), "clear", 8),
    Action("refresh", "go on", "Read what is new, or go on after a break.", ("r",), "refresh", 10),
    Action("back", "back", "Back to where you came from.", ("escape",), "back", 11),
)  # fmt: skip

CASE = Scope(
    "case", "One case of the results",
    Action("next", "next", "The next case of the list.", ("n", "right"), "step(1)", 1),
    Action("previous", "previous", "The one before.", ("p", "left"), "step(-1)", 2),
    Action("review", "review", "Rule on it, where it waits for an expert.", ("v",), "review", 3),
    Action("context", "context", "More of the sheet, then all of it.", ("z",), "context", 4),
    Action("ids", "ids", "Show the ids, too, or not.", ("i",), "ids", 5),
    Action("refresh", "refresh", "Ask the server again.", ("r",), "refresh", 6),
    Action("back", "back", "Back to the list.", ("escape",), "back", 7),
)  # fmt: skip
