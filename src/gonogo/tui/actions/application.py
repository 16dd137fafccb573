"""Actions of the whole app: keys that work on every screen."""

from __future__ import annotations

from gonogo.tui.actions.action_types import Action, Scope

EVERYWHERE = Scope(
    "app", "Everywhere",
    Action("practice", "practice", "Practice: see the right answer at once.", (), "practice"),
    Action("switch", "go to", "Another campaign, server or person; all is kept.", ("ctrl+o",), "switch"),
    Action("review", "review or answer", "To the review queue, or back to the questions.", ("ctrl+r",), "review"),
    Action("lead", "campaigns", "For leads: progress, people, quality, promote.", (), "lead"),
    Action("results", "results", "Results of a task, as Centaur's API shows them.", (), "results"),
    Action("theme", "theme", "Choose a theme; each is shown at once.", ("f2",), "themes"),
    Action("palette", "palette", "Find an action by name.", ("ctrl+p",), "command_palette"),
    Action("details", "error details", "Status, code and request id of the last error.", ("f9",), "error_details"),
    Action("help", "keys", "All keys and what they do.", ("question_mark",), "keys", 5),
    Action("sign_out", "sign out", "Forget the session and go to the sign-in screen.", (), "sign_out"),
    Action("quit", "quit", "Leave. What is saved is sent, now or next time.", ("ctrl+q",), "quit"),
)  # fmt: skip
